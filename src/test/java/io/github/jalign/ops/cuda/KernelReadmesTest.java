package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.ops.AdamWStep;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.PairTerms;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the emulator counts of each kernel is what its README says, to 10 %. Bytes are counted in checked mode only. */
@Tag("emulator")
@Tag("checked")
final class KernelReadmesTest {
    private static final Workload LOAD = new Workload(600, 600, 12, 12, 128, 9000, 9000, 49152, 64, true);

    /** Bytes of device memory that a kernel needs by its README, for n elements of s bytes. */
    record Traffic(String kernel, double reads, double writes) {}

    @Test
    void kernelsMoveTheBytesThatTheirReadmesSay() {
        int t = 64;
        int d = 576;
        int v = 5000;
        int heads = 9;
        int e = d / heads;
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
            CudaTrial trial = new CudaTrial(dtype, 1);
            List<String> activations = List.of("x", "y", "z", "out");
            activations.forEach(name -> trial.normal(name, t, d));
            trial.normal("gateUp", t, 2 * d);
            for (String name : List.of("weight", "dweight")) {
                trial.wide(name, 1, d, trial.random()::nextGaussian);
            }
            for (String name : List.of("master", "gradient", "m", "v", "table")) {
                trial.wide(name, t, d, trial.random()::nextDouble);
            }
            trial.wide("rstd", 1, t, () -> 1)
                    .wide("angles", t, e / 2, trial.random()::nextDouble)
                    .wide("logits", t, v, trial.random()::nextGaussian)
                    .wide("statistics", t, HeadStatistics.COLUMNS)
                    .wide("g", 1, t, () -> 1)
                    .ids("rows", IntStream.range(0, t).toArray());
            int[] sequences = {0, 20, 20, 12, 32, 16, 48, 16};
            int pairs = sequences.length / 4;
            double[] ones = {1, 1};
            PairTerms terms = new PairTerms(
                    sequences, new double[t], ones, 0.1, List.of(new PairTerms.Term(PairTerms.Loss.SIGMOID, ones)));
            Emulator.forgetCounters();
            trial.runOnGpuOnly(LOAD, (ops, of) -> {
                ops.weight(of.apply("master")).refresh(); // in bfloat16 it has a copy, which AdamW then writes
                ops.fill(of.apply("z"), 1);
                ops.copy(of.apply("x"), of.apply("z"));
                ops.add(of.apply("x"), of.apply("y"), of.apply("z"));
                ops.sumOfSquares(of.apply("x"));
                ops.adamW(
                        of.apply("master"), of.apply("gradient"), of.apply("m"), of.apply("v"),
                        new AdamWStep(1e-3, 0.9, 0.999, 1e-8, 0.1, 1, 1));
                ops.embed(of.apply("table"), of.apply("rows"), of.apply("out"));
                ops.gatherRows(of.apply("x"), of.apply("rows"), of.apply("out"));
                ops.embedBackward(of.apply("x"), of.apply("rows"), -1, of.apply("table"));
                ops.scatterRows(of.apply("x"), of.apply("rows"), of.apply("out"));
                ops.addBias(of.apply("out"), of.apply("weight"));
                ops.biasBackward(of.apply("x"), of.apply("dweight"));
                ops.rmsNorm(of.apply("x"), of.apply("weight"), 1e-5, of.apply("out"), of.apply("rstd"));
                ops.addRmsNorm(
                        of.apply("x"), of.apply("y"), of.apply("weight"), 1e-5, of.apply("z"), of.apply("out"),
                        of.apply("rstd"));
                ops.rmsNormAgain(of.apply("x"), of.apply("weight"), of.apply("rstd"), of.apply("out"));
                ops.rmsNormBackward(
                        of.apply("y"), of.apply("x"), of.apply("weight"), of.apply("rstd"), of.apply("out"),
                        of.apply("dweight"));
                ops.rope(of.apply("x"), of.apply("rows"), of.apply("angles"), of.apply("angles"), heads, e);
                ops.swiglu(of.apply("gateUp"), of.apply("out"));
                ops.swigluBackward(of.apply("x"), of.apply("gateUp"), of.apply("gateUp"));
                ops.logSoftmax(of.apply("logits"), of.apply("rows"), of.apply("statistics"));
                ops.logSoftmaxBackward(of.apply("logits"), of.apply("rows"), of.apply("statistics"), of.apply("g"));
                ops.pairLoss().orElseThrow().run(of.apply("statistics"), terms, of.apply("g")).get();
            });
            String as = dtype == DType.F32 ? "_f32" : "_bf16";
            int s = dtype.bytes();
            double n = (double) t * d;
            int parts = 32;
            int blocks = t;
            List<Traffic> readmes = new ArrayList<>(List.of(
                    new Traffic("fill" + as, 0, n * s),
                    new Traffic("copy" + as, n * s, n * s),
                    new Traffic("add" + as, 2 * n * s, n * s),
                    new Traffic("sum_of_squares" + as, n * s, 4096),
                    new Traffic("finish_sum", 4096, 8),
                    new Traffic("adam_w", 16 * n, dtype == DType.BF16 ? 14 * n : 12 * n),
                    new Traffic("embed" + as, n * 4 + t * 4, n * s),
                    new Traffic("gather_rows" + as, n * s + t * 4, n * s),
                    new Traffic("embed_backward" + as, n * s + n * 4 + t * 4, n * 4),
                    new Traffic("scatter_rows" + as, 2 * n * s + t * 4, n * s),
                    new Traffic("add_bias" + as, n * s + d * 4, n * s),
                    new Traffic("bias_backward" + as, n * s, parts * d * 4),
                    // once with bias_backward's parts, once with rms_norm_backward's blocks
                    new Traffic("add_columns", (parts + blocks + 2) * d * 4, 2 * d * 4),
                    new Traffic("rms_norm" + as, n * s + d * 4, n * s + t * 4),
                    new Traffic("add_rms_norm" + as, 2 * n * s + d * 4, 2 * n * s + t * 4),
                    new Traffic("rms_norm_again" + as, n * s + t * 4 + d * 4, n * s),
                    new Traffic("rms_norm_backward" + as, 3 * n * s + t * 4 + d * 4, n * s + blocks * d * 4),
                    new Traffic("rope" + as, n * s + t * 4 + t * e / 2 * 8 / 2, n * s), // cos and sin are one table here
                    new Traffic("swiglu" + as, 2 * n * s, n * s),
                    new Traffic("swiglu_backward" + as, 3 * n * s, 2 * n * s),
                    new Traffic("log_softmax", t * v * 4 + t * 4, t * 24),
                    new Traffic("log_softmax_backward" + as, t * v * 4 + 3 * t * 4, (double) t * v * s),
                    new Traffic("pair_loss", t * 16 + t * 4 + pairs * 32, t * 4 + pairs * 88)));
            if (dtype == DType.BF16) {
                readmes.add(new Traffic("cast_f32_bf16", n * 4, n * 2));
            }
            readmes.forEach(KernelReadmesTest::assertTraffic);
            // What streams through is asked for once as well; what others share (weights, angles, numbers) comes from caches.
            for (String kernel : List.of("copy" + as, "add" + as, "sum_of_squares" + as, "adam_w", "swiglu" + as,
                    "swiglu_backward" + as, "log_softmax")) {
                Emulator.Counters counted = Emulator.counters(kernel);
                assertEquals(counted.uniqueReadBytes(), counted.readBytes(), 0.1 * counted.uniqueReadBytes(), kernel);
                assertEquals(counted.uniqueWrittenBytes(), counted.writtenBytes(), kernel);
            }
        }
    }

    /**
     * kernels/attention/README.md: products of blocks of scores of which any is needed, and what tiles of queries and of
     * keys read and write, which threads read tables beside. H = 4, K = 2, no window.
     */
    @ParameterizedTest
    @CsvSource({"BF16, 64", "BF16, 96", "BF16, 128", "F32, 64", "BF16_WGMMA, 64", "BF16_WGMMA, 128"})
    void attentionDoesWhatTheReadmeSays(CudaAttentionTest.Kernels kernels, int headDim) {
        AttentionShape shape = new AttentionShape(4, 2, headDim, 0);
        Segments segments = new Segments(new int[] {0, 200, 350, 440}, new int[] {-1, 0, 0, -1}, 640);
        var c = new CudaAttentionTest.Case(shape, segments, 0, kernels, 1);
        Emulator.forgetCounters();
        CudaAttentionTest.tensors(kernels.trial(1), c)
                .runOnGpuOnly(CudaAttentionTest.load(shape, 640, 640), CudaAttentionTest.forwardAndBackward(c));
        AttentionTiles tiles = kernels.tiles(headDim);
        boolean bf16 = kernels != CudaAttentionTest.Kernels.F32;
        int s = bf16 ? 2 : 4;
        Products products = Products.of(kernels, headDim);
        check(
                tiles.forward(),
                shape.heads() * products.forward.count(segments),
                tilesOfQueries(segments, tiles.forward().rows(), 1, 2) * headDim * s * shape.heads(),
                640L * shape.heads() * (headDim * s + 4));
        check(
                tiles.dq(),
                shape.heads() * products.dq.count(segments),
                tilesOfQueries(segments, tiles.dq().rows(), 2, 2) * headDim * s * shape.heads(),
                640L * shape.heads() * headDim * s);
        check(
                tiles.dkv(),
                shape.heads() * products.dkv.count(segments),
                tilesOfKeys(segments, tiles.dkv().rows(), 2, headDim * s) * shape.keyValueHeads(),
                640L * 2 * shape.keyWidth() * s);
        String delta = "attention_delta" + (bf16 ? "_bf16" : "_f32");
        Emulator.Counters counted = Emulator.counters(delta);
        assertEquals(0, counted.mma());
        assertCounted(640L * shape.heads() * 2 * s * headDim, counted.readBytes(), delta + " reads");
        assertCounted(640L * shape.heads() * 4, counted.writtenBytes(), delta + " writes");
    }

    /** Products of one head. */
    private record Products(Blocks forward, Blocks dq, Blocks dkv) {
        static Products of(CudaAttentionTest.Kernels kernels, int w) {
            return switch (kernels) {
                case F32 -> {
                    Blocks none = new Blocks(0, 32, 32);
                    yield new Products(none, none, none);
                }
                case BF16 ->
                    new Products(
                            new Blocks(2 * w, 32, 64),
                            new Blocks(3 * w / 2, 32, 32),
                            w == 64 ? new Blocks(2 * w, 32, 32) : new Blocks(w, 32, 16));
                case BF16_WGMMA ->
                    new Products(
                            w == 64 ? new Blocks(4 * w, 64, 64) : new Blocks(8 * w, 64, 128),
                            new Blocks(6 * w, 64, 64),
                            new Blocks(8 * w, 64, 64));
            };
        }
    }

    /** Products of a block of queries and keys that holds a pair to be computed. */
    private record Blocks(long products, int queries, int keys) {
        long count(Segments segments) {
            return products * blocks(segments, queries, keys);
        }
    }

    /** One row reads each key and value that it sees, and each of its heads writes a piece for 256 of them. */
    @ParameterizedTest
    @CsvSource({"BF16, 0", "BF16, 70", "F32, 70"})
    void decodingReadsWhatTheRowSees(DType dtype, int window) {
        int context = 576;
        AttentionShape shape = new AttentionShape(6, 2, 64, window);
        CudaTrial trial = new CudaTrial(dtype, 1);
        trial.normal("qkv", 1, shape.packedWidth())
                .normal("out", 1, shape.queryWidth())
                .normal("keys", context, shape.keyWidth())
                .normal("values", context, shape.keyWidth())
                .ids("slots", context - 1);
        Emulator.forgetCounters();
        trial.runOnGpuOnly(CudaAttentionTest.load(shape, 1, context), (ops, of) -> {
            ops.appendToCache(of.apply("qkv"), shape, of.apply("slots"), of.apply("keys"), of.apply("values"));
            ops.attentionCached(
                    of.apply("qkv"), of.apply("keys"), of.apply("values"), of.apply("slots"), shape, of.apply("out"));
        });
        int seen = window == 0 ? context : window;
        int pieces = Math.ceilDiv(context, 256) - (context - seen) / 256;
        String as = dtype == DType.BF16 ? "_bf16" : "_f32";
        long row = 2L * dtype.bytes() * shape.keyWidth();
        long parts = 4L * (shape.headDim() + 2) * shape.heads() * pieces;
        assertTraffic(new Traffic("append_to_cache" + as, row, row));
        assertTraffic(new Traffic("attention_cached" + as, row * seen, parts));
        assertTraffic(new Traffic("attention_cached_join" + as, parts, (double) dtype.bytes() * shape.queryWidth()));
    }

    /** The row comes from device memory once, whatever is asked of it. */
    @Test
    void samplingReadsTheRowOnce() {
        int v = 5000;
        int[] seen = IntStream.range(0, 64).map(i -> i * 70).toArray();
        CudaTrial trial = new CudaTrial(DType.F32, 1);
        trial.wide("logits", 1, v, trial.random()::nextGaussian);
        Emulator.forgetCounters();
        trial.runOnGpuOnly(LOAD, (ops, of) -> ops.tokenSampler()
                .orElseThrow()
                .sample(of.apply("logits"), seen, 1.2, 0.7, 50, 0.9, 0.01, 0.5));
        assertTraffic(new Traffic("sample", 4.0 * v, 4));
        assertTraffic(new Traffic("repetition_penalty", 8.0 * seen.length, 4.0 * seen.length));
    }

    private static void assertTraffic(Traffic readme) {
        Emulator.Counters counted = Emulator.counters(readme.kernel);
        assertCounted(readme.reads, counted.uniqueReadBytes(), readme.kernel + " reads");
        assertCounted(readme.writes, counted.uniqueWrittenBytes(), readme.kernel + " writes");
    }

    private static void assertCounted(double readme, long counted, String what) {
        assertEquals(Emulator.checked() ? readme : 0, counted, 0.1 * readme, what);
    }

    private static void check(AttentionTiles.Instance kernel, long mma, long reads, long writes) {
        Emulator.Counters counters = Emulator.counters(kernel.name());
        assertEquals(mma, counters.mma(), 0.1 * mma, kernel.name() + " products");
        assertCounted(reads, counters.readBytes(), kernel.name() + " reads");
        assertCounted(writes, counters.writtenBytes(), kernel.name() + " writes");
    }

    /** Blocks of queries and keys, cut from the starts of segments, that hold a pair to be computed. */
    private static long blocks(Segments segments, int queries, int keys) {
        long blocks = 0;
        for (int s = 0; s < segments.count(); s++) {
            for (int row = 0; row < segments.length(s); row += queries) {
                int end = Math.min(row + queries, segments.length(s));
                blocks += Math.ceilDiv(segments.parentLength(s), keys) + Math.ceilDiv(end, keys);
            }
        }
        return blocks;
    }

    /** Rows that tiles of queries read, {@code own} times their own and {@code met} times the keys that they meet. */
    private static long tilesOfQueries(Segments segments, int height, int own, int met) {
        long rows = 0;
        for (int s = 0; s < segments.count(); s++) {
            for (int row = 0; row < segments.length(s); row += height) {
                int end = Math.min(row + height, segments.length(s));
                rows += own * (end - row) + met * (segments.parentLength(s) + end);
            }
        }
        return rows;
    }

    /** Bytes that tiles of keys read: two rows a key; two rows, lse and delta for each query from it on and of its children. */
    private static long tilesOfKeys(Segments segments, int height, int group, int rowBytes) {
        long bytes = 0;
        for (int s = 0; s < segments.count(); s++) {
            int below = 0;
            for (int child = 0; child < segments.count(); child++) {
                below += segments.parent(child) == s ? segments.length(child) : 0;
            }
            for (int row = 0; row < segments.length(s); row += height) {
                bytes += 2L * rowBytes * Math.min(height, segments.length(s) - row);
                bytes += (2L * rowBytes + 8) * group * (segments.length(s) - row + below);
            }
        }
        return bytes;
    }
}
