package io.github.jalign.checkpoint;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.github.jalign.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Elements of a GGUF tensor to numbers and back: the formulas of ggml-quants.c (August 2026), in float32 as there. */
final class GgmlBlocks {
    /** Elements a block of a quantised type. */
    private static final int N = 32;

    private static final int HALF = N / 2;

    private GgmlBlocks() {}

    /**
     * @param source whole blocks
     * @param target as many floats as the blocks hold
     */
    static void decode(GgmlType type, MemorySegment source, float[] target, int count) {
        switch (type) {
            case F32, F16, BF16 -> {
                MemorySegment floats = MemorySegment.ofArray(target).asSlice(0, (long) count * Float.BYTES);
                FloatFormats.convert(dtype(type), source, DType.F32, floats);
            }
            case Q8_0 -> {
                for (int b = 0; b < count / N; b++) {
                    long at = (long) b * type.blockBytes();
                    float d = half(source, at);
                    for (int i = 0; i < N; i++) {
                        target[b * N + i] = d * source.get(JAVA_BYTE, at + 2 + i);
                    }
                }
            }
            case Q4_0 -> {
                for (int b = 0; b < count / N; b++) {
                    long at = (long) b * type.blockBytes();
                    float d = half(source, at);
                    for (int i = 0; i < HALF; i++) {
                        int q = source.get(JAVA_BYTE, at + 2 + i);
                        target[b * N + i] = d * ((q & 15) - 8);
                        target[b * N + HALF + i] = d * ((q >> 4 & 15) - 8);
                    }
                }
            }
            case Q4_1 -> {
                for (int b = 0; b < count / N; b++) {
                    long at = (long) b * type.blockBytes();
                    float d = half(source, at);
                    float m = half(source, at + 2);
                    for (int i = 0; i < HALF; i++) {
                        int q = source.get(JAVA_BYTE, at + 4 + i);
                        target[b * N + i] = d * (q & 15) + m;
                        target[b * N + HALF + i] = d * (q >> 4 & 15) + m;
                    }
                }
            }
        }
    }

    /**
     * Q8_0: the largest element in size becomes ±127, the others are rounded to nearest, halves away from zero.
     *
     * @param values whole blocks of finite numbers
     * @return the index of the first element of a block whose scale is too large for F16, or -1
     */
    static int encodeQ8(float[] values, int count, MemorySegment target) {
        for (int b = 0; b < count / N; b++) {
            float largest = 0;
            for (int i = 0; i < N; i++) {
                largest = Math.max(largest, Math.abs(values[b * N + i]));
            }
            float d = largest / 127;
            float inverse = d == 0 ? 0 : 1 / d;
            short scale = Float.floatToFloat16(d);
            if (!(Math.abs(Float.float16ToFloat(scale)) < Float.POSITIVE_INFINITY)) {
                return b * N;
            }
            long at = (long) b * GgmlType.Q8_0.blockBytes();
            target.set(JAVA_SHORT_UNALIGNED, at, scale);
            for (int i = 0; i < N; i++) {
                target.set(JAVA_BYTE, at + 2 + i, (byte) roundAwayFromZero(values[b * N + i] * inverse));
            }
        }
        return -1;
    }

    /** As C's roundf. Below 2^23 a float's half is exact, so adding in double and cutting rounds once. */
    private static int roundAwayFromZero(float x) {
        return (int) (x + Math.copySign(0.5, x));
    }

    private static float half(MemorySegment source, long at) {
        return Float.float16ToFloat(source.get(JAVA_SHORT_UNALIGNED, at));
    }

    private static DType dtype(GgmlType type) {
        DType dtype = type.dtype();
        if (dtype == null) {
            throw new IllegalArgumentException("quantised: " + type);
        }
        return dtype;
    }
}
