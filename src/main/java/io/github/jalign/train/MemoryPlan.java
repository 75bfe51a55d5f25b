package io.github.jalign.train;

import io.github.jalign.errors.JalignException;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.CountingOps;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run will allocate, counted by building its {@link Engine} over a dry run.
 *
 * @param bytes of all arenas and workspaces, which is their peak: nothing is given back during a run
 * @param parts the same by purpose
 * @param recompute whether layers are run again in the backward pass
 * @param available what the machine has, or {@code max_memory}
 */
public record MemoryPlan(long bytes, Map<String, Long> parts, boolean recompute, long available) {
    /** What the JVM, its code and the tokenizer take beside the arenas; on a device, its libraries and the kernels' code. */
    private static final long OUTSIDE_ARENAS = 512L << 20;

    /** Of the banner: parts below this share of the plan are summed. */
    private static final double SMALLEST_SHOWN = 0.01;

    private static final String INDENT = " ".repeat(13);
    private static final int LINE = 67;

    /**
     * Decides whether to recompute, when that is left open, and refuses what does not fit.
     *
     * @param wanted {@code gradient_checkpointing}, or null to recompute only when memory demands it
     * @throws JalignException of kind MEMORY, with the settings that would make it fit
     */
    static MemoryPlan of(
            Backend backend,
            int threads,
            ModelConfig config,
            Engine.Sizes sizes,
            @Nullable Boolean wanted,
            long available) {
        MemoryPlan plan = count(backend, threads, config, sizes, wanted != null && wanted, available);
        if (wanted == null && !plan.fits()) {
            plan = count(backend, threads, config, sizes, true, available);
        }
        if (!plan.fits()) {
            throw new JalignException(
                    JalignException.Kind.MEMORY,
                    "memory plan",
                    "what the run needs must fit what the machine has",
                    gibibytes(plan.bytes) + " in arenas and " + gibibytes(OUTSIDE_ARENAS) + " beside them, "
                            + gibibytes(available) + " available",
                    "a plan within " + gibibytes(available),
                    (plan.recompute ? "" : "set gradient_checkpointing: true, ")
                            + "lower max_length (the longest row has " + sizes.longest()
                            + " tokens) or use a smaller model");
        }
        return plan;
    }

    /** Without refusing anything. */
    static MemoryPlan count(
            Backend backend, int threads, ModelConfig config, Engine.Sizes sizes, boolean recompute, long available) {
        try (CountingOps ops = backend.plan(threads)) {
            Engine engine = new Engine(ops, config, sizes, recompute);
            Map<String, Long> parts = new LinkedHashMap<>();
            ops.bytesByPurpose().forEach((purpose, bytes) -> {
                if (bytes > 0) {
                    parts.put(purpose, bytes);
                }
            });
            return new MemoryPlan(ops.peakBytes(), parts, engine.recomputes(), available);
        }
    }

    boolean fits() {
        return bytes + OUTSIDE_ARENAS <= available;
    }

    /** For the start banner. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("memory       " + gibibytes(bytes) + " planned of " + gibibytes(available) + " available");
        StringBuilder line = new StringBuilder();
        long others = 0;
        for (Map.Entry<String, Long> part : parts.entrySet()) {
            if (part.getValue() < bytes * SMALLEST_SHOWN) {
                others += part.getValue();
            } else {
                add(lines, line, part.getKey(), part.getValue());
            }
        }
        if (others > 0) {
            add(lines, line, "others", others);
        }
        lines.add(INDENT + line);
        lines.add(INDENT + "activations " + (recompute ? "recomputed in the backward pass" : "kept"));
        return lines;
    }

    private static void add(List<String> lines, StringBuilder line, String purpose, long part) {
        String text = purpose + " " + gibibytes(part);
        if (line.length() + text.length() > LINE) {
            lines.add(INDENT + line + ",");
            line.setLength(0);
        }
        line.append(line.isEmpty() ? "" : ", ").append(text);
    }

    private static String gibibytes(long bytes) {
        return bytes < 100L << 20
                ? String.format(Locale.ROOT, "%.1f MiB", bytes / 0x1p20)
                : String.format(Locale.ROOT, "%.2f GiB", bytes / 0x1p30);
    }
}
