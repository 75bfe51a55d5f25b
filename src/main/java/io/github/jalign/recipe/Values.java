package io.github.jalign.recipe;

import io.github.jalign.errors.JalignException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The values of a recipe's keys as their types read them, and the defaults of absent ones. */
final class Values {
    private final Command command;
    private final Map<String, Entry> entries;
    private final Map<String, @Nullable Object> read = new HashMap<>();

    /** @throws JalignException of kind USAGE for a value that is not of its key's type */
    Values(Command command, Map<String, Entry> entries) {
        this.command = command;
        this.entries = entries;
        entries.forEach((name, entry) -> read.put(name, read(entry)));
    }

    private static @Nullable Object read(Entry entry) {
        Key key = entry.key();
        if (entry.isNull() && key.nullable()) {
            return null;
        }
        @Nullable Object value = key.type().reader().read(entry.value());
        if (value == null) {
            throw key.type().knowsLater(entry.value()) ? notYet(entry) : mismatch(entry);
        }
        return value;
    }

    private static JalignException mismatch(Entry entry) {
        Key key = entry.key();
        return new JalignException(
                JalignException.Kind.USAGE,
                entry.where(),
                entry.name() + " must be of its type and in its range",
                entry.value().shown(),
                key.expected(),
                "correct " + entry.name());
    }

    private static JalignException notYet(Entry entry) {
        return new JalignException(
                JalignException.Kind.USAGE,
                entry.where(),
                "this " + entry.name() + " is known but not built yet",
                entry.value().shown(),
                entry.key().expected(),
                "choose one of those");
    }

    /** The value written, or the key's default; null for a key of the other command. */
    @Nullable Object get(String name) {
        if (read.containsKey(name)) {
            return read.get(name);
        }
        return Keys.find(command, name).map(this::defaultOf).orElse(null);
    }

    private Key key(String name) {
        return Keys.find(command, name).orElseThrow();
    }

    @Nullable Object defaultOf(Key key) {
        return key.defaultValue(command);
    }

    /** Where a key was written, or null. */
    @Nullable Entry entry(String name) {
        return entries.get(name);
    }

    /**
     * A value that must be there.
     *
     * @throws JalignException of kind USAGE when it is absent
     */
    <T> T need(String name, Class<T> type) {
        @Nullable T value = find(name, type);
        if (value != null) {
            return value;
        }
        Key key = key(name);
        @Nullable Entry entry = entries.get(name);
        throw new JalignException(
                JalignException.Kind.USAGE,
                entry == null ? "jalign " + command.spelling() : entry.where(),
                "a run needs " + name,
                entry == null ? "no such key" : entry.shown(),
                key.type().expected(),
                "add " + name + ": VALUE to the recipe, or --" + name + "=VALUE to the command");
    }

    /** A value that may be absent. */
    <T> @Nullable T find(String name, Class<T> type) {
        @Nullable Object value = get(name);
        return value == null ? null : type.cast(value);
    }

    int whole(String name) {
        return need(name, Integer.class);
    }

    double real(String name) {
        return need(name, Double.class);
    }

    boolean flag(String name) {
        return need(name, Boolean.class);
    }

    /** The items of a list; empty when it is absent. */
    <T> List<T> list(String name, Class<T> type) {
        return get(name) instanceof List<?> items ? items.stream().map(type::cast).toList() : List.of();
    }

    boolean isNull(String name) {
        return get(name) == null;
    }
}
