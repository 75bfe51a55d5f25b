package io.github.jalign.tensor;

import java.lang.foreign.MemorySegment;

/**
 * A matrix view of memory, row-major: element (r, c) lies {@code offset + r * stride + c} elements into the memory. A
 * vector is a matrix of one row. A tensor owns nothing; its {@link TensorArena} does.
 *
 * @param name for messages and checkpoints
 * @param offset in elements from the start of {@code memory}
 * @param stride elements from one row to the next, at least {@code cols}
 */
public record Tensor(String name, Memory memory, DType dtype, long offset, int rows, int cols, int stride) {

    /** The host memory; indexes into it start at {@link #offset}. */
    public MemorySegment segment() {
        return memory.host();
    }

    /**
     * The host bytes of exactly these elements.
     *
     * @throws IllegalArgumentException when rows are not adjacent
     */
    public MemorySegment hostBytes() {
        if (!contiguous()) {
            throw new IllegalArgumentException(this + " is not contiguous");
        }
        return segment().asSlice(offset * dtype.bytes(), elements() * dtype.bytes());
    }

    public long elements() {
        return (long) rows * cols;
    }

    public boolean contiguous() {
        return stride == cols || rows <= 1;
    }

    /** Index of element (r, c) from the start of the memory. */
    public long index(int r, int c) {
        return offset + (long) r * stride + c;
    }

    /** Rows [from, from + count). */
    public Tensor rows(int from, int count) {
        if (from < 0 || count < 0 || from + count > rows) {
            throw new IndexOutOfBoundsException(
                    name + ": rows [" + from + ", " + (from + count) + ") of " + rows);
        }
        return new Tensor(name, memory, dtype, index(from, 0), count, cols, stride);
    }

    /** Columns [from, from + count) of every row. */
    public Tensor columns(int from, int count) {
        if (from < 0 || count < 0 || from + count > cols) {
            throw new IndexOutOfBoundsException(
                    name + ": columns [" + from + ", " + (from + count) + ") of " + cols);
        }
        return new Tensor(name, memory, dtype, index(0, from), rows, count, stride);
    }

    public Tensor named(String newName) {
        return new Tensor(newName, memory, dtype, offset, rows, cols, stride);
    }

    @Override
    public String toString() {
        return name + "[" + rows + ", " + cols + "] " + dtype;
    }
}
