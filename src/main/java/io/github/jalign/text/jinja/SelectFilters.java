package io.github.jalign.text.jinja;

import static io.github.jalign.text.jinja.Operation.define;

import io.github.jalign.text.jinja.Operation.Given;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** {@code map}, {@code select} and their kin. As in Jinja2 their results are walked once, and nothing runs before. */
final class SelectFilters {
    static final Map<String, Operation> TABLE = Operation.table(
            define("map", "*", SelectFilters::map),
            define("select", "*", (run, v, g) -> select(run, v, g, false, true)),
            define("reject", "*", (run, v, g) -> select(run, v, g, false, false)),
            define("selectattr", "*", (run, v, g) -> select(run, v, g, true, true)),
            define("rejectattr", "*", (run, v, g) -> select(run, v, g, true, false)));

    private SelectFilters() {}

    /**
     * What {@code attribute} of the item is: {@code "a.b.0"} goes down step by step, digits as numbers.
     *
     * @param otherwise takes the place of an undefined step, unless null
     */
    static Value attribute(Run run, Value item, Value attribute, @Nullable Value otherwise) {
        Value found = item;
        for (Value part : parts(attribute)) {
            run.budget.step();
            found = Access.item(run, found, part);
            if (found instanceof Value.Undefined && otherwise != null) {
                found = otherwise;
            }
        }
        return found;
    }

    private static List<Value> parts(Value attribute) {
        if (!(attribute instanceof Text path)) {
            return attribute instanceof Value.None ? List.of() : List.of(attribute);
        }
        List<Value> parts = new ArrayList<>();
        for (String part : path.string().split("\\.", -1)) {
            boolean number = !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
            parts.add(number ? Value.of(Long.parseLong(part)) : Text.literal(part));
        }
        return parts;
    }

    private static Value map(Run run, Value value, Given given) {
        List<Value> positional = ((Value.Tuple) given.need(0)).items();
        Dict named = (Dict) given.need(1);
        if (!positional.isEmpty()) {
            String filter = Python.text(positional.getFirst()).string();
            Arguments rest = new Arguments(positional, names(named)).from(1);
            return mapped(run, value, item -> Filters.apply(run, filter, item, rest));
        }
        Value attribute = named.get("attribute");
        if (attribute == null) {
            throw Refusal.operation("map without a filter and without an attribute", "map('lower') or map(attribute='name')");
        }
        Value otherwise = named.get("default") instanceof Value.None ? null : named.get("default");
        for (Dict.Entry entry : named.entries()) {
            String name = entry.key().toString();
            if (!name.equals("attribute") && !name.equals("default")) {
                throw Refusal.operation("map was given the keyword argument '" + name + "'", "attribute and default");
            }
        }
        return mapped(run, value, item -> attribute(run, item, attribute, otherwise));
    }

    private static Map<String, Value> names(Dict named) {
        Map<String, Value> names = new java.util.LinkedHashMap<>();
        for (Dict.Entry entry : named.entries()) {
            names.put(entry.key().toString(), entry.value());
        }
        return names;
    }

    private static Value mapped(Run run, Value value, UnaryOperator<Value> function) {
        return new Value.Generator(new Lazy(run, value) {
            @Override
            Value step(Value item) {
                return function.apply(item);
            }
        });
    }

    private static Value select(Run run, Value value, Given given, boolean byAttribute, boolean keep) {
        List<Value> positional = ((Value.Tuple) given.need(0)).items();
        Map<String, Value> named = names((Dict) given.need(1));
        int test = byAttribute ? 1 : 0;
        return new Value.Generator(new Lazy(run, value) {
            @Override
            @Nullable Value step(Value item) {
                if (positional.size() < test) {
                    throw Refusal.operation("no attribute to select by", "the name of an attribute");
                }
                Value tested = byAttribute ? attribute(run, item, positional.getFirst(), null) : item;
                boolean holds = positional.size() == test
                        ? Python.truth(tested)
                        : Tests.holds(
                                run,
                                Python.text(positional.get(test)).string(),
                                tested,
                                new Arguments(positional, named).from(test + 1));
                return holds == keep ? item : null;
            }
        });
    }

    /** Walks a value only when asked; steps that give null are left out. */
    private abstract static class Lazy implements Iterator<Value> {
        private final Run run;
        private final Value source;
        private @Nullable Iterator<Value> items;
        private @Nullable Value next;

        Lazy(Run run, Value source) {
            this.run = run;
            this.source = source;
        }

        abstract @Nullable Value step(Value item);

        @Override
        public boolean hasNext() {
            if (items == null) { // an empty or undefined source is not even walked
                items = Python.truth(source) ? Iteration.over(run, source) : List.<Value>of().iterator();
            }
            run.budget.enter(); // generators over generators
            while (next == null && items.hasNext()) {
                next = step(items.next());
            }
            run.budget.leave();
            return next != null;
        }

        @Override
        public Value next() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException();
            }
            Value item = next;
            next = null;
            return item;
        }
    }
}
