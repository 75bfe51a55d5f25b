package io.github.jalign.checkpoint;

import io.github.jalign.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Supplier;

/**
 * A tensor to be written.
 *
 * @param shape empty for a scalar
 * @param type of the values
 * @param saveAs the type in the file: the same, or another when both are among F64, F32, F16 and BF16
 * @param values asked for once, when the tensor's turn comes, so that a tensor may be fetched or put together then;
 *     exactly the shape's elements of {@code type}, row-major
 */
public record TensorSource(String name, List<Long> shape, DType type, DType saveAs, Supplier<MemorySegment> values) {
    public TensorSource {
        shape = List.copyOf(shape);
        if (type != saveAs && !(FloatFormats.isFloat(type) && FloatFormats.isFloat(saveAs))) {
            throw new IllegalArgumentException(name + ": no conversion from " + type + " to " + saveAs);
        }
        if (name.equals(SafetensorsHeader.METADATA) || shape.stream().anyMatch(n -> n < 0)) {
            throw new IllegalArgumentException("no tensor: " + name + " " + shape);
        }
    }

    /** Values that are at hand. */
    public TensorSource(String name, List<Long> shape, DType type, DType saveAs, MemorySegment values) {
        this(name, shape, type, saveAs, () -> values);
    }

    long elements() {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** In the file. */
    long bytes() {
        return Math.multiplyExact(elements(), (long) saveAs.bytes());
    }
}
