package io.github.jalign.tensor;

/**
 * What a {@link TensorArena} is asked to hold.
 *
 * @param rows at least 0; a vector has one row
 * @param cols at least 1
 */
public record TensorSpec(String name, DType dtype, int rows, int cols) {
    public TensorSpec {
        if (rows < 0 || cols < 1) {
            throw new IllegalArgumentException(name + ": no tensor of " + rows + " x " + cols);
        }
    }

    public long elements() {
        return (long) rows * cols;
    }
}
