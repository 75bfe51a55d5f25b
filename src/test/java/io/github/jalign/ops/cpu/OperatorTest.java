package io.github.jalign.ops.cpu;

import static io.github.jalign.ops.cpu.Trial.U;
import static io.github.jalign.ops.cpu.Trial.depth;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.ops.AdamWStep;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every operator but products, attention and head against the reference. A bound counts the roundings on the way to a
 * result, each worth U of the number it rounds; 1.01 covers the higher orders. Elements that e^x underflows are worth
 * 1e-36.
 */
class OperatorTest {

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 7", "13, 33", "31, 127", "129, 576", "1, 40000"})
    void elementwiseOperatorsRoundOnce(int rows, int cols) {
        new Trial(rows + cols)
                .normal("x", rows, cols, 2)
                .normal("y", rows, cols, 2)
                .normal("z", rows, cols, 2)
                .normal("w", rows, cols, 2)
                .normal("f", rows, cols, 2)
                .run((ops, t) -> {
                    ops.add(t.apply("x"), t.apply("y"), t.apply("z"));
                    ops.copy(t.apply("y"), t.apply("w"));
                    ops.fill(t.apply("f"), 0.1);
                })
                .rounded("z")
                .rounded("w")
                .rounded("f");
    }

    @Test
    void addMayWriteToItsFirstArgument() {
        new Trial(1)
                .normal("x", 33, 63, 2)
                .normal("y", 33, 63, 2)
                .run((ops, t) -> ops.add(t.apply("x"), t.apply("y"), t.apply("x")))
                .rounded("x");
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 7", "129, 576", "1, 40000", "7000, 16"})
    void sumOfSquaresIsAccumulatedInFloat64(int rows, int cols) {
        Trial trial = new Trial(3).normal("x", rows, cols, 2);
        trial.run((ops, t) -> trial.number(ops, ops.sumOfSquares(t.apply("x"))));
        // Both sides round each of rows·cols additions.
        double bound = 2.02 * rows * cols * 0x1p-53 * trial.number("reference");
        assertEquals(trial.number("reference"), trial.number("cpu"), bound);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 7", "129, 63", "1, 40000"})
    void adamW(int rows, int cols) {
        AdamWStep s = new AdamWStep(1e-3, 0.9, 0.999, 1e-8, 0.1, 0.37, 3);
        Trial trial = new Trial(4)
                .normal("w", rows, cols, 1)
                .normal("g", rows, cols, 0.1)
                .normal("m", rows, cols, 0.1);
        trial.values("v", rows, cols, () -> Math.pow(trial.random().nextGaussian() * 0.1, 2));
        trial.run((ops, t) -> ops.adamW(t.apply("w"), t.apply("g"), t.apply("m"), t.apply("v"), s));
        // m: a constant, a product and the sum on one side, the scale, two products and the sum on the other.
        Trial.Bound m = (r, c) -> 5.05
                * U
                * (0.9 * Math.abs(trial.value("m", r, c)) + 0.1 * 0.37 * Math.abs(trial.value("g", r, c)));
        // v: all terms are positive; the squared gradient has eight roundings.
        trial.within("m", m).within("v", (r, c) -> 8.1 * U * trial.expected("v", r, c));
        // w: three roundings of the decayed weight; the update has half those of v under its root, and eight of its own.
        trial.within("w", (r, c) -> {
            double rate = s.learningRate() / s.biasCorrection1();
            double denominator = Math.sqrt(trial.expected("v", r, c) / s.biasCorrection2()) + s.epsilon();
            double update = rate * Math.abs(trial.expected("m", r, c)) / denominator;
            return 1.01 * (U * (3 * Math.abs(trial.value("w", r, c)) + 12 * update) + rate / denominator * m.of(r, c));
        });
    }

    @Test
    void rowsAreGatheredAndScatteredInTheOrderOfTheirNumbers() {
        int[] rows = {3, 0, 3, 12, 3, 5, 12};
        Trial trial = new Trial(5)
                .normal("table", 13, 129, 1)
                .normal("out", 7, 129, 1)
                .normal("d", 7, 129, 1)
                .normal("dx", 13, 129, 1)
                .normal("dtable", 13, 129, 1)
                .ids("rows", rows)
                .run((ops, t) -> {
                    ops.embed(t.apply("table"), t.apply("rows"), t.apply("out"));
                    ops.scatterRows(t.apply("d"), t.apply("rows"), t.apply("dx"));
                    ops.embedBackward(t.apply("d"), t.apply("rows"), 12, t.apply("dtable"));
                });
        trial.rounded("out");
        // One rounding an addition.
        for (String name : new String[] {"dx", "dtable"}) {
            trial.within(name, (r, c) -> {
                int[] from = IntStream.range(0, rows.length).filter(i -> rows[i] == r).toArray();
                double magnitude = Math.abs(trial.value(name, r, c))
                        + IntStream.of(from).mapToDouble(i -> Math.abs(trial.value("d", i, c))).sum();
                return 1.01 * U * from.length * magnitude;
            });
        }
        for (int c = 0; c < 129; c++) {
            assertEquals(trial.value("dtable", 12, c), trial.actual("dtable", 12, c), "the padding row gets nothing");
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "7, 33", "129, 576"})
    void biases(int rows, int cols) {
        Trial trial = new Trial(6)
                .normal("y", rows, cols, 1)
                .normal("bias", 1, cols, 1)
                .normal("dy", rows, cols, 1)
                .normal("dbias", 1, cols, 1)
                .run((ops, t) -> {
                    ops.addBias(t.apply("y"), t.apply("bias"));
                    ops.biasBackward(t.apply("dy"), t.apply("dbias"));
                });
        trial.rounded("y");
        trial.within("dbias", (r, c) -> {
            double magnitude = Math.abs(trial.value("dbias", 0, c));
            for (int t = 0; t < rows; t++) {
                magnitude += Math.abs(trial.value("dy", t, c));
            }
            return 1.01 * U * rows * magnitude;
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 7", "13, 33", "31, 127", "129, 576"})
    void rmsNorm(int rows, int cols) {
        Trial trial = new Trial(8)
                .normal("x", rows, cols, 2)
                .normal("delta", rows, cols, 2)
                .normal("weight", 1, cols, 1)
                .normal("sum", rows, cols, 1)
                .normal("out", rows, cols, 1)
                .normal("rstd", 1, rows, 1)
                .normal("plain", rows, cols, 1)
                .normal("plainRstd", 1, rows, 1)
                .normal("again", rows, cols, 1)
                .run((ops, t) -> {
                    ops.addRmsNorm(
                            t.apply("x"), t.apply("delta"), t.apply("weight"), 1e-5, t.apply("sum"), t.apply("out"),
                            t.apply("rstd"));
                    ops.rmsNorm(t.apply("x"), t.apply("weight"), 1e-5, t.apply("plain"), t.apply("plainRstd"));
                    ops.rmsNormAgain(t.apply("x"), t.apply("weight"), t.apply("plainRstd"), t.apply("again"));
                });
        trial.rounded("sum");
        // The sum's terms are squares of numbers rounded at most once; the root halves its error.
        double rstd = 1.01 * U * ((depth(cols) + 3) / 2 + 1);
        trial.within("rstd", (r, c) -> rstd * trial.expected("rstd", r, c));
        trial.within("plainRstd", (r, c) -> rstd * trial.expected("plainRstd", r, c));
        trial.within("out", (r, c) -> (rstd + 3.1 * U) * Math.abs(trial.expected("out", r, c)));
        trial.within("plain", (r, c) -> (rstd + 2.1 * U) * Math.abs(trial.expected("plain", r, c)));
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                assertEquals(trial.actual("plain", r, c), trial.actual("again", r, c));
            }
        }
    }

    @Test
    void addRmsNormMayWriteItsSumToItsFirstArgument() {
        Trial trial = new Trial(8)
                .normal("x", 13, 63, 2)
                .normal("delta", 13, 63, 2)
                .normal("weight", 1, 63, 1)
                .normal("out", 13, 63, 1)
                .normal("rstd", 1, 13, 1)
                .run((ops, t) -> ops.addRmsNorm(
                        t.apply("x"), t.apply("delta"), t.apply("weight"), 1e-5, t.apply("x"), t.apply("out"),
                        t.apply("rstd")))
                .rounded("x");
        double rstd = 1.01 * U * ((depth(63) + 3) / 2 + 1);
        trial.within("out", (r, c) -> (rstd + 3.1 * U) * Math.abs(trial.expected("out", r, c)));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 7", "13, 33", "31, 127", "129, 576"})
    void rmsNormBackward(int rows, int cols) {
        Trial trial = new Trial(9)
                .normal("dout", rows, cols, 1)
                .normal("x", rows, cols, 2)
                .normal("weight", 1, cols, 1)
                .normal("dx", rows, cols, 1)
                .normal("dweight", 1, cols, 1);
        trial.values("rstd", 1, rows, () -> 0.2 + trial.random().nextDouble());
        trial.run((ops, t) -> ops.rmsNormBackward(
                t.apply("dout"), t.apply("x"), t.apply("weight"), t.apply("rstd"), t.apply("dx"), t.apply("dweight")));
        trial.within("dx", (t, c) -> {
            double s = trial.value("rstd", 0, t);
            double products = 0;
            for (int i = 0; i < cols; i++) {
                products += Math.abs(trial.value("dout", t, i) * trial.value("weight", 0, i) * trial.value("x", t, i));
            }
            // Two products and two sums; on the other side also the mean, whose sum has depth(D) roundings more.
            double direct = 4 * Math.abs(trial.value("dout", t, c) * trial.value("weight", 0, c) * s);
            double mean = (depth(cols) + 8) * Math.abs(trial.value("x", t, c)) * s * s * s * products / cols;
            return 1.01 * U * (direct + mean + Math.abs(trial.value("dx", t, c)));
        });
        trial.within("dweight", (r, c) -> {
            double sum = Math.abs(trial.value("dweight", 0, c));
            for (int t = 0; t < rows; t++) {
                sum += Math.abs(trial.value("dout", t, c) * trial.value("x", t, c) * trial.value("rstd", 0, t));
            }
            return 1.01 * U * (rows + 2) * sum;
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 2, 1", "13, 3, 8, 4", "31, 2, 7, 3", "33, 9, 64, 32", "129, 2, 100, 33"})
    void rope(int rows, int heads, int headDim, int half) {
        int cols = heads * headDim + 5;
        int[] positions = IntStream.range(0, rows).map(t -> t * 7 % 40).toArray();
        Trial trial = new Trial(10)
                .normal("x", rows, cols, 1)
                .normal("dx", rows, cols, 1)
                .ids("positions", positions);
        int[] angle = {0};
        trial.values("cos", 40, half, () -> Math.cos(angle[0]++)).values("sin", 40, half, () -> Math.sin(angle[0]++));
        trial.run((ops, t) -> {
            ops.rope(t.apply("x"), t.apply("positions"), t.apply("cos"), t.apply("sin"), heads, headDim);
            ops.ropeBackward(t.apply("dx"), t.apply("positions"), t.apply("cos"), t.apply("sin"), heads, headDim);
        });
        for (String name : new String[] {"x", "dx"}) {
            // Two products and a sum.
            trial.within(name, (t, c) -> {
                int e = c % headDim;
                if (c >= heads * headDim || e >= 2 * half) {
                    return 0;
                }
                int pair = e < half ? c + half : c - half;
                double turned = Math.abs(trial.value(name, t, c) * trial.value("cos", positions[t], e % half))
                        + Math.abs(trial.value(name, t, pair) * trial.value("sin", positions[t], e % half));
                return 2.02 * U * turned;
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 7", "13, 33", "31, 127", "33, 1536"})
    void swiglu(int rows, int width) {
        Trial trial = new Trial(11)
                .normal("gateUp", rows, 2 * width, 6)
                .normal("out", rows, width, 1)
                .normal("dout", rows, width, 1)
                .normal("dgateUp", rows, 2 * width, 1)
                .normal("inPlace", rows, 2 * width, 6)
                .run((ops, t) -> {
                    ops.swiglu(t.apply("gateUp"), t.apply("out"));
                    ops.swigluBackward(t.apply("dout"), t.apply("gateUp"), t.apply("dgateUp"));
                    ops.swigluBackward(t.apply("dout"), t.apply("inPlace"), t.apply("inPlace"));
                });
        // The exponential is off by 2.2 U, σ by that twice, a sum and a quotient; two products follow.
        trial.within("out", (r, c) -> 1.01 * U * 8.4 * Math.abs(trial.expected("out", r, c)) + 1e-36);
        check(trial, width, "gateUp", "dgateUp");
        check(trial, width, "inPlace", "inPlace");
    }

    private static void check(Trial trial, int width, String input, String gradient) {
        trial.within(gradient, (r, c) -> {
            double gate = trial.value(input, r, c % width);
            double up = trial.value(input, r, c % width + width);
            double s = 1 / (1 + Math.exp(-gate));
            double d = trial.value("dout", r, c % width);
            if (c >= width) {
                return 1.01 * U * 8.4 * Math.abs(trial.expected(gradient, r, c)) + 1e-36;
            }
            // dgate is a product of four, one of which is 1 + gate·(1 - s) with an error of its own.
            double slope = Math.abs(1 + gate * (1 - s));
            double slopeError = Math.abs(gate) * (6.4 * s + 2 * (1 - s)) + slope + 1;
            return 1.01 * U * Math.abs(d * up * s) * (9.4 * slope + slopeError) + 1e-36;
        });
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-30, 20, 87, 88, 100, 1e30})
    void swigluOfLargeGatesNeitherOverflowsNorTurnsNegative(double size) {
        Trial trial = new Trial(12).normal("out", 2, 20, 1);
        int[] i = {0};
        trial.values("gateUp", 2, 40, () -> i[0]++ < 40 ? size : -size);
        trial.run((ops, t) -> ops.swiglu(t.apply("gateUp"), t.apply("out")));
        for (int c = 0; c < 20; c++) {
            assertEquals((double) ((float) size * (float) size), trial.actual("out", 0, c), 0x1p-20 * size * size);
            assertTrue(trial.actual("out", 1, c) >= 0 && trial.actual("out", 1, c) <= size * size / 2);
        }
    }
}
