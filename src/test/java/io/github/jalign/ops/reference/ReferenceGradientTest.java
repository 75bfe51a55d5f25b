package io.github.jalign.ops.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.TensorBench;
import io.github.jalign.ops.Weight;
import io.github.jalign.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every backward operator of the reference against central differences of its forward: with step h the truncation error
 * is about h²·|f'''|/6 and the rounding error ε·|f|/h, so h = 1e-5 leaves about 1e-10 of each for values near 1.
 */
final class ReferenceGradientTest {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-7;

    private final ReferenceOps ops = new ReferenceOps();
    private final TensorBench bench = new TensorBench(ops, 11);

    @AfterEach
    void close() {
        ops.close();
    }

    /** Σ weights · outputs of the forward operator; {@code gradients} maps each input to what backward wrote. */
    private void check(Runnable forward, Tensor out, double[] weights, Map<Tensor, Tensor> gradients) {
        gradients.forEach((input, gradient) -> {
            double[] values = ops.read(input);
            double[] analytic = ops.read(gradient);
            double largest = 0;
            for (int i = 0; i < values.length; i++) {
                double numeric = (at(forward, out, weights, input, values, i, STEP)
                                - at(forward, out, weights, input, values, i, -STEP))
                        / (2 * STEP);
                assertEquals(numeric, analytic[i], TOLERANCE * Math.max(1, Math.abs(numeric)), input + " element " + i);
                largest = Math.max(largest, Math.abs(analytic[i]));
            }
            assertTrue(largest > 0, input + " has no gradient at all");
        });
    }

    private double at(Runnable forward, Tensor out, double[] weights, Tensor input, double[] values, int i, double h) {
        double[] moved = values.clone();
        moved[i] += h;
        ops.write(input, moved);
        forward.run();
        ops.write(input, values);
        double[] results = ops.read(out);
        double sum = 0;
        for (int j = 0; j < results.length; j++) {
            sum += weights[j] * results[j];
        }
        return sum;
    }

    @Test
    void linearLayer() {
        Tensor x = bench.normal(5, 7);
        Tensor w = bench.normal(3, 7);
        Tensor y = bench.zeros(5, 3);
        double[] weights = bench.normals(15);
        Weight weight = ops.weight(w);
        Tensor dx = bench.zeros(5, 7);
        Tensor dw = bench.zeros(3, 7);
        Tensor dy = bench.of(5, 3, weights);
        weight.linearDx(dy, dx, false);
        weight.linearDw(dy, x, dw);
        check(() -> weight.linear(x, y, false), y, weights, Map.of(x, dx, w, dw));
    }

    @Test
    void bias() {
        Tensor b = bench.normal(1, 4);
        Tensor y = bench.zeros(3, 4);
        double[] weights = bench.normals(12);
        Tensor db = bench.zeros(1, 4);
        ops.biasBackward(bench.of(3, 4, weights), db);
        check(
                () -> {
                    ops.fill(y, 0);
                    ops.addBias(y, b);
                },
                y,
                weights,
                Map.of(b, db));
    }

    @Test
    void rmsNormWithResidual() {
        Tensor x = bench.normal(3, 6);
        Tensor delta = bench.normal(3, 6);
        Tensor w = bench.normal(1, 6);
        Tensor sum = bench.zeros(3, 6);
        Tensor out = bench.zeros(3, 6);
        Tensor rstd = bench.zeros(1, 3);
        double[] weights = bench.normals(18);
        Runnable forward = () -> ops.addRmsNorm(x, delta, w, 1e-2, sum, out, rstd);
        forward.run();
        Tensor dx = bench.zeros(3, 6);
        Tensor dw = bench.zeros(1, 6);
        ops.rmsNormBackward(bench.of(3, 6, weights), sum, w, rstd, dx, dw);
        check(forward, out, weights, Map.of(x, dx, w, dw));
        check(forward, out, weights, Map.of(delta, dx));
    }

    @Test
    void rmsNormWithoutResidual() {
        Tensor x = bench.normal(3, 6);
        Tensor w = bench.normal(1, 6);
        Tensor out = bench.zeros(3, 6);
        Tensor rstd = bench.zeros(1, 3);
        double[] weights = bench.normals(18);
        Runnable forward = () -> ops.rmsNorm(x, w, 1e-2, out, rstd);
        forward.run();
        Tensor again = bench.zeros(3, 6);
        ops.rmsNormAgain(x, w, rstd, again);
        assertArrayEquals(ops.read(out), ops.read(again));
        Tensor dx = bench.zeros(3, 6);
        Tensor dw = bench.zeros(1, 6);
        ops.rmsNormBackward(bench.of(3, 6, weights), x, w, rstd, dx, dw);
        check(forward, out, weights, Map.of(x, dx, w, dw));
    }

    @Test
    void rmsNormAddsToTheGradientsItIsGiven() {
        Tensor x = bench.normal(2, 4);
        Tensor w = bench.normal(1, 4);
        Tensor out = bench.zeros(2, 4);
        Tensor rstd = bench.zeros(1, 2);
        ops.rmsNorm(x, w, 1e-5, out, rstd);
        Tensor dout = bench.normal(2, 4);
        Tensor once = bench.zeros(2, 4);
        Tensor twice = bench.zeros(2, 4);
        Tensor dw = bench.zeros(1, 4);
        ops.rmsNormBackward(dout, x, w, rstd, once, dw);
        ops.rmsNormBackward(dout, x, w, rstd, twice, dw);
        ops.rmsNormBackward(dout, x, w, rstd, twice, dw);
        double[] a = ops.read(once);
        double[] b = ops.read(twice);
        for (int i = 0; i < a.length; i++) {
            assertEquals(2 * a[i], b[i], 1e-15 * Math.abs(a[i]) * 4);
        }
    }

    @Test
    void ropeOnPartOfTheHeadAndOfTheRow() {
        Tensor x = bench.normal(4, 3 * 6);
        Tensor positions = bench.ids(0, 5, 2, 3);
        Tensor cos = bench.normal(6, 2);
        Tensor sin = bench.normal(6, 2);
        double[] start = ops.read(x);
        double[] weights = bench.normals(4 * 18);
        Tensor dx = bench.of(4, 18, weights);
        ops.ropeBackward(dx, positions, cos, sin, 2, 6);
        Tensor out = bench.zeros(4, 18);
        Runnable forward = () -> {
            ops.copy(x, out);
            ops.rope(out, positions, cos, sin, 2, 6);
        };
        check(forward, out, weights, Map.of(x, dx));
        forward.run();
        double[] turned = ops.read(out);
        for (int t = 0; t < 4; t++) {
            for (int c = 0; c < 18; c++) {
                if (c >= 12 || c % 6 >= 4) {
                    assertEquals(start[t * 18 + c], turned[t * 18 + c], "column " + c + " is not rotated");
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"4, 2, 3, 0", "3, 1, 2, 4", "2, 2, 5, 1"})
    void attentionOverATree(int heads, int keyValueHeads, int headDim, int window) {
        Segments tree = new Segments(new int[] {0, 3, 7, 8}, new int[] {-1, 0, 0, -1}, 11);
        AttentionShape shape = new AttentionShape(heads, keyValueHeads, headDim, window);
        Tensor qkv = bench.normal(11, shape.packedWidth());
        Tensor out = bench.zeros(11, shape.queryWidth());
        Tensor lse = bench.zeros(11, heads);
        double[] weights = bench.normals(11 * shape.queryWidth());
        Runnable forward = () -> ops.attention(qkv, tree, shape, out, lse);
        forward.run();
        Tensor dqkv = bench.normal(11, shape.packedWidth());
        ops.attentionBackward(
                bench.of(11, shape.queryWidth(), weights), qkv, out, lse, tree, shape, dqkv);
        check(forward, out, weights, Map.of(qkv, dqkv));
    }

    @Test
    void swigluInPlace() {
        Tensor gateUp = bench.normal(3, 10);
        Tensor out = bench.zeros(3, 5);
        double[] weights = bench.normals(15);
        Tensor d = bench.zeros(3, 10);
        ops.copy(gateUp, d);
        ops.swigluBackward(bench.of(3, 5, weights), d, d);
        check(() -> ops.swiglu(gateUp, out), out, weights, Map.of(gateUp, d));
    }

    @Test
    void embeddingLeavesThePaddingRowAlone() {
        Tensor table = bench.normal(5, 3);
        Tensor ids = bench.ids(1, 4, 1, 2);
        Tensor out = bench.zeros(4, 3);
        double[] weights = bench.normals(12);
        Tensor d = bench.zeros(5, 3);
        ops.embedBackward(bench.of(4, 3, weights), ids, -1, d);
        check(() -> ops.embed(table, ids, out), out, weights, Map.of(table, d));
        Tensor padded = bench.zeros(5, 3);
        ops.embedBackward(bench.of(4, 3, weights), ids, 1, padded);
        double[] values = ops.read(padded);
        for (int c = 0; c < 3; c++) {
            assertEquals(0, values[3 + c]);
            assertEquals(weights[3 + c], values[12 + c]);
        }
    }

    /** The gradient of a gather is a scatter; a row taken twice gets both, one not taken nothing. */
    @Test
    void gatheredRows() {
        Tensor x = bench.normal(4, 3);
        Tensor rows = bench.ids(2, 0, 2);
        Tensor out = bench.zeros(3, 3);
        double[] weights = bench.normals(9);
        Tensor dx = bench.zeros(4, 3);
        ops.scatterRows(bench.of(3, 3, weights), rows, dx);
        check(() -> ops.gatherRows(x, rows, out), out, weights, Map.of(x, dx));
        assertEquals(weights[0] + weights[6], ops.read(dx)[6], 1e-15);
        assertEquals(0, ops.read(dx)[9]);
    }

    /** y = x·wᵀ added to what is there: the gradient of the summand is dy itself, of x a further summand. */
    @Test
    void linearLayerThatAdds() {
        Tensor x = bench.normal(5, 7);
        Tensor w = bench.normal(3, 7);
        Tensor before = bench.normal(5, 3);
        Tensor y = bench.zeros(5, 3);
        double[] weights = bench.normals(15);
        Weight weight = ops.weight(w);
        Tensor dy = bench.of(5, 3, weights);
        Tensor dx = bench.zeros(5, 7);
        weight.linearDx(dy, dx, true);
        check(
                () -> {
                    ops.add(before, before, y);
                    weight.linear(x, y, true);
                },
                y,
                weights,
                Map.of(x, dx, before, bench.of(5, 3, Arrays.stream(weights).map(v -> 2 * v).toArray())));
    }

    @Test
    void headLogProb() {
        Tensor logits = bench.normal(3, 6);
        Tensor targets = bench.ids(5, 0, 2);
        Tensor statistics = bench.zeros(3, HeadStatistics.COLUMNS);
        Tensor logps = statistics.columns(HeadStatistics.LOGP, 1);
        Tensor column = bench.zeros(3, 1);
        double[] g = bench.normals(3);
        Runnable forward = () -> {
            ops.logSoftmax(logits, targets, statistics);
            ops.copy(logps, column);
        };
        forward.run();
        Tensor d = bench.zeros(3, 6);
        ops.copy(logits, d);
        ops.logSoftmaxBackward(d, targets, statistics, bench.of(1, 3, g));
        check(forward, column, g, Map.of(logits, d));
    }

    @Test
    void headStatisticsOfAKnownRow() {
        // p = 1/2, 1/4, 1/4
        Tensor logits = bench.of(1, 3, Math.log(2), 0, 0);
        Tensor statistics = bench.zeros(1, HeadStatistics.COLUMNS);
        ops.logSoftmax(logits, bench.ids(1), statistics);
        double[] s = ops.read(statistics);
        assertEquals(Math.log(0.25), s[HeadStatistics.LOGP], 1e-15);
        assertEquals(1.5 * Math.log(2), s[HeadStatistics.ENTROPY], 1e-15);
        assertEquals(Math.log(2) / 3, s[HeadStatistics.MEAN_LOGIT], 1e-15);
        assertEquals(0, s[HeadStatistics.TOP1]);
        assertEquals(Math.log(0.375), s[HeadStatistics.LOG_SUM_P2], 1e-15);
        assertEquals(Math.log(4), s[HeadStatistics.LOG_SUM_EXP], 1e-15);
    }
}
