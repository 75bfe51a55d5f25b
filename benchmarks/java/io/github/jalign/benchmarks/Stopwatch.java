package io.github.jalign.benchmarks;

import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Times what is queued on a device: blocks of launches between two waits, the first block not counted. A block is long
 * against the wait and the first launch, so what is left is the device's time, or the host's where that is longer.
 */
final class Stopwatch {
    private final Ops ops;
    private final double blockSeconds;
    private final int blocks;
    private final Tensor signal;

    Stopwatch(Ops ops, Shapes shapes) {
        this.ops = ops;
        this.blockSeconds = shapes.blockSeconds();
        this.blocks = shapes.blocks();
        this.signal = ops.allocate("signal", List.of(new TensorSpec("signal", ops.accumulationDtype(), 1, 1)))
                .get("signal");
    }

    /** Waits for all that is queued. */
    void await() {
        ops.download(signal);
    }

    /**
     * @param operation gets the number of the run, for those that take another memory each time
     * @return seconds of one run, the median of blocks
     */
    double seconds(IntConsumer operation) {
        operation.accept(0);
        double once = block(operation, 0, 1);
        int runs = Math.clamp((long) (blockSeconds / once), 1, 100_000);
        double[] seconds = new double[blocks];
        block(operation, 0, runs);
        for (int b = 0; b < blocks; b++) {
            seconds[b] = block(operation, (b + 1) * runs, runs) / runs;
        }
        return median(seconds);
    }

    private double block(IntConsumer operation, int first, int runs) {
        await();
        long began = System.nanoTime();
        for (int i = 0; i < runs; i++) {
            operation.accept(first + i);
        }
        await();
        return (System.nanoTime() - began) / 1e9;
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }
}
