package io.github.jalign.benchmarks;

import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;
import java.util.Random;

/** Tensors for benchmarks, and the check that stands before every speed. */
final class Bench {
    private Bench() {}

    static Tensor zeros(Ops ops, int rows, int cols) {
        TensorArena arena = ops.allocate("benchmark", List.of(new TensorSpec("x", ops.dtype(), rows, cols)));
        return arena.get("x");
    }

    /** Normally distributed floats, the same for every backend and call of this seed. */
    static Tensor normal(Ops ops, int rows, int cols, long seed) {
        Tensor x = zeros(ops, rows, cols);
        Random random = new Random(seed);
        double[] values = new double[Math.toIntExact(x.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        ops.write(x, values);
        return x;
    }

    static Tensor ids(Ops ops, int... values) {
        TensorArena arena = ops.allocate("benchmark", List.of(new TensorSpec("ids", DType.I32, 1, values.length)));
        ops.write(arena.get("ids"), values);
        return arena.get("ids");
    }

    /** @throws IllegalStateException when a result is further from the truth than float32 allows */
    static void check(String what, double actual, double expected, double bound) {
        if (!(Math.abs(actual - expected) <= bound)) {
            throw new IllegalStateException(what + " is " + actual + ", not " + expected + " ± " + bound);
        }
    }

    /** Every element within 1e-4 of the largest, which is what gradients of a whole model are held to. */
    static void check(String what, double[] actual, double[] expected) {
        double largest = 0;
        for (double e : expected) {
            largest = Math.max(largest, Math.abs(e));
        }
        for (int i = 0; i < expected.length; i++) {
            check(what + "[" + i + "]", actual[i], expected[i], 1e-4 * largest);
        }
    }
}
