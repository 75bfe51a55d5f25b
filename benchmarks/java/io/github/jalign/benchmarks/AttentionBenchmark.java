package io.github.jalign.benchmarks;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
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
 * Attention of one layer of SmolLM2-135M (9 heads over 3, 64 wide), forward and backward: a pair that shares its prompt
 * ("166 313": prompt and each completion), or one sequence ("1024 0"). Read {@code gflop} as GFLOP/s of the pairs
 * (query, key) that the mask allows: 4·E of them forward, 10·E backward.
 *
 * <pre>
 * mvn -q -Pbench -DskipTests verify -Djmh="Attention -p threads=1,2"
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AttentionBenchmark {
    private static final AttentionShape SHAPE = new AttentionShape(9, 3, 64, 0);

    @Param({"166 313", "1024 0"})
    public String lengths = "";

    @Param("2")
    public int threads;

    private Ops ops;
    private Layer layer;

    /** The tensors of one layer in one backend. */
    private record Layer(Ops ops, Segments segments, Tensor qkv, Tensor dout, Tensor out, Tensor lse, Tensor dqkv) {
        static Layer of(Ops ops, int prompt, int completion) {
            Segments segments = completion == 0
                    ? Segments.sequences(prompt)
                    : new Segments(
                            new int[] {0, prompt, prompt + completion}, new int[] {-1, 0, 0}, prompt + 2 * completion);
            int t = segments.tokens();
            ops.reserve(new Workload(t, t, SHAPE.heads(), SHAPE.keyValueHeads(), SHAPE.headDim(), 960, 576, 8, 1, true));
            return new Layer(
                    ops,
                    segments,
                    Bench.normal(ops, t, SHAPE.packedWidth(), 1),
                    Bench.normal(ops, t, SHAPE.queryWidth(), 2),
                    Bench.zeros(ops, t, SHAPE.queryWidth()),
                    Bench.zeros(ops, t, SHAPE.heads()),
                    Bench.zeros(ops, t, SHAPE.packedWidth()));
        }

        void forward() {
            ops.attention(qkv, segments, SHAPE, out, lse);
        }

        void backward() {
            ops.attentionBackward(dout, qkv, out, lse, segments, SHAPE, dqkv);
        }
    }

    @Setup(Level.Trial)
    public void open() {
        String[] sizes = lengths.split(" ");
        ops = Backend.CPU.open(threads);
        check();
        layer = Layer.of(ops, Integer.parseInt(sizes[0]), Integer.parseInt(sizes[1]));
        layer.forward();
    }

    /** A small tree against the float64 reference. */
    private void check() {
        try (Ops reference = Backend.REFERENCE.open(1)) {
            Layer expected = Layer.of(reference, 45, 38);
            Layer actual = Layer.of(ops, 45, 38);
            for (Layer l : new Layer[] {expected, actual}) {
                l.forward();
                l.backward();
            }
            Bench.check("out", ops.read(actual.out), reference.read(expected.out));
            Bench.check("lse", ops.read(actual.lse), reference.read(expected.lse));
            Bench.check("dqkv", ops.read(actual.dqkv), reference.read(expected.dqkv));
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        ops.close();
    }

    @Benchmark
    public void forward(Work work) {
        layer.forward();
        work.gflop += 4e-9 * layer.segments.attended() * SHAPE.queryWidth();
    }

    @Benchmark
    public void backward(Work work) {
        layer.backward();
        work.gflop += 10e-9 * layer.segments.attended() * SHAPE.queryWidth();
    }
}
