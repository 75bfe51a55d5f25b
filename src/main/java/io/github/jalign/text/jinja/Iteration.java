package io.github.jalign.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.IntFunction;

/** Python's {@code iter()}, {@code len()} and {@code list()}. */
final class Iteration {
    private Iteration() {}

    static boolean possible(Value value) {
        return switch (value) {
            case Text t -> true;
            case Value.Items i -> true;
            case Dict d -> true;
            case Value.View v -> true;
            case Value.Range r -> true;
            case Value.Generator g -> true;
            case Value.Undefined u -> true;
            case Loop l -> true;
            default -> false;
        };
    }

    /** The items of a value; each counts as a step. */
    static Iterator<Value> over(Run run, Value value) {
        return switch (value) {
            case Text text -> counted(run, codePoints(text));
            case Value.Items list -> counted(run, list.items().iterator());
            case Dict dict -> view(run, new Value.View(Value.View.Kind.KEYS, dict));
            case Value.View view -> view(run, view);
            case Value.Range range -> counted(run, places(range.length(), range::get));
            case Value.Generator generator -> counted(run, generator.items());
            case Value.Undefined u -> List.<Value>of().iterator();
            default -> throw Refusal.operation(
                    "'" + Python.type(value) + "' object is not iterable", "a list, a dict, a string or a range");
        };
    }

    private static Iterator<Value> view(Run run, Value.View view) {
        Iterator<Dict.Entry> entries = view.dict().entries().iterator();
        return counted(run, new Iterator<>() {
            @Override
            public boolean hasNext() {
                return entries.hasNext();
            }

            @Override
            public Value next() {
                Dict.Entry entry = entries.next();
                return switch (view.kind()) {
                    case KEYS -> entry.key();
                    case VALUES -> entry.value();
                    case ITEMS -> Value.Tuple.of(entry.key(), entry.value());
                };
            }
        });
    }

    private static Iterator<Value> codePoints(Text text) {
        return new Iterator<>() {
            private int at;

            @Override
            public boolean hasNext() {
                return at < text.string().length();
            }

            @Override
            public Value next() {
                int from = at;
                at = text.string().offsetByCodePoints(from, 1);
                return text.slice(from, at).plain();
            }
        };
    }

    private static Iterator<Value> places(int length, IntFunction<Value> item) {
        return new Iterator<>() {
            private int at;

            @Override
            public boolean hasNext() {
                return at < length;
            }

            @Override
            public Value next() {
                if (at >= length) {
                    throw new NoSuchElementException();
                }
                return item.apply(at++);
            }
        };
    }

    private static Iterator<Value> counted(Run run, Iterator<Value> items) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return items.hasNext();
            }

            @Override
            public Value next() {
                run.budget.step();
                return items.next();
            }
        };
    }

    /** A new list of the items. */
    static List<Value> list(Run run, Value value) {
        List<Value> list = new ArrayList<>();
        over(run, value).forEachRemaining(list::add);
        return list;
    }

    static int length(Value value) {
        return switch (value) {
            case Text t -> t.length();
            case Value.Items i -> i.items().size();
            case Dict d -> d.size();
            case Value.View v -> v.dict().size();
            case Value.Range r -> r.length();
            case Value.Undefined u -> 0;
            case Loop l -> l.length();
            default -> throw Refusal.operation(
                    "object of type '" + Python.type(value) + "' has no len()",
                    "a string, a list, a dict or a range; '| list' makes a list of the result of a filter");
        };
    }
}
