package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.AttentionBounds;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import io.github.jalign.ops.cuda.AttentionTiles.Products;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attention's kernels against the reference, over trees, group sizes, windows and head widths that fit no tile; each run
 * twice must give the same bits.
 */
@Tag("emulator")
@Tag("gpu")
final class CudaAttentionTest {
    private static final Segments SEQUENCES = Segments.sequences(1, 3, 8, 13, 31, 33, 64);
    private static final Segments PAIRS =
            new Segments(new int[] {0, 127, 256, 289, 353, 361, 374}, new int[] {-1, 0, 0, -1, 3, 3, 3}, 405);
    private static final Segments SMALL = new Segments(new int[] {0, 7, 20, 51, 52}, new int[] {-1, 0, 0, -1, 3}, 67);
    private static final Segments EMPTY = new Segments(new int[] {0, 5, 5, 9}, new int[] {-1, 0, 0, -1}, 9);

    /** @param gap elements beside each row: 0 and 8 leave rows aligned to 16 bytes where the width does, 3 does not */
    record Case(AttentionShape shape, Segments segments, int gap, Kernels kernels, long seed) {}

    /** A dtype, and the instructions of its products. */
    enum Kernels {
        F32(DType.F32, Products.MMA),
        BF16(DType.BF16, Products.MMA),
        BF16_WGMMA(DType.BF16, Products.WGMMA);

        private final DType dtype;
        private final Products products;

        Kernels(DType dtype, Products products) {
            this.dtype = dtype;
            this.products = products;
        }

        CudaTrial trial(long seed) {
            return new CudaTrial(dtype, products, seed);
        }

        AttentionTiles tiles(int headDim) {
            return AttentionTiles.of(dtype, headDim, products);
        }
    }

    /** What this card has. */
    static Stream<Kernels> kernels() {
        boolean wgmma = Driver.find().capability() == 90;
        return Stream.of(Kernels.values()).filter(k -> wgmma || k.products == Products.MMA);
    }

    private static Stream<Case> of(AttentionShape shape, Segments segments, int gap) {
        return kernels()
                .filter(k -> k.products == Products.MMA
                        || !k.tiles(shape.headDim()).equals(Kernels.BF16.tiles(shape.headDim())))
                .flatMap(kernels -> Stream.of(1L, 2L).map(seed -> new Case(shape, segments, gap, kernels, seed)));
    }

    static Stream<Case> cases() {
        return Stream.of(
                        of(new AttentionShape(1, 1, 64, 0), SEQUENCES, 0),
                        of(new AttentionShape(4, 2, 2, 0), SEQUENCES, 0),
                        of(new AttentionShape(3, 1, 6, 0), SMALL, 3),
                        of(new AttentionShape(4, 1, 8, 0), PAIRS, 0),
                        of(new AttentionShape(2, 1, 32, 100), PAIRS, 8),
                        of(new AttentionShape(3, 1, 40, 0), SMALL, 0),
                        of(new AttentionShape(3, 1, 64, 0), PAIRS, 0),
                        of(new AttentionShape(2, 2, 64, 70), PAIRS, 3),
                        of(new AttentionShape(1, 1, 64, 0), Segments.sequences(576, 1), 0),
                        of(new AttentionShape(3, 3, 80, 0), SMALL, 8),
                        of(new AttentionShape(2, 1, 96, 130), PAIRS, 0),
                        of(new AttentionShape(4, 1, 96, 0), EMPTY, 0),
                        of(new AttentionShape(1, 1, 128, 0), PAIRS, 0),
                        of(new AttentionShape(4, 1, 128, 1), SMALL, 3))
                .flatMap(s -> s);
    }

    static Stream<Case> checkedCases() {
        return Stream.of(
                        of(new AttentionShape(2, 1, 64, 0), SMALL, 0),
                        of(new AttentionShape(2, 1, 90, 9), SMALL, 3),
                        of(new AttentionShape(2, 1, 100, 9), SMALL, 3),
                        of(new AttentionShape(1, 1, 128, 0), SMALL, 8))
                .flatMap(s -> s)
                .filter(c -> c.seed == 1);
    }

    static Workload load(AttentionShape shape, int tokens, int context) {
        return new Workload(tokens, context, shape.heads(), shape.keyValueHeads(), shape.headDim(), 1, 1, 1, 1, true);
    }

