package io.github.jalign.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What jalign means to reach on an H200, and what the worst row that a goal speaks of has reached. */
final class TimingGoals {
    /** By who did it: one thing that was done. */
    private record Row(Map<String, Timing> timings) {
        Timing own() {
            return timings.getOrDefault(Timing.JALIGN, timings.values().iterator().next());
        }

        /** How often jalign is done while the fastest of the peers named so is done once; NaN without one. */
        double lead(String peers) {
            return timings.values().stream()
                    .filter(t -> t.how().matches(peers) && TimingReport.timed(t))
                    .mapToDouble(t -> t.seconds() / own().seconds())
                    .min()
                    .orElse(Double.NaN);
        }
    }

    /** @param rows names that it speaks of, as {@link Timing#name} has them */
    private record Goal(String what, String rows, double least, ToDoubleFunction<Row> reached) {}

    private static final List<Goal> GOALS = List.of(
            new Goal("attention, of FlashAttention's speed", "attention .*T 1024 .*", 1, row -> row.lead(".*flash.*")),
            new Goal(
                    "norm, TB/s: 0.97 of the best seen", "norm .*\\| (add and norm|backward)", 0.97 * 3.7,
                    row -> row.own().work() / row.own().seconds() / 1e12),
            new Goal("AdamW, of a copy's speed", "adamw .*", 0.92, row -> row.lead("copy of .*")),
            new Goal(
                    "SmolLM2-1.7B, pairs/s", "steps \\| SmolLM2-1.7B, 512 .*", 33,
                    row -> row.own().pairs() / row.own().seconds()),
            new Goal(
                    "SmolLM2-1.7B on ragged pairs, of PyTorch's speed", "steps \\| SmolLM2-1.7B, ragged .*", 2,
                    row -> row.lead("torch.*")));

    private TimingGoals() {}

    /** A table of the goals that these rows speak of; empty without any. */
    static String table(Iterable<Map<String, Timing>> rows) {
        List<String> lines = new ArrayList<>();
        for (Goal goal : GOALS) {
            double worst = Double.NaN;
            @Nullable String where = null;
            for (Map<String, Timing> timings : rows) {
                Row row = new Row(timings);
                if (!row.own().name().matches(goal.rows) || !TimingReport.timed(timings.get(Timing.JALIGN))) {
                    continue;
                }
                double reached = goal.reached.applyAsDouble(row);
                if (where == null ? !Double.isNaN(reached) : reached < worst) {
                    worst = reached;
                    where = row.own().name();
                }
            }
            if (where != null) {
                lines.add(String.format(
                        Locale.ROOT, "| %s | %.3g | %.4g | %s | %s |",
                        goal.what, goal.least, worst, worst >= goal.least ? "reached" : "short", where.replace(" | ", ", ")));
            }
        }
        return lines.isEmpty()
                ? ""
                : "\n## goals on an H200\n\n| goal | at least | found | | worst row |\n|---|---|---|---|---|\n"
                        + String.join("\n", lines) + "\n";
    }
}
