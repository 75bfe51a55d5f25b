package io.github.jalign.ops.cpu;

import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Float32 rows in memory: element (i, j) stands at {@code offset + i * stride + j}, counted in elements.
 *
 * @param stride elements from one row to the next
 */
record Matrix(MemorySegment memory, long offset, long stride) {

    static Matrix of(Tensor t) {
        if (t.dtype() != DType.F32) {
            throw new IllegalArgumentException(t + " is not F32");
        }
        return new Matrix(t.segment(), t.offset(), t.stride());
    }

    /** The matrix from element (row, column) on. */
    Matrix part(long row, long column) {
        return new Matrix(memory, offset + row * stride + column, stride);
    }

    /** The byte at which element (row, column) starts. */
    long at(long row, long column) {
        return (offset + row * stride + column) * Float.BYTES;
    }
}
