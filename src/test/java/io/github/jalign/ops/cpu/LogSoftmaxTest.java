package io.github.jalign.ops.cpu;

import static io.github.jalign.ops.cpu.Trial.U;
import static io.github.jalign.ops.cpu.Trial.depth;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.ops.HeadStatistics;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The head's pass over a row and its gradient, against the reference. */
class LogSoftmaxTest {

    /** The weights e^(x - max) of a row, what they sum to, and by which share their sums may be off. */
    private static final class Row {
        final double[] below;
        final double[] e;
        double sum;
        double squares;
        double weighted;
        double sumError;
        double squaresError;
        double weightedError;
        double logits;

        Row(Trial trial, int r, int cols) {
            below = new double[cols];
            e = new double[cols];
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < cols; c++) {
                max = Math.max(max, trial.value("logits", r, c));
            }
            double additions = depth(Math.min(cols, 2048)) * U;
            for (int c = 0; c < cols; c++) {
                double x = trial.value("logits", r, c);
                below[c] = x - max;
                e[c] = Math.exp(below[c]);
                // x - max is rounded once, which moves e by that times itself; the exponential is off by 2.2 U.
                double share = U * (Math.abs(below[c]) + 2.2);
                sum += e[c];
                sumError += e[c] * (share + additions);
                squares += e[c] * e[c];
                squaresError += e[c] * e[c] * (2 * share + additions + U);
                weighted += e[c] * Math.abs(below[c]);
                weightedError += e[c] * Math.abs(below[c]) * (share + additions + 2 * U);
                logits += Math.abs(x) * additions;
            }
        }

        double lse() {
            return 1.01 * sumError / sum;
        }
    }

    private static Row[] rows(Trial trial, int rows, int cols) {
        return IntStream.range(0, rows).mapToObj(r -> new Row(trial, r, cols)).toArray(Row[]::new);
    }

    private static Trial trial(int rows, int cols, double deviation) {
        Trial trial = new Trial(rows + cols)
                .normal("logits", rows, cols, deviation)
                .normal("statistics", rows, HeadStatistics.COLUMNS, 1)
                .normal("g", 1, rows, 1);
        int[] targets = IntStream.range(0, rows).map(r -> r * 31 % cols).toArray();
        return trial.ids("targets", targets);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 7, 3", "13, 33, 3", "5, 576, 20", "3, 4099, 3", "2, 49152, 4"})
    void statisticsStayWithinTheirBounds(int rows, int cols, double deviation) {
        Trial trial = trial(rows, cols, deviation);
        trial.run((ops, t) -> ops.logSoftmax(t.apply("logits"), t.apply("targets"), t.apply("statistics")));
        Row[] all = rows(trial, rows, cols);
        trial.within("statistics", (r, c) -> {
            Row row = all[r];
            double rounding = U * Math.abs(trial.expected("statistics", r, c));
            double error = switch (c) {
                case HeadStatistics.LOGP, HeadStatistics.LOG_SUM_EXP -> row.lse();
                case HeadStatistics.ENTROPY -> row.lse() * (1 + row.weighted / row.sum) + row.weightedError / row.sum;
                case HeadStatistics.MEAN_LOGIT -> row.logits / cols;
                case HeadStatistics.LOG_SUM_P2 -> row.squaresError / row.squares + 2 * row.lse();
                default -> 0;
            };
            return 1.01 * (error + rounding);
        });
        trial.rounded("logits");
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 7, 3", "13, 33, 3", "5, 576, 20", "2, 49152, 4"})
    void gradientStaysWithinItsBound(int rows, int cols, double deviation) {
        Trial trial = trial(rows, cols, deviation);
        trial.run((ops, t) -> {
            ops.logSoftmax(t.apply("logits"), t.apply("targets"), t.apply("statistics"));
            ops.logSoftmaxBackward(t.apply("logits"), t.apply("targets"), t.apply("statistics"), t.apply("g"));
        });
        int[] targets = IntStream.range(0, rows).map(r -> r * 31 % cols).toArray();
        Row[] all = rows(trial, rows, cols);
        trial.within("logits", (r, c) -> {
            double lse = trial.expected("statistics", r, HeadStatistics.LOG_SUM_EXP);
            double below = trial.value("logits", r, c) - lse;
            // lse as the statistics hold it, a difference, the exponential, and the product with g.
            double share = all[r].lse() + U * (Math.abs(lse) + Math.abs(below) + 2.2);
            double g = Math.abs(trial.value("g", 0, r));
            double size = Math.abs(trial.expected("logits", r, c));
            return 1.01 * (g * Math.exp(below) * share + 2 * U * size + (c == targets[r] ? U * g : 0)) + 1e-37;
        });
    }

    @Test
    void theFirstOfEqualLogitsIsTheTop() {
        int[] i = {0};
        double[] logits = {1, 5, 5, 0, /* */ 5, 5, 1, 1, /* */ 0, 0, 0, 0, /* */ 1, 2, 3, 4};
        Trial trial = new Trial(1)
                .values("logits", 4, 4, () -> logits[i[0]++])
                .normal("statistics", 4, HeadStatistics.COLUMNS, 1)
                .ids("targets", 2, 0, 3, 3)
                .run((ops, t) -> ops.logSoftmax(t.apply("logits"), t.apply("targets"), t.apply("statistics")));
        double[] top = {0, 1, 0, 1};
        for (int r = 0; r < 4; r++) {
            assertEquals(top[r], trial.expected("statistics", r, HeadStatistics.TOP1));
            assertEquals(top[r], trial.actual("statistics", r, HeadStatistics.TOP1));
        }
    }

    @Test
    void anInfiniteLogitIsNotHidden() {
        int[] i = {0};
        double[] logits = {1, Double.NaN, 0, 2, Double.POSITIVE_INFINITY, 0};
        Trial trial = new Trial(1)
                .values("logits", 2, 3, () -> logits[i[0]++])
                .normal("statistics", 2, HeadStatistics.COLUMNS, 1)
                .ids("targets", 0, 0);
        trial.run((ops, t) -> ops.logSoftmax(t.apply("logits"), t.apply("targets"), t.apply("statistics")));
        for (int r = 0; r < 2; r++) {
            assertEquals(Double.NaN, trial.actual("statistics", r, HeadStatistics.LOG_SUM_EXP));
        }
    }
}
