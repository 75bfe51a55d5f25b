package io.github.jalign.benchmarks;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;

/** A GPU in bfloat16, opened for one group of timings: closing it gives back whatever the group allocated. */
record Device(Ops ops, Stopwatch watch, Normals normals, Shapes shapes, TimingLog log) implements AutoCloseable {
    static Device open(Normals normals, Shapes shapes, TimingLog log) {
        Ops ops = Backend.CUDA.open(0);
        return new Device(ops, new Stopwatch(ops, shapes), normals, shapes, log);
    }

    /** A tensor of activations to be allocated. */
    TensorSpec narrow(String name, int rows, int cols) {
        return new TensorSpec(name, ops.dtype(), rows, cols);
    }

    /** A tensor of sums, masters or gradients to be allocated. */
    TensorSpec wide(String name, int rows, int cols) {
        return new TensorSpec(name, ops.accumulationDtype(), rows, cols);
    }

    /** A tensor of ids to be allocated. */
    static TensorSpec ids(String name, int count) {
        return new TensorSpec(name, DType.I32, 1, count);
    }

    TensorArena allocate(TensorSpec... specs) {
        return ops.allocate("timings", List.of(specs));
    }

    /** How many memories of so many bytes to take in turn so that none is in a cache when it comes again. */
    int turns(long bytes) {
        return Math.clamp((shapes.coldBytes() + bytes - 1) / bytes, 1, 16);
    }

    @Override
    public void close() {
        ops.close();
    }

    /** The distance of two vectors, relative to the length of the second. */
    static double error(double[] actual, double[] expected) {
        double distance = 0;
        double length = 0;
        for (int i = 0; i < expected.length; i++) {
            distance += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            length += expected[i] * expected[i];
        }
        return Math.sqrt(distance / length);
    }
}
