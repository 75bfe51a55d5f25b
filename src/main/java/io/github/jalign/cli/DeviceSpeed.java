package io.github.jalign.cli;

import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Weight;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;

/**
 * What a device does in a second, by the operators that training calls.
 *
 * @param size n of the square matrices that were multiplied
 * @param productFlops floating-point operations a second of a linear layer, n x n by n x n
 * @param copyBytes bytes read and written a second by a copy within the device's memory
 * @param uploadBytes bytes a second from the host's memory to the device's
 * @param downloadBytes bytes a second back
 */
record DeviceSpeed(int size, double productFlops, double copyBytes, double uploadBytes, double downloadBytes) {
    private static final int SMALLEST = 512;
    private static final int LARGEST = 8192;
    /** A product that takes so long is large enough to time: launches are thousands of times shorter. */
    private static final double ENOUGH_SECONDS = 4e-3;

    private static final double SETTLED_SECONDS = 0.4;
    private static final double MOST_SECONDS = 5;
    private static final double IMPROVEMENT = 1.05;
    private static final double BATCH_SECONDS = 0.05;
    private static final int MOST_CALLS = 1000;
    private static final int COPY_ROWS = 4096;
    private static final int COPY_COLS = 4096;

    /** Takes a few seconds. */
    static DeviceSpeed of(Ops ops) {
        int size = SMALLEST;
        double seconds = secondsOfProduct(ops, size);
        while (seconds < ENOUGH_SECONDS && size < LARGEST) {
            size *= 2;
            seconds = secondsOfProduct(ops, size);
        }
        DType dtype = ops.dtype();
        List<TensorSpec> specs = List.of(
                new TensorSpec("x", dtype, COPY_ROWS, COPY_COLS), new TensorSpec("y", dtype, COPY_ROWS, COPY_COLS));
        try (TensorArena arena = ops.allocate("copies", specs)) {
            Tensor x = arena.get("x");
            Tensor y = arena.get("y");
            double bytes = (double) x.elements() * dtype.bytes();
            double copy = seconds(ops, x, () -> ops.copy(x, y));
            double upload = seconds(ops, x, () -> ops.upload(x, target -> {}));
            double download = seconds(ops, x, () -> ops.download(x));
            double flops = 2.0 * size * size * size;
            return new DeviceSpeed(size, flops / seconds, 2 * bytes / copy, bytes / upload, bytes / download);
        }
    }

    private static double secondsOfProduct(Ops ops, int n) {
        ops.reserve(new Workload(n, 1, 1, 1, 2, n, n, 1, 1, false));
        TensorSpec matrix = new TensorSpec("w", ops.accumulationDtype(), n, n);
        List<TensorSpec> rows = List.of(new TensorSpec("x", ops.dtype(), n, n), new TensorSpec("y", ops.dtype(), n, n));
        try (TensorArena weights = ops.allocate("weights", List.of(matrix));
                TensorArena activations = ops.allocate("activations", rows)) {
            Tensor x = activations.get("x");
            Tensor y = activations.get("y");
            ops.fill(weights.get("w"), 1.0 / n); // a power of two: every sum is exactly 1
            ops.fill(x, 1);
            Weight w = ops.weight(weights.get("w"));
            w.refresh();
            double seconds = seconds(ops, y, () -> w.linear(x, y, false));
            double squares = ops.sumOfSquares(y);
            if (squares != (double) n * n) {
                throw new IllegalStateException(
                        ops.description() + ": the squares of a product of ones sum to " + squares + ", not " + n + "²");
            }
            return seconds;
        }
    }

    /**
     * Of one call: the fastest batch, so that other programs count little. Goes on while batches become faster, since
     * vector code that is not compiled yet is a hundred times slower.
     */
    private static double seconds(Ops ops, Tensor result, Runnable call) {
        Tensor row = result.rows(0, 1);
        double fastest = Double.MAX_VALUE;
        int calls = 1;
        long end = System.nanoTime();
        long last = end + (long) (MOST_SECONDS * 1e9);
        long improved = end;
        while (end - improved < SETTLED_SECONDS * 1e9 && end < last) {
            long began = System.nanoTime();
            for (int i = 0; i < calls; i++) {
                call.run();
            }
            ops.download(row); // waits for what is queued
            end = System.nanoTime();
            double seconds = (end - began) / 1e9 / calls;
            if (seconds < fastest / IMPROVEMENT) {
                improved = end;
            }
            fastest = Math.min(fastest, seconds);
            calls = (int) Math.clamp(BATCH_SECONDS / seconds, 1, MOST_CALLS);
        }
        return fastest;
    }
}