    static CudaTrial tensors(CudaTrial trial, Case c) {
        int rows = c.segments.tokens();
        for (String name : List.of("qkv", "dqkv")) {
            trial.between(name, rows, c.shape.packedWidth(), c.gap, c.gap, trial.random()::nextGaussian);
        }
        for (String name : List.of("out", "dout")) {
            trial.between(name, rows, c.shape.queryWidth(), c.gap, c.gap, trial.random()::nextGaussian);
        }
        return trial.wide("lse", rows, c.shape.heads());
    }

    static CudaTrial.Program forwardAndBackward(Case c) {
        return (ops, t) -> {
            ops.attention(t.apply("qkv"), c.segments, c.shape, t.apply("out"), t.apply("lse"));
            ops.attentionBackward(
                    t.apply("dout"), t.apply("qkv"), t.apply("out"), t.apply("lse"), c.segments, c.shape,
                    t.apply("dqkv"));
        };
    }

    private static void check(Case c) {
        CudaTrial trial = tensors(c.kernels.trial(c.seed), c)
                .runTwice(load(c.shape, c.segments.tokens(), c.segments.tokens()), forwardAndBackward(c));
        AttentionBounds bounds = new AttentionBounds(
                elements(trial), c.segments, c.shape, true, CudaTrial.unit(c.kernels.dtype));
        trial.within("out", bounds::out).within("lse", bounds::lse).within("dqkv", bounds::dqkv);
    }

