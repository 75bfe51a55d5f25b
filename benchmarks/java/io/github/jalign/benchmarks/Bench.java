package io.github.jalign.benchmarks;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;
import java.util.SplittableRandom;

/** What the benchmarks share: the CPU backend, planned for SmolLM2-135M, and tensors of random numbers. */
final class Bench implements AutoCloseable {
    static final int HIDDEN = 576;
    static final int FEED_FORWARD = 1536;
    static final int VOCABULARY = 49152;
    static final int HEADS = 9;
    static final int KEY_VALUE_HEADS = 3;
    static final int HEAD_DIM = 64;

    final Ops ops;
    private final SplittableRandom random = new SplittableRandom(1);
    private int made;

    Bench(int threads, int tokens) {
        ops = Backend.CPU.open(threads);
        ops.reserve(new Workload(
                tokens, tokens, HEADS, KEY_VALUE_HEADS, HEAD_DIM, 2 * FEED_FORWARD, HIDDEN, VOCABULARY, tokens));
    }

    Tensor zeros(int rows, int cols) {
        return ops.allocate("benchmark " + made++, List.of(new TensorSpec("t", DType.F32, rows, cols))).get("t");
    }

    /** Uniform in (-1, 1) times {@code spread}. */
    Tensor random(int rows, int cols, double spread) {
        double[] values = new double[Math.multiplyExact(rows, cols)];
        for (int i = 0; i < values.length; i++) {
            values[i] = spread * (2 * random.nextDouble() - 1);
        }
        Tensor tensor = zeros(rows, cols);
        ops.write(tensor, values);
        return tensor;
    }

    Tensor ids(int count, int bound) {
        Tensor tensor = ops.allocate("benchmark " + made++, List.of(new TensorSpec("ids", DType.I32, 1, count)))
                .get("ids");
        ops.write(tensor, random.ints(count, 0, bound).toArray());
        return tensor;
    }

    /** @throws IllegalStateException when a result is further from the truth than float32 explains */
    static void check(double expected, double found, double bound, String what) {
        if (!(Math.abs(expected - found) <= bound)) {
            throw new IllegalStateException(what + ": " + found + " instead of " + expected + " +- " + bound);
        }
    }

    @Override
    public void close() {
        ops.close();
    }
}
