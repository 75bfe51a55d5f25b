package io.github.jalign.benchmarks;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
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

/** Attention of one layer of SmolLM2-135M over one pair: prompt, chosen, rejected. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class AttentionBenchmark {
    private static final AttentionShape SHAPE =
            new AttentionShape(Bench.HEADS, Bench.KEY_VALUE_HEADS, Bench.HEAD_DIM, 0);

    @Param({"160,300,300", "512,256,256"})
    public String lengths;

    @Param({"1", "2"})
    public int threads;

    private Bench bench;
    private Segments pair;
    private Tensor qkv;
    private Tensor out;
    private Tensor lse;
    private Tensor dqkv;

    @Setup
    public void setUp() {
        String[] n = lengths.split(",");
        int prompt = Integer.parseInt(n[0]);
        int chosen = Integer.parseInt(n[1]);
        int tokens = prompt + chosen + Integer.parseInt(n[2]);
        pair = new Segments(new int[] {0, prompt, prompt + chosen}, new int[] {-1, 0, 0}, tokens);
        bench = new Bench(threads, tokens);
        qkv = bench.random(tokens, SHAPE.packedWidth(), 1);
        out = bench.zeros(tokens, SHAPE.queryWidth());
        lse = bench.zeros(tokens, SHAPE.heads());
        dqkv = bench.zeros(tokens, SHAPE.packedWidth());
        forward();
        // the first token of a sequence sees itself alone, so its output is its value
        double[] first = bench.ops.read(qkv.rows(0, 1));
        double[] result = bench.ops.read(out.rows(0, 1));
        for (int e = 0; e < Bench.HEAD_DIM; e++) {
            double value = first[SHAPE.queryWidth() + SHAPE.keyWidth() + e];
            Bench.check(value, result[e], 4 * 0x1p-24 * Math.abs(value), "attention");
        }
    }

    @TearDown
    public void tearDown() {
        bench.close();
    }

    @Benchmark
    public void forward() {
        bench.ops.attention(qkv, pair, SHAPE, out, lse);
    }

    @Benchmark
    public void backward() {
        bench.ops.attentionBackward(out, qkv, out, lse, pair, SHAPE, dqkv);
    }
}
