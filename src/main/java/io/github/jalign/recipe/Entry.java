package io.github.jalign.recipe;

import org.jspecify.annotations.Nullable;

/**
 * A key as a recipe holds it.
 *
 * @param name what the user wrote: the key's name or an alias
 * @param where the file and line, or {@code --name}
 * @param onCommandLine whether it came from there
 */
record Entry(Key key, String name, Value value, String where, boolean onCommandLine) {

    boolean isNull() {
        return value instanceof Value.Scalar s && s.isNull();
    }

    /** For messages whose {@code where} is already there. */
    String shown() {
        return name + ": " + value.shown();
    }
}
