package io.github.jalign.recipe;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * A value as it was written, before anyone knows its type: YAML's quotes and its own idea of numbers do not decide,
 * the key's type does. So {@code "1e-6"} is a number where a number is wanted and {@code no} a word where a word is.
 */
sealed interface Value {

    /** @param plain whether it stood without quotes, so that {@code null} means no value */
    record Scalar(String text, boolean plain) implements Value {
        /** As YAML 1.2's core schema has it. */
        private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");

        boolean isNull() {
            return plain && NULLS.contains(text);
        }
    }

    record Items(List<Value> values) implements Value {}

    /** @param values in file order */
    record Fields(Map<String, Value> values) implements Value {}

    /** As a message shows it: one line, not long. */
    default String shown() {
        String text =
                switch (this) {
                    case Scalar s -> s.plain() ? s.text() : '"' + s.text() + '"';
                    case Items items -> {
                        StringJoiner joined = new StringJoiner(", ", "[", "]");
                        items.values().forEach(v -> joined.add(v.shown()));
                        yield joined.toString();
                    }
                    case Fields fields -> {
                        StringJoiner joined = new StringJoiner(", ", "{", "}");
                        fields.values().forEach((k, v) -> joined.add(k + ": " + v.shown()));
                        yield joined.toString();
                    }
                };
        String line = text.isEmpty() ? "nothing" : text.replace("\n", "\\n");
        return line.length() <= 100 ? line : line.substring(0, 97) + "...";
    }

    /** The text of a scalar, or null for anything else. */
    default @Nullable String text() {
        return this instanceof Scalar s ? s.text() : null;
    }
}
