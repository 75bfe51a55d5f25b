package io.github.jalign.checkpoint;

import io.github.jalign.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Supplier;

/**
 * A tensor to be written into a GGUF file.
 *
 * @param shape one to four sizes, the width of a row last
 * @param type of the values: F64, F32, F16 or BF16
 * @param saveAs the type in the file: F32, F16, BF16 or Q8_0, whose rows are multiples of 32
 * @param values asked for once, when the tensor's turn comes; exactly the shape's elements of {@code type}, row-major
 */
public record GgufTensor(String name, List<Long> shape, DType type, GgmlType saveAs, Supplier<MemorySegment> values) {
    public GgufTensor {
        shape = List.copyOf(shape);
        boolean writes = saveAs == GgmlType.Q8_0 || !saveAs.quantised();
        if (!FloatFormats.isFloat(type)
                || !writes
                || shape.isEmpty()
                || shape.stream().anyMatch(n -> n < 1)
                || shape.getLast() % saveAs.blockElements() != 0) {
            throw new IllegalArgumentException(name + ": cannot write " + shape + " of " + type + " as " + saveAs);
        }
    }

    long elements() {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** In the file, without padding. */
    public long bytes() {
        return elements() / saveAs.blockElements() * saveAs.blockBytes();
    }
}
