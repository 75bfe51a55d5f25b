package io.github.jalign.text.jinja;

import static io.github.jalign.text.jinja.Operation.define;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code loop}: where a {@code for} stands. Asking for {@code last} or {@code nextitem} looks one item ahead. */
final class Loop implements Value.Callable {
    private static final Map<String, Operation> METHODS = Operation.table(
            define("cycle", "* /", (run, self, g) -> {
                List<Value> values = ((Value.Tuple) g.need(0)).items();
                if (values.isEmpty()) {
                    throw Refusal.operation("no items for cycling given", "loop.cycle('odd', 'even')");
                }
                return values.get(((Loop) self).index0 % values.size());
            }),
            define("changed", "* /", (run, self, g) -> {
                Loop loop = (Loop) self;
                Value values = g.need(0);
                boolean changed = loop.lastChanged == null || !Comparison.equal(run, loop.lastChanged, values);
                loop.lastChanged = values;
                return Value.of(changed);
            }));

    private final Interpreter interpreter;
    private final Stmt.For stmt;
    private final Scope scope;
    private final int depth0;
    private Iterator<Value> items;
    private int length;
    private int index0 = -1;
    private Value current = Value.NONE;
    private @Nullable Value before;
    private @Nullable Value ahead;
    private @Nullable Value lastChanged;

    /**
     * @param scope around the loop
     * @param length of the items where it is known, else negative
     */
    Loop(Interpreter interpreter, Stmt.For stmt, Scope scope, Iterator<Value> items, int length, int depth0) {
        this.interpreter = interpreter;
        this.stmt = stmt;
        this.scope = scope;
        this.items = items;
        this.length = length;
        this.depth0 = depth0;
    }

    /** Goes on to the next item; false when there is none. */
    boolean advance() {
        Value next = peek();
        if (next == null) {
            return false;
        }
        ahead = null;
        before = index0 < 0 ? null : current;
        current = next;
        index0++;
        return true;
    }

    private @Nullable Value peek() {
        if (ahead == null && items.hasNext()) {
            ahead = items.next();
        }
        return ahead;
    }

    Value current() {
        return current;
    }

    int index() {
        return index0 + 1;
    }

    int length() {
        if (length < 0) {
            List<Value> rest = new ArrayList<>();
            items.forEachRemaining(rest::add);
            items = rest.iterator();
            length = rest.size() + index() + (ahead == null ? 0 : 1);
        }
        return length;
    }

    @Nullable Value attribute(String name) {
        return switch (name) {
            case "index" -> Value.of(index());
            case "index0" -> Value.of(index0);
            case "revindex" -> Value.of(length() - index0);
            case "revindex0" -> Value.of(length() - index());
            case "first" -> Value.of(index0 == 0);
            case "last" -> Value.of(peek() == null);
            case "length" -> Value.of(length());
            case "depth" -> Value.of(depth0 + 1);
            case "depth0" -> Value.of(depth0);
            case "previtem" -> before == null ? Value.Undefined.because("there is no previous item") : before;
            case "nextitem" -> {
                Value next = peek();
                yield next == null ? Value.Undefined.because("there is no next item") : next;
            }
            default -> {
                Operation method = METHODS.get(name);
                yield method == null ? null : new Operation.Bound(method, this);
            }
        };
    }

    /** {@code loop(items)} in a loop marked recursive. */
    Value recurse(Arguments arguments) {
        if (!stmt.recursive()) {
            throw Refusal.operation("a call of 'loop' in a loop that is not recursive", "{% for … recursive %}");
        }
        if (arguments.positional().size() != 1 || !arguments.named().isEmpty()) {
            throw Refusal.operation("loop(…) with " + arguments.positional().size() + " arguments", "one: the items");
        }
        return interpreter.recursion(stmt, arguments.positional().getFirst(), depth0 + 1, scope);
    }
}
