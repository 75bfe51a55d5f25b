package io.github.jalign.text.jinja;

import java.util.HashMap;
import java.util.Map;

/** Every filter by name: those of Jinja2 3.1.6 (filters.py), with transformers' {@code tojson}. */
final class Filters {
    private static final Map<String, Operation> TABLE = table();

    private Filters() {}

    private static Map<String, Operation> table() {
        Map<String, Operation> all = new HashMap<>();
        all.putAll(TextFilters.TABLE);
        all.putAll(ListFilters.TABLE);
        all.putAll(NumberFilters.TABLE);
        all.putAll(SelectFilters.TABLE);
        all.put("d", Operation.in(all, "default").named("d"));
        all.put("count", Operation.in(all, "length").named("count"));
        all.put("e", Operation.in(all, "escape").named("e"));
        return Map.copyOf(all);
    }

    static boolean exists(String name) {
        return TABLE.containsKey(name);
    }

    static Value apply(Run run, String name, Value value, Arguments arguments) {
        Operation filter = TABLE.get(name);
        if (filter == null) {
            throw unknown(name);
        }
        run.budget.step();
        return filter.apply(run, value, arguments);
    }

    static Refusal unknown(String name) {
        return switch (name) {
            case "attr" -> Refusal.security("the filter 'attr'");
            default -> Refusal.syntax("no filter named '" + name + "'", "a filter of Jinja2 that gives the same text each time");
        };
    }
}
