package io.github.jalign.text.jinja;

import static io.github.jalign.text.jinja.Operation.define;

import io.github.jalign.text.jinja.Operation.Given;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Filters over lists and dicts. */
final class ListFilters {
    static final Map<String, Operation> TABLE = Operation.table(
            define("length", "/", (run, v, g) -> Value.of(Iteration.length(v))),
            define("list", "", (run, v, g) -> new Value.Listing(Iteration.list(run, v))),
            define("default", "default_value? boolean?", (run, v, g) ->
                    v instanceof Value.Undefined || (g.truth(1) && !Python.truth(v)) ? g.or(0, Text.EMPTY) : v),
            define("first", "", (run, v, g) -> {
                Iterator<Value> items = Iteration.over(run, v);
                return items.hasNext() ? items.next() : Value.Undefined.because("No first item, sequence was empty.");
            }),
            define("last", "", ListFilters::last),
            define("items", "", (run, v, g) -> Value.Generator.later(() -> items(run, v))),
            define("reverse", "", ListFilters::reverse),
            define("sort", "reverse? case_sensitive? attribute?", ListFilters::sort),
            define("dictsort", "case_sensitive? by? reverse?", ListFilters::dictSort),
            define("unique", "case_sensitive? attribute?", (run, v, g) ->
                    Value.Generator.later(() -> unique(run, v, g))),
            define("min", "case_sensitive? attribute?", (run, v, g) -> extreme(run, v, g, Comparison.Order.LESS)),
            define("max", "case_sensitive? attribute?", (run, v, g) -> extreme(run, v, g, Comparison.Order.GREATER)),
            define("groupby", "attribute default? case_sensitive?", ListFilters::groupBy),
            define("batch", "linecount fill_with?", (run, v, g) -> Value.Generator.later(() -> batch(run, v, g))),
            define("slice", "slices fill_with?", (run, v, g) -> Value.Generator.later(() -> slice(run, v, g))));

    private ListFilters() {}

    private static Value last(Run run, Value value, Given given) {
        if (value instanceof Value.Generator) {
            throw Refusal.operation("'generator' object is not reversible", "a list; '| list' makes one");
        }
        if (value instanceof Text text) {
            run.budget.charge(text.offsetWork());
        }
        int length = Iteration.length(value);
        if (length == 0) {
            return Value.Undefined.because("No last item, sequence was empty.");
        }
        return value instanceof Dict || value instanceof Value.View
                ? Iteration.list(run, value).getLast()
                : Access.item(run, value, Value.of(length - 1L));
    }

    private static Iterator<Value> items(Run run, Value value) {
        return switch (value) {
            case Value.Undefined u -> List.<Value>of().iterator();
            case Dict dict -> Iteration.over(run, new Value.View(Value.View.Kind.ITEMS, dict));
            default -> throw Refusal.operation("Can only get item pairs from a mapping.", "a dict");
        };
    }

    private static Value reverse(Run run, Value value, Given given) {
        if (value instanceof Text text) {
            return Access.slice(run, text, Value.NONE, Value.NONE, Value.of(-1));
        }
        if (!Iteration.possible(value)) {
            throw Refusal.operation("reverse of '" + Python.type(value) + "'", "a list, a dict or a string");
        }
        List<Value> reversed = Iteration.list(run, value).reversed();
        // What Python can walk backwards gives a thing to walk once; the rest, a list.
        return value instanceof Value.Generator ? new Value.Listing(reversed) : new Value.Generator(reversed.iterator());
    }

    /** For keys: letter case set aside unless it counts. */
    private static Value folded(Run run, Value value, boolean caseSensitive) {
        if (caseSensitive || !(value instanceof Text text)) {
            return value;
        }
        run.budget.text(text.string().length());
        return text.derived(text.string().toLowerCase(Locale.ROOT));
    }

    private static Value sort(Run run, Value value, Given given) {
        boolean caseSensitive = given.truth(1);
        List<Value> attributes = new ArrayList<>();
        if (given.or(2, Value.NONE) instanceof Text names) {
            for (String name : names.string().split(",", -1)) {
                attributes.add(Text.literal(name));
            }
        } else {
            attributes.add(given.or(2, Value.NONE));
        }
        List<Value> items = Iteration.list(run, value);
        Sorting.sort(
                run,
                items,
                item -> {
                    List<Value> key = new ArrayList<>();
                    for (Value attribute : attributes) {
                        key.add(folded(run, SelectFilters.attribute(run, item, attribute, null), caseSensitive));
                    }
                    return new Value.Listing(key);
                },
                given.truth(0));
        return new Value.Listing(items);
    }