    private static AttentionBounds.Elements elements(CudaTrial trial) {
        return (name, r, c) -> name.equals("out") || name.equals("dqkv")
                ? trial.expected(name, r, c)
                : trial.value(name, r, c);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void forwardAndBackwardStayWithinTheirBounds(Case c) {
        check(c);
    }

    @ParameterizedTest
    @MethodSource("checkedCases")
    @Tag("checked")
    void forwardAndBackwardAccessWhatTheyMay(Case c) {
        check(c);
    }

    /** Bits depend neither on neighbours in the pack, nor on where rows lie in memory, nor on how they are loaded. */
    @ParameterizedTest
    @MethodSource("kernels")
    void aSequenceHasTheSameBitsAloneAndAmongOthers(Kernels kernels) {
        AttentionShape shape = new AttentionShape(2, 1, 64, 90);
        int start = 29;
        Case packed = new Case(
                shape,
                new Segments(new int[] {0, start, 160, 177, 240}, new int[] {-1, -1, 1, 1, -1}, 253), 3, kernels, 1);
        Case alone = new Case(shape, new Segments(new int[] {0, 131, 148}, new int[] {-1, 0, 0}, 211), 0, kernels, 1);
        CudaTrial all = tensors(kernels.trial(1), packed)
                .runOnGpuOnly(load(shape, 253, 253), forwardAndBackward(packed));
        CudaTrial one = tensors(kernels.trial(2), alone);
        for (String name : List.of("qkv", "dout")) {
            int cols = name.equals("qkv") ? shape.packedWidth() : shape.queryWidth();
            int[] i = {0};
            one.between(name, 211, cols, 0, 0, () -> all.value(name, start + i[0] / cols, i[0]++ % cols));
        }
        one.runOnGpuOnly(load(shape, 211, 211), forwardAndBackward(alone));
        for (int t = 0; t < 211; t++) {
            for (int c = 0; c < shape.queryWidth(); c++) {
                assertEquals(all.actual("out", start + t, c), one.actual("out", t, c));
            }
            for (int h = 0; h < shape.heads(); h++) {
                assertEquals(all.actual("lse", start + t, h), one.actual("lse", t, h));
            }
            for (int c = 0; c < shape.packedWidth(); c++) {
                assertEquals(all.actual("dqkv", start + t, c), one.actual("dqkv", t, c));
            }
        }
    }

    record Decoding(AttentionShape shape, int context, int rows, int gap, DType dtype, long seed) {}

    private static Stream<Decoding> decoding(AttentionShape shape, int context, int rows, int gap) {
        return Stream.of(DType.F32, DType.BF16)
                .flatMap(dtype -> Stream.of(1L, 2L).map(seed -> new Decoding(shape, context, rows, gap, dtype, seed)));
    }

    static Stream<Decoding> decodings() {
        return Stream.of(
                        decoding(new AttentionShape(2, 1, 64, 0), 1, 1, 0),
                        decoding(new AttentionShape(9, 3, 64, 0), 255, 1, 0),
                        decoding(new AttentionShape(6, 1, 64, 0), 257, 3, 8),
                        decoding(new AttentionShape(4, 4, 6, 0), 33, 13, 3),
                        decoding(new AttentionShape(2, 2, 2, 0), 129, 1, 0),
                        decoding(new AttentionShape(5, 1, 80, 300), 576, 2, 0),
                        decoding(new AttentionShape(2, 1, 128, 0), 576, 1, 3),
                        decoding(new AttentionShape(4, 1, 96, 70), 640, 8, 0))
                .flatMap(s -> s);
    }

    @ParameterizedTest
    @MethodSource("decodings")
    @Tag("checked")
    void cachedAttentionStaysWithinItsBounds(Decoding d) {
        AttentionShape shape = d.shape;
        int start = d.context - d.rows;
        CudaTrial trial = new CudaTrial(d.dtype, d.seed);
        trial.between("qkv", d.context, shape.packedWidth(), d.gap, d.gap, trial.random()::nextGaussian)
                .between("out", d.context, shape.queryWidth(), d.gap, d.gap, trial.random()::nextGaussian)
                .normal("keys", d.context + 2, shape.keyWidth())
                .normal("values", d.context + 2, shape.keyWidth())
                .ids("slots", IntStream.range(0, d.context).toArray())
                .runTwice(load(shape, d.context, d.context + 2), (ops, t) -> {
                    Tensor qkv = t.apply("qkv");
                    ops.appendToCache(qkv, shape, t.apply("slots"), t.apply("keys"), t.apply("values"));
                    ops.attentionCached(
                            qkv.rows(start, d.rows), t.apply("keys"), t.apply("values"),
                            t.apply("slots").columns(start, d.rows), shape, t.apply("out").rows(start, d.rows));
                });
        AttentionBounds bounds = new AttentionBounds(
                elements(trial), Segments.sequences(d.context), shape, false, CudaTrial.unit(d.dtype));
        trial.within("out", (t, c) -> t < start ? 0 : bounds.out(t, c))
                .within("keys", (t, c) -> 0)
                .within("values", (t, c) -> 0);
    }

    @Test
    void widthsWithoutAnInstanceAreRefused() {
        for (int headDim : new int[] {7, 130}) {
            assertEquals(
                    "no attention with heads " + headDim + " wide: an even width up to 128 is needed",
                    assertThrows(IllegalArgumentException.class, () -> AttentionTiles.of(DType.BF16, headDim, Products.MMA))
                            .getMessage());
        }
        assertEquals(
                "no attention of F64",
                assertThrows(IllegalArgumentException.class, () -> AttentionTiles.of(DType.F64, 64, Products.MMA)).getMessage());
    }

    @Test
    void instructionsThatTheCardLacksAreRefused() {
        Driver.Device a100 = new Driver.Device("A100", 13000, 80, 108, 80L << 30);
        Driver.Device h200 = new Driver.Device("H200", 13000, 90, 132, 141L << 30);
        assertEquals(Products.MMA, Products.of("mma", a100));
        assertEquals(Products.WGMMA, Products.of("wgmma", h200));
        assertEquals(
                """
                JALIGN_CUDA_ATTENTION: the environment variable names instructions that the card has
                  found     wgmma on A100 (sm_80, 108 SMs, 80.0 GiB), driver for CUDA 13.0
                  expected  mma; wgmma needs compute capability 9.0 (H100, H200)
                  do        unset it, or set it to mma""",
                assertThrows(JalignException.class, () -> Products.of("wgmma", a100)).getMessage());
        assertEquals(
                """
                JALIGN_CUDA_ATTENTION: the environment variable names instructions that the card has
                  found     flash on H200 (sm_90, 132 SMs, 141.0 GiB), driver for CUDA 13.0
                  expected  mma or wgmma
                  do        unset it, or set it to mma""",
                assertThrows(JalignException.class, () -> Products.of("flash", h200)).getMessage());
    }
}
