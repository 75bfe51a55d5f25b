package io.github.jalign.recipe;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The table of every key that a recipe may hold: jalign's own, TRL 1.16's, TRL 0.19's and transformers'. The rows stand
 * in {@link RunKeys} and {@link DataKeys} (in effect), {@link TrlKeys} and {@link TrainerKeys} (known, with what is
 * made of them). To add a key, add its row; if it is in effect, read it in {@link Configs} and write it in
 * {@link Resolved}.
 */
public final class Keys {
    private Keys() {}

    private static final List<Key> ALL = Stream.of(
                    RunKeys.MODEL_AND_LOSS,
                    RunKeys.TRAINING,
                    DataKeys.ALL,
                    TrlKeys.LOSS_AND_REFERENCE,
                    TrlKeys.DATA_AND_MODEL,
                    TrlKeys.ADAPTERS,
                    TrainerKeys.HUB_AND_TRACKERS,
                    TrainerKeys.STOPPING,
                    TrainerKeys.LATER,
                    TrainerKeys.IDLE)
            .flatMap(List::stream)
            .toList();

    private static final Map<Command, Map<String, Key>> BY_NAME =
            Map.of(Command.DPO, byName(Command.DPO), Command.SFT, byName(Command.SFT));

    private static Map<String, Key> byName(Command command) {
        Map<String, Key> names = new HashMap<>();
        for (Key key : ALL) {
            if (key.commands().contains(command)) {
                Stream.concat(Stream.of(key.name()), key.aliases().stream()).forEach(name -> {
                    if (names.put(name, key) != null) {
                        throw new IllegalStateException("two keys named " + name);
                    }
                });
            }
        }
        return Map.copyOf(names);
    }

    /** Every row, in the order of the table. */
    public static List<Key> all() {
        return ALL;
    }

    /** A command's rows, in the order of the table. */
    public static List<Key> of(Command command) {
        return ALL.stream().filter(key -> key.commands().contains(command)).toList();
    }

    /** The key that has this name or alias. */
    public static Optional<Key> find(Command command, String name) {
        return Optional.ofNullable(names(command).get(name));
    }

    private static Map<String, Key> names(Command command) {
        return Objects.requireNonNull(BY_NAME.get(command));
    }

    /**
     * The name or alias of this command's keys that takes the fewest edits to become {@code word}. A key that does
     * nothing here must be nearer by two: {@code grad_accumulation_steps} is not {@code eval_accumulation_steps}.
     */
    static String nearest(Command command, String word) {
        return names(command).entrySet().stream()
                .min(Comparator.comparingInt((Map.Entry<String, Key> e) -> distance(e, word))
                        .thenComparing(Map.Entry::getKey))
                .orElseThrow()
                .getKey();
    }

    private static int distance(Map.Entry<String, Key> name, String word) {
        return edits(name.getKey(), word) + (name.getValue().inEffect() ? 0 : 2);
    }

    /** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
    static int edits(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int substituted = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                d[i][j] = Math.min(substituted, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                boolean swapped = i > 1
                        && j > 1
                        && a.charAt(i - 1) == b.charAt(j - 2)
                        && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
