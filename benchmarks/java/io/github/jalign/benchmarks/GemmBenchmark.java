package io.github.jalign.benchmarks;

import io.github.jalign.ops.Weight;
import io.github.jalign.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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

/** The three products of a linear layer in the shapes of SmolLM2-135M; the counter {@code gflop} is GFLOP/s. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class GemmBenchmark {
    @Param({"1024"})
    public int tokens;

    /** Rows x columns of the weight: q|k|v, attention out, gate|up, down. */
    @Param({"960x576", "576x576", "3072x576", "576x1536"})
    public String weight;

    @Param({"1", "2"})
    public int threads;

    private Bench bench;
    private Weight w;
    private Tensor x;
    private Tensor y;
    private Tensor dw;
    private double gflop;

    @Setup
    public void setUp() {
        String[] sizes = weight.split("x");
        int out = Integer.parseInt(sizes[0]);
        int in = Integer.parseInt(sizes[1]);
        bench = new Bench(threads, tokens);
        Tensor matrix = bench.random(out, in, 1);
        w = bench.ops.weight(matrix);
        x = bench.random(tokens, in, 1);
        y = bench.zeros(tokens, out);
        dw = bench.zeros(out, in);
        gflop = 2e-9 * tokens * out * in;
        w.linear(x, y, false);
        double[] a = bench.ops.read(x.rows(3, 1));
        double[] b = bench.ops.read(matrix.rows(out - 1, 1));
        double sum = 0;
        double magnitude = 0;
        for (int k = 0; k < in; k++) {
            sum += a[k] * b[k];
            magnitude += Math.abs(a[k] * b[k]);
        }
        // n terms summed one after another in float32: n * 2^-24 of the sum of magnitudes at most
        Bench.check(sum, bench.ops.read(y.rows(3, 1))[out - 1], in * 0x1p-24 * magnitude, "product");
    }

    @TearDown
    public void tearDown() {
        bench.close();
    }

    /** Work done, as a rate. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Work {
        public double gflop;

        @Setup(Level.Iteration)
        public void clear() {
            gflop = 0;
        }
    }

    @Benchmark
    public void forward(Work work) {
        w.linear(x, y, false);
        work.gflop += gflop;
    }

    @Benchmark
    public void dx(Work work) {
        w.linearDx(y, x, false);
        work.gflop += gflop;
    }

    @Benchmark
    public void dw(Work work) {
        w.linearDw(y, x, dw);
        work.gflop += gflop;
    }
}
