package io.github.jalign.benchmarks;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Weight;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The fused head of SmolLM2-135M on completion rows only (49,152 logits a row, width 576): the pass over the logits alone,
 * its gradient alone, and the whole head forward and backward with its three products. Read {@code gflop} of
 * {@code forwardAndBackward} as GFLOP/s of the products.
 *
 * <pre>
 * mvn -q -Pbench -DskipTests verify -Djmh="Head -p threads=1,2"
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class HeadBenchmark {
    private static final int VOCABULARY = 49_152;
    private static final int WIDTH = 576;

    @Param("313")
    public int rows;

    @Param("2")
    public int threads;

    private Ops ops;
    private Weight weight;
    private Tensor hidden;
    private Tensor logits;
    private Tensor targets;
    private Tensor statistics;
    private Tensor g;
    private Tensor dhidden;
    private Tensor dw;

    @Setup(Level.Trial)
    public void open() {
        ops = Backend.CPU.open(threads);
        ops.reserve(new Workload(rows, rows, 9, 3, 64, WIDTH, WIDTH, VOCABULARY, rows, true));
        hidden = Bench.normal(ops, rows, WIDTH, 1);
        Tensor w = Bench.normal(ops, VOCABULARY, WIDTH, 2);
        weight = ops.weight(w);
        logits = Bench.zeros(ops, rows, VOCABULARY);
        statistics = Bench.zeros(ops, rows, HeadStatistics.COLUMNS);
        g = Bench.normal(ops, 1, rows, 3);
        dhidden = Bench.zeros(ops, rows, WIDTH);
        dw = Bench.zeros(ops, VOCABULARY, WIDTH);
        int[] ids = new int[rows];
        for (int i = 0; i < rows; i++) {
            ids[i] = i * 31 % VOCABULARY;
        }
        targets = Bench.ids(ops, ids);
        weight.linear(hidden, logits, false);
        ops.logSoftmax(logits, targets, statistics);
        check(ids);
    }

    /** The log-probabilities of some rows against float64: a rounding of each difference, and of the result. */
    private void check(int[] ids) {
        double[] stats = ops.read(statistics);
        for (int row = 0; row < rows; row += 50) {
            double[] x = ops.read(logits.rows(row, 1));
            double max = Double.NEGATIVE_INFINITY;
            for (double v : x) {
                max = Math.max(max, v);
            }
            double sum = 0;
            for (double v : x) {
                sum += Math.exp(v - max);
            }
            double logp = x[ids[row]] - max - Math.log(sum);
            double bound = 0x1p-24 * (Math.abs(logp) + 300);
            Bench.check("log p of row " + row, stats[row * HeadStatistics.COLUMNS + HeadStatistics.LOGP], logp, bound);
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        ops.close();
    }

    @Benchmark
    public void pass() {
        ops.logSoftmax(logits, targets, statistics);
    }

    /** Runs on what it left behind: after the first call the numbers are tiny, the work is the same. */
    @Benchmark
    public void gradient() {
        ops.logSoftmaxBackward(logits, targets, statistics, g);
    }

    @Benchmark
    public void forwardAndBackward(Work work) {
        weight.linear(hidden, logits, false);
        ops.logSoftmax(logits, targets, statistics);
        ops.logSoftmaxBackward(logits, targets, statistics, g);
        weight.linearDw(logits, hidden, dw);
        weight.linearDx(logits, dhidden, false);
        work.gflop += 6e-9 * rows * VOCABULARY * WIDTH;
    }
}