    private static Value dictSort(Run run, Value value, Given given) {
        String by = given.get(1) == null ? "key" : given.text(1).string();
        if (!by.equals("key") && !by.equals("value")) {
            throw Refusal.operation("dictsort by '" + by + "'", "'key' or 'value'");
        }
        if (!(value instanceof Dict dict)) {
            throw value instanceof Value.Undefined u
                    ? u.refusal()
                    : Refusal.operation("dictsort of '" + Python.type(value) + "'", "a dict");
        }
        List<Dict.Entry> entries = new ArrayList<>(dict.entries());
        run.budget.charge(entries.size());
        Sorting.sort(
                run,
                entries,
                entry -> folded(run, by.equals("key") ? entry.key() : entry.value(), given.truth(0)),
                given.truth(2));
        return new Value.Listing(
                new ArrayList<>(entries.stream().map(e -> Value.Tuple.of(e.key(), e.value())).toList()));
    }

    private static Iterator<Value> unique(Run run, Value value, Given given) {
        Dict seen = new Dict();
        List<Value> unique = new ArrayList<>();
        Iteration.over(run, value).forEachRemaining(item -> {
            Value key = folded(run, SelectFilters.attribute(run, item, given.or(1, Value.NONE), null), given.truth(0));
            if (seen.get(key) == null) {
                seen.put(key, key);
                unique.add(item);
            }
        });
        return unique.iterator();
    }

    private static Value extreme(Run run, Value value, Given given, Comparison.Order order) {
        Value best = null;
        Value bestKey = Value.NONE;
        Iterator<Value> items = Iteration.over(run, value);
        while (items.hasNext()) {
            Value item = items.next();
            Value key = folded(run, SelectFilters.attribute(run, item, given.or(1, Value.NONE), null), given.truth(0));
            if (best == null || Comparison.compare(run, order, key, bestKey)) {
                best = item;
                bestKey = key;
            }
        }
        return best == null ? Value.Undefined.because("No aggregated item, sequence was empty.") : best;
    }

    private static Value groupBy(Run run, Value value, Given given) {
        Value otherwise = given.or(1, Value.NONE) instanceof Value.None ? null : given.need(1);
        boolean caseSensitive = given.truth(2);
        List<Value> items = Iteration.list(run, value);
        Sorting.sort(
                run,
                items,
                item -> folded(run, SelectFilters.attribute(run, item, given.need(0), otherwise), caseSensitive),
                false);
        List<Value> groups = new ArrayList<>();
        List<Value> group = new ArrayList<>();
        Value key = null;
        for (Value item : items) {
            Value own = SelectFilters.attribute(run, item, given.need(0), otherwise);
            Value folded = folded(run, own, caseSensitive);
            if (key == null || !Comparison.equal(run, folded, key)) {
                group = new ArrayList<>();
                key = folded;
                groups.add(new Value.Tuple(List.of(own, new Value.Listing(group)), List.of("grouper", "list")));
            }
            group.add(item);
        }
        return new Value.Listing(groups);
    }

    private static Iterator<Value> batch(Run run, Value value, Given given) {
        int size = given.integer(0, 1);
        Value fill = given.or(1, Value.NONE);
        List<Value> batches = new ArrayList<>();
        List<Value> batch = new ArrayList<>();
        for (Value item : Iteration.list(run, value)) {
            if (batch.size() == size) {
                batches.add(new Value.Listing(batch));
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            while (!(fill instanceof Value.None) && batch.size() < size) {
                run.budget.step();
                batch.add(fill);
            }
            batches.add(new Value.Listing(batch));
        }
        return batches.iterator();
    }

    private static Iterator<Value> slice(Run run, Value value, Given given) {
        int slices = given.integer(0, 1);
        Value fill = given.or(1, Value.NONE);
        List<Value> items = Iteration.list(run, value);
        if (slices == 0) {
            throw Refusal.operation("slice into 0 parts", "at least one part");
        }
        List<Value> out = new ArrayList<>();
        int size = Math.floorDiv(items.size(), slices);
        int larger = Math.floorMod(items.size(), slices);
        int from = 0;
        for (int i = 0; i < slices; i++) {
            run.budget.step();
            int to = from + size + (i < larger ? 1 : 0);
            List<Value> part = new ArrayList<>(items.subList(from, to));
            if (!(fill instanceof Value.None) && i >= larger) {
                part.add(fill);
            }
            out.add(new Value.Listing(part));
            from = to;
        }
        return out.iterator();
    }
}
