package io.github.jalign.benchmarks;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Weight;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;
import java.util.Random;
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
 * The three products of a linear layer on the shapes of SmolLM2-135M: T x N x K for qkv, gate and up, down and the head.
 * Read {@code gflop} as GFLOP/s.
 *
 * <pre>
 * mvn -q -Pbench -DskipTests verify -Djmh="Gemm -p threads=1,2"
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class GemmBenchmark {
    @Param({"792 960 576", "792 3072 576", "792 576 1536", "626 49152 576"})
    public String shape = "";

    @Param("2")
    public int threads;

    private Ops ops;
    private Weight weight;
    private Tensor w;
    private Tensor x;
    private Tensor y;
    private Tensor dx;
    private Tensor dw;
    private double gflop;

    @Setup(Level.Trial)
    public void open() {
        String[] sizes = shape.split(" ");
        int t = Integer.parseInt(sizes[0]);
        int n = Integer.parseInt(sizes[1]);
        int k = Integer.parseInt(sizes[2]);
        ops = Backend.CPU.open(threads);
        ops.reserve(new Workload(t, t, 9, 3, 64, n, k, n, t, true));
        x = Bench.normal(ops, t, k, 1);
        w = Bench.normal(ops, n, k, 2);
        y = Bench.zeros(ops, t, n);
        dx = Bench.zeros(ops, t, k);
        dw = Bench.zeros(ops, n, k);
        weight = ops.weight(w);
        gflop = 2e-9 * t * n * k;
        check();
    }

    /** Some elements of each product against float64, within depth · 2⁻²⁴ · Σ|a·b|. */
    private void check() {
        weight.linear(x, y, false);
        weight.linearDx(y, dx, false);
        weight.linearDw(y, x, dw);
        double[] xs = ops.read(x);
        double[] ws = ops.read(w);
        double[] ys = ops.read(y);
        double[] dxs = ops.read(dx);
        double[] dws = ops.read(dw);
        Random random = new Random(3);
        for (int i = 0; i < 50; i++) {
            int t = random.nextInt(x.rows());
            int n = random.nextInt(w.rows());
            int k = random.nextInt(w.cols());
            checkOne("y", ys[t * w.rows() + n], xs, t * w.cols(), 1, ws, n * w.cols(), 1, w.cols());
            checkOne("dx", dxs[t * w.cols() + k], ys, t * w.rows(), 1, ws, k, w.cols(), w.rows());
            checkOne("dw", dws[n * w.cols() + k], ys, n, w.rows(), xs, k, w.cols(), x.rows());
        }
    }

    private static void checkOne(
            String what, double actual, double[] a, int aAt, int aStep, double[] b, int bAt, int bStep, int depth) {
        double sum = 0;
        double magnitude = 0;
        for (int i = 0; i < depth; i++) {
            double product = a[aAt + i * aStep] * b[bAt + i * bStep];
            sum += product;
            magnitude += Math.abs(product);
        }
        Bench.check(what, actual, sum, (depth + 1) * 0x1p-24 * magnitude);
    }

    @TearDown(Level.Trial)
    public void close() {
        ops.close();
    }

    @Benchmark
    public void forward(Work work) {
        weight.linear(x, y, false);
        work.gflop += gflop;
    }

    @Benchmark
    public void dx(Work work) {
        weight.linearDx(y, dx, false);
        work.gflop += gflop;
    }

    @Benchmark
    public void dw(Work work) {
        weight.linearDw(y, x, dw);
        work.gflop += gflop;
    }
}
