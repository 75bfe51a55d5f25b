package io.github.jalign.ops.cuda;

import io.github.jalign.tensor.BFloat16;
import io.github.jalign.tensor.DType;
import java.util.Random;

/** A matrix by columns in a test's device memory, with rows of padding that must stay as they are. */
final class DeviceMatrix {
    private static final int PADDING = 3;

    private final DeviceArrays arrays;
    private final DType dtype;
    private final float[] values;
    private final long address;
    private final int leading;

    /** Normally distributed, and rounded to the dtype: F32 or BF16. */
    DeviceMatrix(DeviceArrays arrays, int rows, int columns, DType dtype, Random random) {
        this.arrays = arrays;
        this.dtype = dtype;
        this.leading = rows + PADDING;
        this.values = new float[leading * columns];
        short[] narrow = new short[values.length];
        for (int i = 0; i < values.length; i++) {
            float x = (float) random.nextGaussian();
            narrow[i] = BFloat16.round(x);
            values[i] = dtype == DType.BF16 ? BFloat16.toFloat(narrow[i]) : x;
        }
        this.address = dtype == DType.BF16 ? arrays.of(narrow) : arrays.of(values);
    }

    long address() {
        return address;
    }

    int leading() {
        return leading;
    }

    Blas.Operand operand() {
        return new Blas.Operand(address, leading, dtype);
    }

    /** What it was made with. */
    float at(int row, int column) {
        return values[column * leading + row];
    }

    /** What it is now, padding and all. */
    float[] now() {
        if (dtype == DType.F32) {
            return arrays.floats(address, values.length);
        }
        short[] narrow = arrays.shorts(address, values.length);
        float[] wide = new float[narrow.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = BFloat16.toFloat(narrow[i]);
        }
        return wide;
    }
}
