package io.github.jalign.text.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A filter, test, method or function that the engine brings: a name, the names of its parameters, and what it does.
 *
 * @param required how many of the parameters must be given
 * @param keywords whether parameters may be given by name
 * @param rest whether any number of further positional arguments may follow; they come last, as a tuple, and named ones
 *     after that as a dict
 */
record Operation(String name, List<String> parameters, int required, boolean keywords, boolean rest, Body body) {

    /** What an operation does. */
    interface Body {
        /**
         * @param self the value filtered or tested, or the owner of the method; None for functions
         */
        Value apply(Run run, Value self, Given given);
    }

    /** The operation as a value, bound to its owner. */
    record Bound(Operation operation, Value self) implements Value.Callable {}

    /** The arguments in the order of the parameters; null where none was given. */
    static final class Given {
        private final @Nullable Value[] values;

        Given(@Nullable Value[] values) {
            this.values = values;
        }

        @Nullable Value get(int i) {
            return values[i];
        }

        /** A required one. */
        Value need(int i) {
            Value value = values[i];
            if (value == null) {
                throw new IllegalStateException("parameter " + i + " is not required");
            }
            return value;
        }

        Value or(int i, Value otherwise) {
            Value value = values[i];
            return value == null ? otherwise : value;
        }

        boolean truth(int i) {
            Value value = values[i];
            return value != null && Python.truth(value);
        }

        /** An integer for a size or a place; numbers beyond 32 bits are cut to them. */
        int integer(int i, int otherwise) {
            Value value = values[i];
            return value == null ? otherwise : Python.index(value);
        }

        Text text(int i) {
            return Python.text(need(i));
        }
    }

    /**
     * @param signature the parameters, separated by spaces; {@code x?} may be left out; {@code /} at the end: not by name;
     *     {@code *} at the end: any number of further arguments
     */
    static Operation define(String name, String signature, Body body) {
        List<String> parameters = new ArrayList<>();
        int required = 0;
        boolean keywords = true;
        boolean rest = false;
        for (String parameter : signature.isEmpty() ? new String[0] : signature.split(" ", -1)) {
            switch (parameter) {
                case "/" -> keywords = false;
                case "*" -> rest = true;
                default -> {
                    boolean optional = parameter.endsWith("?");
                    required += optional ? 0 : 1;
                    parameters.add(optional ? parameter.substring(0, parameter.length() - 1) : parameter);
                }
            }
        }
        return new Operation(name, List.copyOf(parameters), required, keywords, rest, body);
    }

    static Map<String, Operation> table(Operation... operations) {
        Map<String, Operation> table = new TreeMap<>();
        for (Operation operation : operations) {
            table.put(operation.name(), operation);
        }
        return Map.copyOf(table);
    }

    /** An entry that must be there. */
    static Operation in(Map<String, Operation> table, String name) {
        return Objects.requireNonNull(table.get(name));
    }

    /** The same under another name. */
    Operation named(String other) {
        return new Operation(other, parameters, required, keywords, rest, body);
    }

    Value apply(Run run, Value self, Arguments arguments) {
        return body.apply(run, self, bind(arguments));
    }

    private Given bind(Arguments arguments) {
        int n = parameters.size();
        @Nullable Value[] values = new @Nullable Value[rest ? n + 2 : n];
        List<Value> positional = arguments.positional();
        if (positional.size() > n && !rest) {
            throw Refusal.operation(
                    "%s was given %d arguments".formatted(name, positional.size()), "at most " + n);
        }
        for (int i = 0; i < Math.min(n, positional.size()); i++) {
            values[i] = positional.get(i);
        }
        Map<String, Value> others = new LinkedHashMap<>();
        arguments.named().forEach((key, value) -> {
            int i = parameters.indexOf(key);
            if (i >= 0 && keywords) {
                if (values[i] != null) {
                    throw Refusal.operation("%s was given '%s' twice".formatted(name, key), "one value for each argument");
                }
                values[i] = value;
            } else if (rest && keywords) {
                others.put(key, value);
            } else {
                throw Refusal.operation(
                        "%s was given the keyword argument '%s'".formatted(name, key),
                        keywords && n > 0 ? "one of " + parameters : "no keyword argument");
            }
        });
        for (int i = 0; i < required; i++) {
            if (values[i] == null) {
                throw Refusal.operation(
                        "%s was not given '%s'".formatted(name, parameters.get(i)),
                        "at least " + required + (required == 1 ? " argument" : " arguments"));
            }
        }
        if (rest) {
            values[n] = new Value.Tuple(List.copyOf(positional.subList(Math.min(n, positional.size()), positional.size())));
            Dict dict = new Dict();
            others.forEach((key, value) -> dict.put(Text.literal(key), value));
            values[n + 1] = dict;
        }
        return new Given(Arrays.copyOf(values, values.length));
    }
}
