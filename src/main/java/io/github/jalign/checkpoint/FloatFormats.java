package io.github.jalign.checkpoint;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Conversions between F64, F32, F16 and BF16, little endian on both sides: exact where the target is wider, rounded
 * once to nearest with ties to even where it is narrower; NaN stays NaN and keeps its sign. Values pass in blocks
 * through arrays, in loops that C2 vectorises.
 */
final class FloatFormats {
    /** Elements a block; its arrays fit a first-level cache. */
    private static final int BLOCK = 1024;

    private static final int F16_INFINITY = 0x7c00;
    private static final int BF16_INFINITY = 0x7f80;

    private final double[] doubles = new double[BLOCK];
    private final float[] floats = new float[BLOCK];
    private final short[] shorts = new short[BLOCK];

    private FloatFormats() {}

    static boolean isFloat(DType type) {
        return switch (type) {
            case F64, F32, F16, BF16 -> true;
            case I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> false;
        };
    }

    /**
     * Converts all elements of {@code source}; copies them, of whatever type, when {@code from} is {@code to}.
     *
     * @param target as many elements of type {@code to}
     * @return the index of a finite value that is too large for {@code to} and would become infinite, or -1; with such
     *     a value the target is unfinished
     */
    static long convert(DType from, MemorySegment source, DType to, MemorySegment target) {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new UnsupportedOperationException("jalign needs a little-endian machine");
        }
        if (from == to) {
            MemorySegment.copy(source, 0, target, 0, source.byteSize());
            return -1;
        }
        FloatFormats block = new FloatFormats();
        long count = source.byteSize() / from.bytes();
        for (long at = 0; at < count; at += BLOCK) {
            int n = (int) Math.min(BLOCK, count - at);
            block.load(from, source, at, n);
            int overflow = block.store(from, to, target, at, n);
            if (overflow >= 0) {
                return at + overflow;
            }
        }
        return -1;
    }

    /** For a value that {@link #convert} pointed at. */
    static JalignException tooLarge(String where, DType from, MemorySegment source, long index, DType to) {
        FloatFormats block = new FloatFormats();
        block.load(from, source, index, 1);
        return new JalignException(
                JalignException.Kind.NUMERIC,
                where,
                "every finite value must stay finite as " + to,
                (from == DType.F64 ? block.doubles[0] : block.floats[0]) + " at index " + index,
                "at most " + largest(to) + " in size",
                to == DType.F16 ? "choose bfloat16 or float32" : "look for what made the value so large");
    }

    private static String largest(DType to) {
        return switch (to) {
            case F16 -> "65504";
            case BF16 -> "3.3895e38";
            case F32 -> "3.4028e38";
            case F64 -> "1.7977e308";
            case I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> throw noFloats(to);
        };
    }

    /** F64 comes to lie in {@link #doubles}, the others in {@link #floats}. */
    private void load(DType from, MemorySegment source, long at, int n) {
        switch (from) {
            case F64 -> MemorySegment.copy(source, JAVA_DOUBLE_UNALIGNED, at * Double.BYTES, doubles, 0, n);
            case F32 -> MemorySegment.copy(source, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, floats, 0, n);
            case F16 -> {
                MemorySegment.copy(source, JAVA_SHORT_UNALIGNED, at * Short.BYTES, shorts, 0, n);
                fromF16(shorts, floats, n);
            }
            case BF16 -> {
                MemorySegment.copy(source, JAVA_SHORT_UNALIGNED, at * Short.BYTES, shorts, 0, n);
                fromBf16(shorts, floats, n);
            }
            case I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> throw noFloats(from);
        }
    }

    /** Returns the index of a finite value that became infinite, or -1. */
    private int store(DType from, DType to, MemorySegment target, long at, int n) {
        boolean doubled = from == DType.F64;
        switch (to) {
            case F64 -> {
                widen(floats, doubles, n);
                MemorySegment.copy(doubles, 0, target, JAVA_DOUBLE_UNALIGNED, at * Double.BYTES, n);
                return -1;
            }
            case F32 -> {
                if (doubled) {
                    narrow(doubles, floats, n);
                }
                MemorySegment.copy(floats, 0, target, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, n);
                return doubled ? firstOverflow(doubles, floats, n) : -1;
            }
            case F16 -> {
                if (doubled) {
                    narrowToOdd(doubles, floats, n);
                }
                toF16(floats, shorts, n);
                MemorySegment.copy(shorts, 0, target, JAVA_SHORT_UNALIGNED, at * Short.BYTES, n);
                return firstOverflow(floats, shorts, F16_INFINITY, n);
            }
            case BF16 -> {
                if (doubled) {
                    narrowToOdd(doubles, floats, n);
                }
                toBf16(floats, shorts, n);
                MemorySegment.copy(shorts, 0, target, JAVA_SHORT_UNALIGNED, at * Short.BYTES, n);
                return firstOverflow(floats, shorts, BF16_INFINITY, n);
            }
            case I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> throw noFloats(to);
        }
        throw new AssertionError(to);
    }

    private static void fromF16(short[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = Float.float16ToFloat(from[i]);
        }
    }

    /** BF16 is the upper half of F32. */
    private static void fromBf16(short[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = Float.intBitsToFloat(from[i] << 16);
        }
    }

    private static void toF16(float[] from, short[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = Float.floatToFloat16(from[i]);
        }
    }

    /** Adds just under half a unit of the last place kept, a whole half when that place is odd, and cuts. */
    private static void toBf16(float[] from, short[] to, int n) {
        for (int i = 0; i < n; i++) {
            int bits = Float.floatToRawIntBits(from[i]);
            int rounded = (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
            int quietNaN = bits >>> 16 | 0x40;
            int ifNaN = (0x7f800000 - (bits & 0x7fffffff)) >> 31; // all ones for NaN, else zero: no branch
            to[i] = (short) (rounded & ~ifNaN | quietNaN & ifNaN);
        }
    }

    private static void widen(float[] from, double[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = from[i];
        }
    }

    private static void narrow(double[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = (float) from[i];
        }
    }

    /**
     * Towards zero, with the last bit set when something was cut off. Rounding the result once more, to a format at
     * least two bits narrower, is then the same as rounding the double: the bit keeps what lies just off a tie there.
     */
    private static void narrowToOdd(double[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            float nearest = (float) from[i];
            int bits = Float.floatToRawIntBits(nearest);
            if (Math.abs((double) nearest) > Math.abs(from[i])) {
                bits = bits - 1 | 1;
            } else if (Math.abs((double) nearest) < Math.abs(from[i])) {
                bits |= 1;
            }
            to[i] = Float.intBitsToFloat(bits);
        }
    }

    private static int firstOverflow(double[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            if (Float.isInfinite(to[i]) && Double.isFinite(from[i])) {
                return i;
            }
        }
        return -1;
    }

    private static int firstOverflow(float[] from, short[] to, int infinity, int n) {
        int largest = 0;
        for (int i = 0; i < n; i++) {
            largest = Math.max(largest, to[i] & 0x7fff);
        }
        if (largest >= infinity) {
            for (int i = 0; i < n; i++) {
                if ((to[i] & 0x7fff) == infinity && Float.isFinite(from[i])) {
                    return i;
                }
            }
        }
        return -1;
    }

    private static IllegalArgumentException noFloats(DType type) {
        return new IllegalArgumentException("no type of numbers with a fraction: " + type);
    }
}
