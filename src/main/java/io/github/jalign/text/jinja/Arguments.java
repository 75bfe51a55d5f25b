package io.github.jalign.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What stands in the parentheses of a call. */
record Arguments(List<Value> positional, Map<String, Value> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    static Arguments of(Value... positional) {
        return new Arguments(List.of(positional), Map.of());
    }

    /** All positional ones from {@code from}, and the named. */
    Arguments from(int from) {
        return new Arguments(new ArrayList<>(positional.subList(from, positional.size())), named);
    }
}
