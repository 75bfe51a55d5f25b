package io.github.jalign.recipe;

import io.github.jalign.errors.JalignException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The words of a command line: a recipe file at most, and keys with values. {@code --key=value} and {@code --key value}
 * are the same; several words may follow a key, as with TRL; {@code --a.b=c} sets one name of a mapping.
 *
 * @param file the recipe, given first or as {@code --config}; null when keys stand alone
 */
record Overrides(@Nullable String file, List<Argument> keys) {

    /**
     * One key of the command line.
     *
     * @param path its name, and the names below it for {@code --a.b.c}
     * @param words what follows it
     */
    record Argument(List<String> path, List<String> words) {
        String key() {
            return path.getFirst();
        }

        /** As the user wrote it, without the value. */
        String where() {
            return "--" + String.join(".", path);
        }
    }

    /** What messages call the recipe. */
    String label() {
        return file == null ? "the command line" : file;
    }

    /**
     * The recipe's text, empty when keys stand alone.
     *
     * @throws JalignException of kind IO
     */
    String yaml() {
        return file == null ? "" : Recipe.read(Path.of(file));
    }

    /** @throws JalignException of kind USAGE when words and keys cannot be told apart */
    static Overrides parse(List<String> words) {
        @Nullable String file = null;
        List<Argument> keys = new ArrayList<>();
        int i = 0;
        if (!words.isEmpty() && !words.getFirst().startsWith("--")) {
            file = words.getFirst();
            i = 1;
        }
        while (i < words.size()) {
            String word = words.get(i++);
            if (!word.startsWith("--")) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        "the command line",
                        "words are one recipe file, and keys with their values",
                        word,
                        "--key=value",
                        file == null ? "put the recipe file first" : "write --key=value, or remove the word");
            }
            int equals = word.indexOf('=');
            List<String> path = path(word.substring(2, equals < 0 ? word.length() : equals));
            List<String> values = new ArrayList<>();
            if (equals >= 0) {
                values.add(word.substring(equals + 1));
            } else {
                while (i < words.size() && !words.get(i).startsWith("--")) {
                    values.add(words.get(i++));
                }
            }
            if (path.equals(List.of("config"))) {
                file = config(file, values);
            } else {
                keys.add(new Argument(path, List.copyOf(values)));
            }
        }
        refuseRepeats(keys);
        return new Overrides(file, List.copyOf(keys));
    }

    /** transformers' parser takes {@code --max-steps} for {@code --max_steps}; so does this one. */
    private static List<String> path(String name) {
        List<String> path = new ArrayList<>(List.of(name.split("\\.", -1)));
        path.set(0, path.getFirst().replace('-', '_'));
        return List.copyOf(path);
    }

    private static String config(@Nullable String before, List<String> values) {
        if (before != null || values.size() != 1) {
            String found = String.join(" ", values);
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "--config",
                    "a run has one recipe file",
                    (before == null ? "" : before + ", and ") + (found.isEmpty() ? "no name" : found),
                    "one file",
                    "name one recipe file; further keys go after it");
        }
        return values.getFirst();
    }

    private static void refuseRepeats(List<Argument> keys) {
        for (int i = 0; i < keys.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (keys.get(i).path().equals(keys.get(j).path())) {
                    throw new JalignException(
                            JalignException.Kind.USAGE,
                            keys.get(i).where(),
                            "a key stands once on the command line",
                            String.join(" ", keys.get(j).words()) + " and " + String.join(" ", keys.get(i).words()),
                            "one value",
                            "remove one of the two");
                }
            }
        }
    }
}
