package io.github.jalign.train;

import io.github.jalign.checkpoint.AtomicFiles;
import io.github.jalign.checkpoint.Safetensors;
import io.github.jalign.checkpoint.SafetensorsWriter;
import io.github.jalign.checkpoint.TensorSource;
import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * Reference log-probs on disk, by content: the weights' and the tokens' hash, backend, dtype and build. They are made by
 * the very pass that training runs, so policy and reference agree to the bit before the first update.
 */
final class ReferenceCache {
    private static final String TENSOR = "logps";

    private final Path folder;
    private final String backend;

    /**
     * @param folder where files are kept
     * @param backend name and dtype of what computes
     */
    ReferenceCache(Path folder, String backend) {
        this.folder = folder;
        this.backend = backend;
    }

    /** {@code jalign/reference} in the user's cache folder: XDG_CACHE_HOME, or ~/.cache. */
    static Path defaultFolder() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path caches = xdg != null && !xdg.isBlank()
                ? Path.of(xdg)
                : Path.of(System.getProperty("user.home"), ".cache");
        return caches.resolve("jalign").resolve("reference");
    }

    /**
     * The name under which the log-probs of these tokens under those weights are kept.
     *
     * @param weights {@link Digests} of the reference's weights
     */
    String key(String weights, List<Item> items) {
        String parts = String.join("\n", "1", BuildIdentity.hash(), backend, weights, Digests.of(items));
        return HexFormat.of().formatHex(Digests.sha256().digest(parts.getBytes(StandardCharsets.UTF_8)));
    }

    private Path file(String key) {
        return folder.resolve(key + ".safetensors");
    }

    /** What is kept under a key, if it is there and fits the items. */
    Optional<ReferenceLogps> find(String key, List<Item> items) {
        if (!Files.exists(file(key))) {
            return Optional.empty();
        }
        long count = items.stream().mapToLong(Pack::rows).sum();
        try (Safetensors in = Safetensors.open(file(key));
                Arena arena = Arena.ofConfined()) {
            if (in.entry(TENSOR).elements() != count) {
                return Optional.empty();
            }
            MemorySegment values = arena.allocate(8 * Math.max(count, 1), 8);
            in.readDoubles(TENSOR, values.asSlice(0, 8 * count));
            double[][][] logps = shape(items);
            long at = 0;
            for (double[][] item : logps) {
                for (double[] completion : item) {
                    for (int i = 0; i < completion.length; i++) {
                        completion[i] = values.getAtIndex(ValueLayout.JAVA_DOUBLE, at++);
                    }
                }
            }
            return Optional.of(new ReferenceLogps(logps));
        }
    }

    private static double[][][] shape(List<Item> items) {
        double[][][] logps = new double[items.size()][][];
        for (int i = 0; i < logps.length; i++) {
            logps[i] = new double[items.get(i).completions().size()][];
            for (int c = 0; c < logps[i].length; c++) {
                logps[i][c] = new double[Pack.trained(items.get(i), c)];
            }
        }
        return logps;
    }

    /**
     * Runs the engine's weights over all items.
     *
     * @param progress called after each pack with the items done
     */
    static ReferenceLogps compute(Engine engine, List<Item> items, int packTokens, IntConsumer progress) {
        double[][][] logps = shape(items);
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            all.add(i);
        }
        for (Batch.Packed packed : Batch.of(List.of(all), items, packTokens).packs(items)) {
            double[] statistics = engine.forward(packed.pack());
            for (Pack.Sequence s : packed.pack().sequences()) {
                double[] completion = logps[packed.numbers().get(s.item())][s.completion()];
                for (int i = 0; i < s.count(); i++) {
                    completion[i] = statistics[(s.firstRow() + i) * HeadStatistics.COLUMNS + HeadStatistics.LOGP];
                }
            }
            progress.accept(packed.numbers().getLast() + 1);
        }
        return new ReferenceLogps(logps);
    }

    void store(String key, ReferenceLogps reference) {
        long count = 0;
        for (double[][] item : reference.all()) {
            for (double[] completion : item) {
                count += completion.length;
            }
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(8 * Math.max(count, 1), 8);
            long at = 0;
            for (double[][] item : reference.all()) {
                for (double[] completion : item) {
                    for (double logp : completion) {
                        values.setAtIndex(ValueLayout.JAVA_DOUBLE, at++, logp);
                    }
                }
            }
            TensorSource source =
                    new TensorSource(TENSOR, List.of(count), DType.F64, DType.F64, values.asSlice(0, 8 * count));
            Files.createDirectories(folder);
            AtomicFiles.write(file(key), out -> SafetensorsWriter.write(out, List.of(source), Map.of()));
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    folder.toString(),
                    "reference log-probs are kept for the next run",
                    TextFile.reason(e),
                    "a folder that can be made and written",
                    "set reference_cache to such a folder",
                    e);
        }
    }
}
