package io.github.jalign.recipe;

import io.github.jalign.errors.JalignException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The keys of a recipe, those of the command line in place of the file's. Values are not read yet. */
final class Entries {
    /** What {@code --dataset_name} replaces. */
    private static final Set<String> OTHER_DATA =
            Set.of("dataset_mixture", "dataset_mixer", "dataset_splits", "datasets", "dataset_config");

    private final Command command;
    private final String file;
    private final Map<String, Entry> byKey = new LinkedHashMap<>();
    private final List<Entry> replaced = new ArrayList<>();

    private Entries(Command command, String file) {
        this.command = command;
        this.file = file;
    }

    static Entries of(Command command, String file, String yaml, List<Overrides.Argument> arguments) {
        Entries entries = new Entries(command, file);
        for (Yaml.Line line : Yaml.document(file, yaml)) {
            entries.add(line);
        }
        for (Overrides.Argument argument : arguments) {
            entries.add(argument);
        }
        return entries;
    }

    /** In the order in which they were written; replaced ones are gone. */
    Map<String, Entry> byKey() {
        return byKey;
    }

    /** Keys of the file that {@code --dataset_name} put out of effect. */
    List<Entry> replaced() {
        return replaced;
    }

    /** Whether a key with a value was written, replaced or not. */
    @Nullable Entry written(String name) {
        return Stream.concat(byKey.values().stream(), replaced.stream())
                .filter(entry -> entry.key().name().equals(name) && !entry.isNull())
                .findFirst()
                .orElse(null);
    }

    private void add(Yaml.Line line) {
        String where = file + ":" + line.number();
        Key key = key(where, line.key());
        Entry entry = new Entry(key, line.key(), line.value(), where, false);
        Entry before = byKey.put(key.name(), entry);
        if (before != null) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    where,
                    "a key stands once, under one of its names",
                    line.key() + " and, at " + before.where() + ", " + before.name(),
                    "one of them; they are the same key",
                    "remove one of the two");
        }
    }

    private void add(Overrides.Argument argument) {
        String where = argument.where();
        Key key = key(where, argument.key());
        @Nullable Entry before = byKey.get(key.name());
        if (before != null && before.onCommandLine() && !before.name().equals(argument.key())) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    where,
                    "a key stands once, under one of its names",
                    "--" + argument.key() + " and --" + before.name(),
                    "one of them; they are the same key",
                    "remove one of the two");
        }
        Value value = value(argument, key);
        List<String> path = argument.path();
        if (path.size() > 1) {
            if (!key.type().nested()) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        where,
                        key.name() + " has no names below it",
                        String.join(".", path),
                        key.name() + " with " + key.expected(),
                        "write --" + key.name() + "=VALUE");
            }
            value = merged(before == null ? null : before.value(), path.subList(1, path.size()), value);
        }
        // Another way to say the same, written in the file, gives way too.
        byKey.values().removeIf(entry -> !entry.onCommandLine() && sameThing(entry.key(), key));
        if (key.name().equals("dataset_name")) {
            byKey.values().removeIf(entry -> {
                boolean gone = !entry.onCommandLine() && OTHER_DATA.contains(entry.key().name());
                if (gone) {
                    replaced.add(entry);
                }
                return gone;
            });
        }
        byKey.put(key.name(), new Entry(key, argument.key(), value, where, true));
    }

    private Key key(String where, String name) {
        @Nullable Key key = Keys.find(command, name).orElse(null);
        if (key != null) {
            return key;
        }
        Command other = command == Command.DPO ? Command.SFT : Command.DPO;
        if (Keys.find(other, name).isPresent()) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    where,
                    name + " is a key of jalign " + other.spelling(),
                    name + " in a recipe for jalign " + command.spelling(),
                    "keys of jalign " + command.spelling(),
                    "remove " + name + ", or run jalign " + other.spelling());
        }
        throw new JalignException(
                JalignException.Kind.USAGE,
                where,
                "a recipe holds only keys that jalign " + command.spelling() + " knows",
                name,
                "a known key; the nearest is " + Keys.nearest(command, name),
                "correct the key or remove it; jalign " + command.spelling() + " --help lists them all");
    }

    private static boolean sameThing(Key a, Key b) {
        return !a.name().equals(b.name()) && meaning(a).equals(meaning(b));
    }

    private static String meaning(Key key) {
        return key.standing() instanceof Standing.AnotherWay way ? way.key() : key.name();
    }

    private static Value value(Overrides.Argument argument, Key key) {
        List<String> words = argument.words();
        Type type = key.type();
        if (words.isEmpty()) {
            if (type.alone() == null) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        argument.where(),
                        "the key needs a value",
                        "none",
                        key.expected(),
                        "write " + argument.where() + "=VALUE");
            }
            return new Value.Scalar(type.alone(), true);
        }
        if (words.size() > 1) {
            return new Value.Items(words.stream()
                    .<Value>map(word -> new Value.Scalar(word, true))
                    .toList());
        }
        String word = words.getFirst();
        boolean brackets = type.structured() && (word.startsWith("[") || word.startsWith("{"));
        return brackets ? Yaml.inline(argument.where(), word) : new Value.Scalar(word, true);
    }

    /** {@code into} with one name, or a name below a name, set anew. */
    private static Value merged(@Nullable Value into, List<String> path, Value value) {
        if (path.isEmpty()) {
            return value;
        }
        Map<String, Value> fields = new LinkedHashMap<>();
        if (into instanceof Value.Fields old) {
            fields.putAll(old.values());
        }
        String name = path.getFirst();
        fields.put(name, merged(fields.get(name), path.subList(1, path.size()), value));
        return new Value.Fields(fields);
    }
}
