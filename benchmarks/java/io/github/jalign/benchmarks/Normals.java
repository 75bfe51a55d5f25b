package io.github.jalign.benchmarks;

import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.BFloat16;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Normally distributed numbers for tensors of any size, known to the host without reading them back: one block over and
 * over, sent once and copied on the device. The block is 16 times a prime long, so no two rows of a matrix are alike.
 */
final class Normals {
    private static final int WIDTH = 16;
    private static final int PRIME = 131_101;

    private final float[] block = new float[WIDTH * PRIME];

    Normals(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < block.length; i++) {
            block[i] = (float) random.nextGaussian();
        }
    }

    /** A tensor and what stands in it. */
    record Known(Tensor tensor, Normals normals, int phase, double spread) {
        double at(int row, int col) {
            return normals.value(tensor.dtype(), phase, spread, (long) row * tensor.cols() + col);
        }

        /** @return [cols] */
        double[] row(int row) {
            double[] values = new double[tensor.cols()];
            for (int c = 0; c < values.length; c++) {
                values[c] = at(row, c);
            }
            return values;
        }
    }

    private double value(DType dtype, int phase, double spread, long i) {
        float value = (float) (spread * block[(int) ((i + phase) % block.length)]);
        return dtype == DType.BF16 ? BFloat16.toFloat(BFloat16.round(value)) : value;
    }

    /**
     * Fills a contiguous tensor with normal numbers of that spread.
     *
     * @param number of the tensor: those of different numbers begin elsewhere in the block
     */
    Known fill(Ops ops, Tensor x, int number, double spread) {
        int phase = (int) (number * 7_919L * WIDTH % block.length);
        long elements = x.elements();
        int first = (int) Math.min(elements, block.length);
        double[] values = new double[first];
        Arrays.setAll(values, i -> spread * block[(i + phase) % block.length]);
        ops.write(part(x, 0, first), values);
        for (long done = first; done < elements; ) {
            long more = Math.min(done, elements - done);
            ops.copy(part(x, 0, more), part(x, done, more));
            done += more;
        }
        return new Known(x, this, phase, spread);
    }

    /** Elements from a multiple of the block, 16 a row where there are so many that no int counts them. */
    private static Tensor part(Tensor x, long from, long count) {
        return count < Integer.MAX_VALUE
                ? new Tensor(x.name(), x.memory(), x.dtype(), x.offset() + from, 1, (int) count, (int) count)
                : new Tensor(
                        x.name(), x.memory(), x.dtype(), x.offset() + from, Math.toIntExact(count / WIDTH), WIDTH, WIDTH);
    }
}
