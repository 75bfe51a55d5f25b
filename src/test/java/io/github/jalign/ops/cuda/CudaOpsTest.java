package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.loss.GroupSize;
import io.github.jalign.loss.PairLosses;
import io.github.jalign.loss.Pairs;
import io.github.jalign.loss.PreferenceLoss;
import io.github.jalign.loss.Sft;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.loss.WeightedSum;
import io.github.jalign.ops.AdamWStep;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.PairTerms;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.BFloat16;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kernel but attention's and products against the reference, at sizes that fit no tile, in both dtypes; each run
 * twice must give the same bits. Arithmetic is float32 in either dtype, and a bound counts its roundings, each worth U of
 * the number it rounds; what is stored as an activation is rounded once more, worth {@link Case#u} of it; 1.01 covers the
 * higher orders.
 */
@Tag("emulator")
@Tag("gpu")
final class CudaOpsTest {
    /** Relative error of one rounding to float32. */
    private static final double U = 0x1p-24;

    private static Ops float32;
    private static Ops bfloat16;

    @BeforeAll
    static void open() {
        float32 = new CudaOps(DType.F32);
        bfloat16 = new CudaOps(DType.BF16);
    }

    @AfterAll
    static void close() {
        float32.close();
        bfloat16.close();
    }

    private static final int[] SIZES = {1, 3, 8, 13, 31, 33, 64, 127, 129, 576};
    private static final Workload LOAD = new Workload(600, 600, 12, 12, 128, 9000, 9000, 49152, 64, true);

    /** @param gap elements beside each row: with 8, rows stay aligned where their width allows it, with 3 they do not */
    record Case(int rows, int cols, int gap, DType dtype, long seed) {
        /** Relative error of rounding to the dtype: bfloat16 has 8 significant bits. */
        double u() {
            return dtype == DType.BF16 ? 0x1p-8 : U;
        }

        CudaTrial trial() {
            return new CudaTrial(dtype, seed);
        }

        Ops gpu() {
            return dtype == DType.BF16 ? bfloat16 : float32;
        }
    }

    /** Each size as a width with another as height, in the dtypes, with two seeds and as many layouts. */
    static Stream<Case> cases() {
        return IntStream.range(0, SIZES.length).boxed().flatMap(i -> {
            int rows = SIZES[SIZES.length - 1 - i];
            return Stream.of(DType.F32, DType.BF16)
                    .flatMap(dtype -> Stream.of(
                            new Case(rows, SIZES[i], 0, dtype, 1), new Case(rows, SIZES[i], i % 2 == 0 ? 3 : 8, dtype, 2)));
        });
    }

    static Stream<Case> checkedCases() {
        return Stream.of(DType.F32, DType.BF16)
                .flatMap(dtype -> Stream.of(
                        new Case(33, 31, 3, dtype, 1), new Case(13, 64, 8, dtype, 2), new Case(3, 129, 0, dtype, 1)));
    }

    private static CudaTrial activations(CudaTrial trial, Case c, int cols, String... names) {
        for (String name : names) {
            trial.between(name, c.rows, cols, c.gap, c.gap, trial.random()::nextGaussian);
        }
        return trial;
    }

    /** Roundings of a sum of n terms by 32 threads or more, each taking up to 8 adjacent ones at a time, then a tree. */
    private static double depth(int n) {
        return n / 32.0 + 8 + 10;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void elementwise(Case c) {
        CudaTrial trial = activations(c.trial(), c, c.cols, "x", "y", "z", "copied", "filled");
        double[] squares = new double[3];
        int[] run = {0};
        trial.runTwice(c.gpu(), LOAD, (ops, t) -> {
            ops.add(t.apply("x"), t.apply("y"), t.apply("z"));
            ops.add(t.apply("z"), t.apply("y"), t.apply("z"));
            ops.copy(t.apply("y"), t.apply("copied"));
            ops.fill(t.apply("filled"), 0.1);
            squares[run[0]++] = ops.sumOfSquares(t.apply("x"));
        });
        // Two sums, each rounded, and rounded again when it is stored.
        trial.within("z", (i, j) -> 1.01 * (c.u() + U)
                * (2 * Math.abs(trial.expected("z", i, j)) + Math.abs(trial.value("y", i, j))));
        trial.within("copied", (i, j) -> 0);
        trial.within("filled", (i, j) -> 1.01 * (c.u() + U) * 0.1);
        // Both sides round each of rows·cols additions in float64.
        assertEquals(squares[0], squares[1], 2.02 * c.rows * c.cols * 0x1p-53 * squares[0]);
        assertEquals(squares[1], squares[2]);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void adamW(Case c) {
        AdamWStep s = new AdamWStep(1e-3, 0.9, 0.999, 1e-8, 0.1, 0.37, 3);
        CudaTrial trial = c.trial();
        trial.wide("w", c.rows, c.cols, trial.random()::nextGaussian)
                .wide("g", c.rows, c.cols, () -> 0.1 * trial.random().nextGaussian())
                .wide("m", c.rows, c.cols, () -> 0.1 * trial.random().nextGaussian())
                .wide("v", c.rows, c.cols, () -> Math.pow(0.1 * trial.random().nextGaussian(), 2))
                .runTwice(c.gpu(), LOAD, (ops, t) -> ops.adamW(t.apply("w"), t.apply("g"), t.apply("m"), t.apply("v"), s));
        // m: a constant, a product and the sum on one side, the scale, two products and the sum on the other.
        CudaTrial.Bound m = (i, j) ->
                5.05 * U * (0.9 * Math.abs(trial.value("m", i, j)) + 0.1 * 0.37 * Math.abs(trial.value("g", i, j)));
        // v: all terms are positive; the squared gradient has eight roundings.
        trial.within("m", m).within("v", (i, j) -> 8.1 * U * trial.expected("v", i, j));
        // w: three roundings of the decayed weight; the update has half those of v under its root, and eight of its own.
        trial.within("w", (i, j) -> {
            double rate = s.learningRate() / s.biasCorrection1();
            double denominator = Math.sqrt(trial.expected("v", i, j) / s.biasCorrection2()) + s.epsilon();
            double update = rate * Math.abs(trial.expected("m", i, j)) / denominator;
            return 1.01 * (U * (3 * Math.abs(trial.value("w", i, j)) + 12 * update) + rate / denominator * m.of(i, j));
        });
    }

    /** One element; no multiple of a pack; several blocks' worth. The second of two matrices in one arena. */
    @ParameterizedTest
    @CsvSource({"1, 1", "3, 1", "31, 33", "129, 8", "1000, 13"})
    @Tag("checked")
    void productsReadTheMastersRounded(int out, int in) {
        Random random = new Random(out);
        try (TensorArena masters = arena("masters", DType.F32, out, in, "other", "w");
                TensorArena rest = arena("rest", DType.F32, out, in, "g", "m", "v");
                TensorArena unit = arena("unit", DType.BF16, in, in, "unit");
                TensorArena products = arena("products", DType.F32, in, out, "y")) {
            bfloat16.reserve(LOAD);
            Tensor other = masters.get("other");
            Tensor w = masters.get("w");
            double[] ones = new double[in * in];
            IntStream.range(0, in).forEach(i -> ones[i * in + i] = 1);
            bfloat16.write(unit.get("unit"), ones);
            Consumer<Tensor> check = master -> {
                Tensor y = products.get("y");
                bfloat16.weight(master).linear(unit.get("unit"), y, false);
                double[] expected = new double[in * out];
                double[] values = bfloat16.read(master);
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = BFloat16.toFloat(BFloat16.round((float) values[i % out * in + i / out]));
                }
                assertArrayEquals(expected, bfloat16.read(y));
            };
            for (int round = 0; round < 2; round++) {
                for (Tensor master : List.of(other, w)) {
                    bfloat16.write(master, nearTies(random, out * in));
                    bfloat16.weight(master).refresh();
                    check.accept(master);
                }
            }
            for (Tensor tensor : List.of(rest.get("g"), rest.get("m"), rest.get("v"))) {
                bfloat16.write(tensor, IntStream.range(0, out * in).mapToDouble(i -> random.nextDouble()).toArray());
            }
            // AdamW rounds what it updates, without a refresh; at a rate of 0 that is what was written, ties and all.
            for (double rate : new double[] {1e-2, 0}) {
                double[] before = nearTies(random, out * in);
                bfloat16.write(w, before);
                bfloat16.adamW(
                        w, rest.get("g"), rest.get("m"), rest.get("v"),
                        new AdamWStep(rate, 0.9, 0.999, 1e-8, 0.1, 1, 1));
                assertEquals(rate == 0, Arrays.equals(before, bfloat16.read(w)));
                check.accept(w);
                check.accept(other);
            }
        }
    }

    private static TensorArena arena(String purpose, DType dtype, int rows, int cols, String... names) {
        return bfloat16.allocate(
                purpose, Stream.of(names).map(name -> new TensorSpec(name, dtype, rows, cols)).toList());
    }

    /** Every other number lies halfway between two of bfloat16, or next to that. */
    private static double[] nearTies(Random random, int count) {
        int[] lower = {0x8000, 0x7fff, 0x8001, 0xffff, 1};
        return IntStream.range(0, count)
                .mapToDouble(i -> {
                    int bits = Float.floatToRawIntBits((float) random.nextGaussian());
                    boolean near = i % 2 == 0;
                    return Float.intBitsToFloat(near ? bits & 0xffff0000 | lower[i / 2 % lower.length] : bits);
                })
                .toArray();
    }

    /** Also wider than the 1024 columns of a block that adds rows up, by a pack and a rest. */
    static Stream<Case> rowCases() {
        return Stream.concat(
                cases(),
                Stream.of(DType.F32, DType.BF16)
                        .flatMap(dtype -> Stream.of(
                                new Case(33, 1030, 0, dtype, 1), new Case(13, 1030, 3, dtype, 2),
                                new Case(13, 1032, 8, dtype, 1))));
    }

    @ParameterizedTest
    @MethodSource("rowCases")
    void rows(Case c) {
        int table = 13;
        int padding = 12;
        CudaTrial trial = activations(c.trial(), c, c.cols, "embedded", "gathered", "d");
        int[] rows = IntStream.range(0, c.rows).map(i -> trial.random().nextInt(table)).toArray();
        trial.between("x", table, c.cols, c.gap, c.gap, trial.random()::nextGaussian)
                .between("dx", table, c.cols, c.gap, c.gap, trial.random()::nextGaussian)
                .wide("table", table, c.cols, trial.random()::nextGaussian)
                .wide("dtable", table, c.cols, trial.random()::nextGaussian)
                .ids("rows", rows)
                .runTwice(c.gpu(), LOAD, (ops, t) -> {
                    ops.embed(t.apply("table"), t.apply("rows"), t.apply("embedded"));
                    ops.gatherRows(t.apply("x"), t.apply("rows"), t.apply("gathered"));
                    ops.embedBackward(t.apply("d"), t.apply("rows"), padding, t.apply("dtable"));
                    ops.scatterRows(t.apply("d"), t.apply("rows"), t.apply("dx"));
                });
        trial.within("embedded", (i, j) -> c.dtype == DType.F32 ? 0 : c.u() * Math.abs(trial.expected("embedded", i, j)));
        trial.within("gathered", (i, j) -> 0);
        CudaTrial.Bound dtable = (i, j) -> i == padding ? 0 : additions(trial, "dtable", rows, i, j);
        trial.within("dtable", dtable);
        trial.within("dx", (i, j) -> additions(trial, "dx", rows, i, j) + 1.01 * c.u() * Math.abs(trial.expected("dx", i, j)));
    }

    /** One rounding an addition. */
    private static double additions(CudaTrial trial, String name, int[] rows, int row, int col) {
        int[] from = IntStream.range(0, rows.length).filter(i -> rows[i] == row).toArray();
        double magnitude = Math.abs(trial.value(name, row, col))
                + IntStream.of(from).mapToDouble(i -> Math.abs(trial.value("d", i, col))).sum();
        return 1.01 * U * from.length * magnitude;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void biases(Case c) {
        CudaTrial trial = activations(c.trial(), c, c.cols, "y", "dy");
        trial.wide("bias", 1, c.cols, trial.random()::nextGaussian)
                .wide("dbias", 1, c.cols, trial.random()::nextGaussian)
                .runTwice(c.gpu(), LOAD, (ops, t) -> {
                    ops.addBias(t.apply("y"), t.apply("bias"));
                    ops.biasBackward(t.apply("dy"), t.apply("dbias"));
                });
        trial.within("y", (i, j) -> 1.01 * (c.u() + U) * Math.abs(trial.expected("y", i, j)));
        // Rows in 32 parts by 4 threads, then these, then the parts in eights.
        double depth = c.rows / 128.0 + 1 + 3 + 4 + 8 + 1;
        trial.within("dbias", (i, j) -> {
            double magnitude = Math.abs(trial.value("dbias", 0, j));
            for (int t = 0; t < c.rows; t++) {
                magnitude += Math.abs(trial.value("dy", t, j));
            }
            return 1.01 * U * depth * magnitude;
        });
    }

    /** Beyond a warp's packs, beyond a block's, and no multiple of a pack; more rows a block than it looks ahead. */
    static Stream<Case> norms() {
        return Stream.concat(
                cases(),
                Stream.of(DType.F32, DType.BF16)
                        .flatMap(dtype -> Stream.of(
                                new Case(3500, 24, 0, dtype, 1), new Case(3500, 23, 0, dtype, 2),
                                new Case(3, 1027, 0, dtype, 1), new Case(3, 2056, 8, dtype, 2),
                                new Case(2, 4104, 0, dtype, 1), new Case(2, 8200, 0, dtype, 2),
                                new Case(1, 9000, 3, dtype, 1))));
    }

    @ParameterizedTest
    @MethodSource("norms")
    void rmsNorm(Case c) {
        CudaTrial trial = activations(c.trial(), c, c.cols, "x", "delta", "sum", "out", "inPlace", "inPlaceOut", "plain", "again");
        trial.wide("weight", 1, c.cols, trial.random()::nextGaussian)
                .wide("rstd", 1, c.rows)
                .wide("inPlaceRstd", 1, c.rows)
                .wide("plainRstd", 1, c.rows)
                .runTwice(c.gpu(), LOAD, (ops, t) -> {
                    ops.addRmsNorm(
                            t.apply("x"), t.apply("delta"), t.apply("weight"), 1e-5, t.apply("sum"), t.apply("out"),
                            t.apply("rstd"));
                    ops.addRmsNorm(
                            t.apply("inPlace"), t.apply("delta"), t.apply("weight"), 1e-5, t.apply("inPlace"),
                            t.apply("inPlaceOut"), t.apply("inPlaceRstd"));
                    ops.rmsNorm(t.apply("x"), t.apply("weight"), 1e-5, t.apply("plain"), t.apply("plainRstd"));
                    ops.rmsNormAgain(t.apply("x"), t.apply("weight"), t.apply("plainRstd"), t.apply("again"));
                });
        // The sum is rounded, and the squares of what is stored are summed; the root halves their error.
        double sum = 1.01 * (c.u() + U);
        double rstd = 1.01 * U * ((depth(c.cols) + 3) / 2 + 2);
        trial.within("sum", (i, j) -> sum * Math.abs(trial.expected("sum", i, j)));
        trial.within("inPlace", (i, j) -> sum * Math.abs(trial.expected("inPlace", i, j)));
        trial.within("rstd", (i, j) -> (rstd + sum) * trial.expected("rstd", i, j));
        trial.within("plainRstd", (i, j) -> rstd * trial.expected("plainRstd", i, j));
        // Two products, and the result is rounded; the sum's error counts for itself and in rstd.
        double scaled = 1.01 * (rstd + 2 * U + c.u());
        trial.within("out", (i, j) -> (scaled + 2 * sum) * Math.abs(trial.expected("out", i, j)));
        trial.within("inPlaceOut", (i, j) -> (scaled + 2 * sum) * Math.abs(trial.expected("inPlaceOut", i, j)));
        trial.within("plain", (i, j) -> scaled * Math.abs(trial.expected("plain", i, j)));
        for (int i = 0; i < c.rows; i++) {
            for (int j = 0; j < c.cols; j++) {
                assertEquals(trial.actual("plain", i, j), trial.actual("again", i, j));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("norms")
    void rmsNormBackward(Case c) {
        rmsNormBackward(c, c.gpu());
    }

    /** Its 48 KiB of dynamic shared memory are, with what is static, more than a launch has without asking. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void aFirstRmsNormBackwardOfThisWidth(DType dtype) {
        try (Ops gpu = new CudaOps(dtype)) {
            rmsNormBackward(new Case(3, 4096 / dtype.bytes(), 0, dtype, 1), gpu);
        }
    }

    private void rmsNormBackward(Case c, Ops gpu) {
        CudaTrial trial = activations(c.trial(), c, c.cols, "dout", "x", "dx");
        trial.wide("weight", 1, c.cols, trial.random()::nextGaussian)
                .wide("dweight", 1, c.cols, trial.random()::nextGaussian)
                .wide("rstd", 1, c.rows, () -> 0.2 + trial.random().nextDouble())
                .runTwice(gpu, LOAD, (ops, t) -> ops.rmsNormBackward(
                        t.apply("dout"), t.apply("x"), t.apply("weight"), t.apply("rstd"), t.apply("dx"),
                        t.apply("dweight")));
        double[] means = new double[c.rows];
        for (int i = 0; i < c.rows; i++) {
            for (int j = 0; j < c.cols; j++) {
                means[i] += Math.abs(trial.value("dout", i, j) * trial.value("weight", 0, j) * trial.value("x", i, j)) / c.cols;
            }
        }
        trial.within("dx", (i, j) -> {
            double s = trial.value("rstd", 0, i);
            // Two products and two sums; on the other side also the mean, whose sum has depth(D) roundings more.
            double direct = 4 * Math.abs(trial.value("dout", i, j) * trial.value("weight", 0, j) * s);
            double mean = (depth(c.cols) + 8) * Math.abs(trial.value("x", i, j)) * s * s * s * means[i];
            return 1.01 * (U * (direct + mean + Math.abs(trial.value("dx", i, j))) + c.u() * Math.abs(trial.expected("dx", i, j)));
        });
        // At most 528 parts, rows of a part in order, then every 32nd part, four of these sums and eight of those.
        double depth = c.rows / 264.0 + 1 + 528 / 32.0 + 2 + 8 + 3;
        trial.within("dweight", (i, j) -> {
            double sum = Math.abs(trial.value("dweight", 0, j));
            for (int t = 0; t < c.rows; t++) {
                sum += Math.abs(trial.value("dout", t, j) * trial.value("x", t, j) * trial.value("rstd", 0, t));
            }
            return 1.01 * U * Math.min(depth, c.rows + 11) * sum;
        });
    }

    @ParameterizedTest
    @MethodSource("cases")
    void rope(Case c) {
        int heads = 3;
        int half = Math.max(c.cols / 2, 1);
        int width = 2 * half + c.gap;
        int positions = 40;
        int[] at = IntStream.range(0, c.rows).map(t -> t * 7 % positions).toArray();
        CudaTrial trial = activations(c.trial(), c, heads * width + 5, "x", "dx");
        int[] angle = {0};
        trial.wide("cos", positions, half, () -> Math.cos(angle[0]++))
                .wide("sin", positions, half, () -> Math.sin(angle[0]++))
                .ids("positions", at)
                .runTwice(c.gpu(), LOAD, (ops, t) -> {
                    ops.rope(t.apply("x"), t.apply("positions"), t.apply("cos"), t.apply("sin"), heads, width);
                    ops.ropeBackward(t.apply("dx"), t.apply("positions"), t.apply("cos"), t.apply("sin"), heads, width);
                });
        for (String name : List.of("x", "dx")) {
            // Two products and a sum, and the result is rounded.
            trial.within(name, (i, j) -> {
                int e = j % width;
                if (j >= heads * width || e >= 2 * half) {
                    return 0;
                }
                int pair = e < half ? j + half : j - half;
                double turned = Math.abs(trial.value(name, i, j) * trial.value("cos", at[i], e % half))
                        + Math.abs(trial.value(name, i, pair) * trial.value("sin", at[i], e % half));
                return 1.01 * (2 * U * turned + c.u() * Math.abs(trial.expected(name, i, j)));
            });
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void swiglu(Case c) {
        CudaTrial trial = activations(c.trial(), c, c.cols, "out", "dout");
        for (String name : List.of("gateUp", "dgateUp", "inPlace")) {
            trial.between(name, c.rows, 2 * c.cols, c.gap, c.gap, () -> 6 * trial.random().nextGaussian());
        }
        trial.runTwice(c.gpu(), LOAD, (ops, t) -> {
            ops.swiglu(t.apply("gateUp"), t.apply("out"));
            ops.swigluBackward(t.apply("dout"), t.apply("gateUp"), t.apply("dgateUp"));
            ops.swigluBackward(t.apply("dout"), t.apply("inPlace"), t.apply("inPlace"));
        });
        trial.within("out", (i, j) -> {
            double sigmoid = sigmoidError(c, trial.value("gateUp", i, j));
            return 1.01 * (sigmoid + 2 * U + c.u()) * Math.abs(trial.expected("out", i, j));
        });
        for (String[] names : new String[][] {{"gateUp", "dgateUp"}, {"inPlace", "inPlace"}}) {
            trial.within(names[1], (i, j) -> {
                double gate = trial.value(names[0], i, j % c.cols);
                double sigmoid = sigmoidError(c, gate);
                double stored = c.u() * Math.abs(trial.expected(names[1], i, j));
                if (j >= c.cols) {
                    return 1.01 * (stored + (sigmoid + 2 * U) * Math.abs(trial.expected(names[1], i, j)));
                }
                double s = 1 / (1 + Math.exp(-gate));
                double product = Math.abs(trial.value("dout", i, j) * trial.value(names[0], i, j + c.cols) * s);
                // A product of four, one of which is 1 + gate·(1 - s) with an error of its own.
                double slope = Math.abs(1 + gate * (1 - s));
                double slopeError = Math.abs(gate) * (sigmoid * s + 2 * U * (1 - s)) + U * (slope + 1);
                return 1.01 * (stored + product * ((sigmoid + 3 * U) * slope + slopeError));
            });
        }
    }

    /**
     * Relative. CUDA's expf is off by 2 units in the last place, a sum and a quotient follow. bfloat16 takes __expf and
     * __fdividef, off by 2 + 1.16·|x| and by 2 units.
     */
    private static double sigmoidError(Case c, double gate) {
        return U * (c.dtype == DType.F32 ? 4 + 2 : 4 + 2.4 * Math.abs(gate) + 1 + 4);
    }

    static Stream<Case> heads() {
        return Stream.concat(
                cases(), Stream.of(DType.F32, DType.BF16).map(dtype -> new Case(2, 49152, 0, dtype, 1)));
    }

    @ParameterizedTest
    @MethodSource("heads")
    void head(Case c) {
        CudaTrial trial = c.trial();
        int[] targets = IntStream.range(0, c.rows).map(i -> trial.random().nextInt(c.cols)).toArray();
        // Every third row is flat but for two equal peaks, of which the target is the first or the second.
        int[] element = {0};
        trial.wide("logits", c.rows, c.cols, () -> {
                    int i = element[0] / c.cols;
                    int v = element[0]++ % c.cols;
                    boolean peak = v == targets[i] || v == (targets[i] + 5) % c.cols;
                    return i % 3 > 0 ? 3 * trial.random().nextGaussian() : peak ? 4 : -1;
                })
                .wide("statistics", c.rows, HeadStatistics.COLUMNS)
                .wide("g", 1, c.rows, trial.random()::nextGaussian)
                .normal("dlogits", c.rows, c.cols)
                .ids("targets", targets)
                .runTwice(c.gpu(), LOAD, (ops, t) -> {
                    ops.logSoftmax(t.apply("logits"), t.apply("targets"), t.apply("statistics"));
                    ops.copy(
                            ops.logSoftmaxBackward(
                                    t.apply("logits"), t.apply("targets"), t.apply("statistics"), t.apply("g")),
                            t.apply("dlogits"));
                });
        // 512 threads add their share, three roundings and an exponential (4 U and U·|x - m|, which e^(x - m) more than
        // makes up for) each, and are merged in ten steps, each with an exponential and three roundings.
        double sums = 1.01 * U * (4.0 * c.cols / 512 + 4 + 6 + 10 * 8);
        trial.within("statistics", (i, j) -> {
            double lse = Math.abs(trial.expected("statistics", i, HeadStatistics.LOG_SUM_EXP));
            double expected = Math.abs(trial.expected("statistics", i, j));
            double logSum = Math.log(c.cols); // at most
            double lseError = sums + U * (4 * logSum + lse);
            return switch (j) {
                case HeadStatistics.LOGP -> lseError + U * expected;
                case HeadStatistics.ENTROPY -> sums + U * 4 * logSum + 2 * (sums + U) * expected;
                case HeadStatistics.MEAN_LOGIT -> 1.01 * U * (c.cols / 512.0 + 4 + 10) * meanMagnitude(trial, c, i) + U * expected;
                case HeadStatistics.TOP1 -> 0;
                case HeadStatistics.LOG_SUM_P2 -> 4 * sums + U * (12 * logSum + expected);
                case HeadStatistics.LOG_SUM_EXP -> lseError;
                default -> throw new AssertionError(j);
            };
        });
        trial.within("dlogits", (i, j) -> {
            double lse = trial.expected("statistics", i, HeadStatistics.LOG_SUM_EXP);
            double below = Math.abs(trial.value("logits", i, j) - lse);
            double p = Math.exp(-below);
            double g = Math.abs(trial.value("g", 0, i));
            // e^(x - lse) with the error of lse, of the difference and of __expf; then a difference and a product.
            double error = p * (sums + U * (4 * Math.log(c.cols) + Math.abs(lse) + 4 * below + 6));
            return 1.01 * (g * (error + (j == targets[i] ? 2 * U : 0)) + (c.u() + U) * Math.abs(trial.expected("dlogits", i, j)));
        });
    }

    private static double meanMagnitude(CudaTrial trial, Case c, int row) {
        double sum = 0;
        for (int v = 0; v < c.cols; v++) {
            sum += Math.abs(trial.value("logits", row, v));
        }
        return sum / c.cols;
    }

    /** Rows of each pair's answers: one thread's, and more than the block's 128 threads by one or less by one. */
    static Stream<Arguments> pairs() {
        return Stream.of(
                Arguments.of(3, new int[][] {{1, 5}, {7, 7}, {140, 3}, {33, 129}}),
                Arguments.of(4, new int[][] {{1, 5}, {7, 7}, {140, 3}, {33, 129}}),
                Arguments.of(5, new int[][] {{1, 1}}),
                Arguments.of(6, new int[][] {{129, 127}}),
                Arguments.of(7, new int[][] {{3, 1}, {127, 129}, {1, 127}}));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    @Tag("checked")
    void lossesOfPairsAreTheLossRooms(long seed, int[][] counts) {
        int pairs = counts.length;
        int rows = Arrays.stream(counts).mapToInt(pair -> pair[0] + pair[1]).sum();
        CudaTrial trial = new CudaTrial(DType.F32, seed);
        trial.wide("statistics", rows, HeadStatistics.COLUMNS, () -> -Math.abs(trial.random().nextGaussian()))
                .wide("g", 1, rows);
        double[] reference = IntStream.range(0, rows).mapToDouble(i -> (float) -trial.random().nextDouble()).toArray();
        int[] sequences = new int[4 * pairs];
        double[][] sums = new double[HeadStatistics.COLUMNS][2 * pairs];
        double[][] referenceSums = new double[2][pairs];
        int row = 0;
        for (int s = 0; s < 2 * pairs; s++) {
            int count = counts[s / 2][s % 2];
            sequences[2 * s] = row;
            sequences[2 * s + 1] = count;
            for (int end = row + count; row < end; row++) {
                for (int k = 0; k < HeadStatistics.COLUMNS; k++) {
                    sums[k][s] += trial.value("statistics", row, k);
                }
                referenceSums[s % 2][s / 2] += reference[row];
            }
        }
        GroupSize group = new GroupSize(pairs, IntStream.range(0, pairs).map(i -> counts[i][0]).sum());
        double beta = 0.3;
        double mixed = 0.7;
        PreferenceLoss loss = new WeightedSum(
                List.of(new WeightedSum.Term(new Sigmoid(beta), 1), new WeightedSum.Term(new Sft(), mixed)));
        Pairs seen = new Pairs(
                side(sums[HeadStatistics.LOGP], 0), side(sums[HeadStatistics.LOGP], 1), referenceSums[0], referenceSums[1],
                IntStream.range(0, pairs).map(i -> counts[i][0]).toArray(),
                IntStream.range(0, pairs).map(i -> counts[i][1]).toArray());
        PairLosses expected = loss.of(seen, group);

        double[] ones = new double[pairs];
        Arrays.fill(ones, 1);
        double[] shares = new double[pairs];
        Arrays.fill(shares, mixed * pairs / group.chosenTokens());
        double[] scale = new double[pairs];
        Arrays.fill(scale, 1.0 / pairs);
        PairTerms terms = new PairTerms(
                sequences, reference, scale, beta,
                List.of(new PairTerms.Term(PairTerms.Loss.SIGMOID, ones), new PairTerms.Term(PairTerms.Loss.SFT, shares)));
        List<double[]> runs = new ArrayList<>();
        trial.runTwiceOnGpuOnly(
                float32, LOAD,
                (ops, t) -> runs.add(ops.pairLoss()
                        .orElseThrow()
                        .run(t.apply("statistics"), terms, t.apply("g"))
                        .get()));
        double[] results = runs.getFirst();
        assertArrayEquals(results, runs.getLast(), "results when run again");

        // Both sides add in float64, in another order: at most 140 terms.
        double relative = 2.02 * 140 * 0x1p-53;
        for (int i = 0; i < pairs; i++) {
            int at = i * PairTerms.COLUMNS;
            double ratio = Math.abs(seen.chosen()[i]) + Math.abs(seen.referenceChosen()[i])
                    + Math.abs(seen.rejected()[i]) + Math.abs(seen.referenceRejected()[i]);
            assertEquals(expected.losses()[i], results[at + PairTerms.LOSS], relative * (1 + ratio));
            assertEquals(beta * seen.chosenRatio(i), results[at + PairTerms.REWARD], relative * ratio);
            assertEquals(beta * seen.rejectedRatio(i), results[at + PairTerms.REWARD + 1], relative * ratio);
            for (int side = 0; side < 2; side++) {
                Map<Integer, Integer> columns = new HashMap<>(Map.of(
                        PairTerms.LOGPS, HeadStatistics.LOGP, PairTerms.ENTROPY, HeadStatistics.ENTROPY,
                        PairTerms.MEAN_LOGIT, HeadStatistics.MEAN_LOGIT, PairTerms.TOP1, HeadStatistics.TOP1));
                int s = 2 * i + side;
                columns.forEach((result, statistic) -> assertEquals(
                        sums[statistic][s], results[at + result + s % 2], relative * Math.abs(sums[statistic][s])));
                double slope = (side == 0 ? expected.dChosen() : expected.dRejected())[i];
                for (int r = sequences[2 * s]; r < sequences[2 * s] + sequences[2 * s + 1]; r++) {
                    // The first term's share is rounded to float32 before the second's is added.
                    assertEquals(slope, trial.actual("g", 0, r), 2.02 * U * (Math.abs(slope) + mixed));
                }
            }
        }
    }

    private static double[] side(double[] sums, int side) {
        return IntStream.range(0, sums.length / 2).mapToDouble(i -> sums[2 * i + side]).toArray();
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16"})
    @Tag("checked")
    void normsOfManyRowsAccessWhatTheyMay(DType dtype) {
        rmsNormBackward(new Case(3500, 24, 0, dtype, 1));
        rmsNormBackward(new Case(530, 4128, 0, dtype, 1));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16"})
    @Tag("checked")
    void wideRowsAccessWhatTheyMay(DType dtype) {
        rows(new Case(5, 1030, 3, dtype, 1));
        rows(new Case(5, 1030, 0, dtype, 2));
    }

    @ParameterizedTest
    @MethodSource("checkedCases")
    @Tag("checked")
    void kernelsAccessWhatTheyMay(Case c) {
        elementwise(c);
        adamW(c);
        rows(c);
        biases(c);
        rmsNorm(c);
        rmsNormBackward(c);
        rope(c);
        swiglu(c);
        head(c);
    }
}
