package io.github.jalign.tensor;

/** The upper half of a float32: 8 bits of exponent, 7 of fraction. */
public final class BFloat16 {
    private BFloat16() {}

    /** The nearest bfloat16, ties to even; NaN stays NaN. */
    public static short round(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    /** Exact. */
    public static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
