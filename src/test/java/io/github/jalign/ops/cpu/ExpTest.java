package io.github.jalign.ops.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ExpTest {

    /** e^x of all values, padded to whole vectors. */
    private static float[] exp(float... values) {
        float[] x = Arrays.copyOf(values, Lanes.up(values.length));
        Exp.all(x, 0, x.length);
        return Arrays.copyOf(x, values.length);
    }

    @Test
    void errorIsBelowOnePointOneUnitsInTheLastPlace() {
        float[] x = new float[1 << 16];
        // Floats of [-87.33, 88] have bit patterns 0 to bits(88), and those with the sign; 997 of them a step.
        for (int sign : new int[] {0, Integer.MIN_VALUE}) {
            int end = Float.floatToRawIntBits(sign == 0 ? 88f : -Exp.LOWEST);
            for (int bits = 0; bits < end; ) {
                int from = bits;
                for (int i = 0; i < x.length; i++, bits = Math.min(end, bits + 997)) {
                    x[i] = Float.intBitsToFloat(bits | sign);
                }
                float[] e = exp(x);
                for (int i = 0; i < x.length; i++) {
                    double exact = Math.exp(x[i]);
                    double ulps = Math.abs(e[i] - exact) / Math.ulp((float) exact);
                    assertTrue(ulps < 1.1, "e^" + x[i] + " is off by " + ulps + " ulp, from pattern " + from);
                }
            }
        }
    }

    @Test
    void ofZeroItIsOneAndFarBelowItIsZero() {
        float[] e = exp(0, -0f, Math.nextDown(Exp.LOWEST), -1e30f, Float.NEGATIVE_INFINITY, -Float.MAX_VALUE);
        assertEquals(Arrays.toString(new float[] {1, 1, 0, 0, 0, 0}), Arrays.toString(e));
    }

    @Test
    void ofNaNItIsNaN() {
        for (int payload : new int[] {0x7fc00000, 0x7fc00001, 0xffc12345, 0x7f800001}) {
            assertEquals(Float.NaN, exp(Float.intBitsToFloat(payload))[0]);
        }
    }

    @Test
    void elementsOutsideTheRangeStay() {
        float[] x = new float[3 * Lanes.COUNT];
        Arrays.fill(x, -1);
        Exp.all(x, Lanes.COUNT, 2 * Lanes.COUNT);
        for (int i = 0; i < x.length; i++) {
            boolean inside = i >= Lanes.COUNT && i < 2 * Lanes.COUNT;
            assertEquals(inside ? (float) Math.exp(-1) : -1, x[i], inside ? Math.ulp(0.4f) : 0);
        }
    }
}
