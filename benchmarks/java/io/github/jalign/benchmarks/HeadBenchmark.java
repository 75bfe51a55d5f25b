package io.github.jalign.benchmarks;

import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Weight;
import io.github.jalign.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The fused head of SmolLM2-135M on 256 completion rows: logits, one pass over them, its gradient in place. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class HeadBenchmark {
    private static final int ROWS = 256;

    @Param({"1", "2"})
    public int threads;

    private Bench bench;
    private Weight head;
    private Tensor hidden;
    private Tensor logits;
    private Tensor targets;
    private Tensor statistics;
    private Tensor g;

    @Setup
    public void setUp() {
        bench = new Bench(threads, ROWS);
        head = bench.ops.weight(bench.random(Bench.VOCABULARY, Bench.HIDDEN, 0.1));
        hidden = bench.random(ROWS, Bench.HIDDEN, 1);
        logits = bench.zeros(ROWS, Bench.VOCABULARY);
        targets = bench.ids(ROWS, Bench.VOCABULARY);
        statistics = bench.zeros(ROWS, HeadStatistics.COLUMNS);
        g = bench.random(1, ROWS, 1);
        linear();
        logSoftmax();
        double sum = 0;
        for (double logit : bench.ops.read(logits.rows(0, 1))) {
            sum += Math.exp(logit);
        }
        // exp and a sum in float32: a few units in the last place of a value near 11
        double found = bench.ops.read(statistics.rows(0, 1))[HeadStatistics.LOG_SUM_EXP];
        Bench.check(Math.log(sum), found, 16 * 0x1p-24 * Math.log(sum), "log-sum-exp");
    }

    @TearDown
    public void tearDown() {
        bench.close();
    }

    @Benchmark
    public void linear() {
        head.linear(hidden, logits, false);
    }

    @Benchmark
    public void logSoftmax() {
        bench.ops.logSoftmax(logits, targets, statistics);
    }

    @Benchmark
    public void logSoftmaxBackward() {
        bench.ops.logSoftmaxBackward(logits, targets, statistics, g);
    }
}
