package io.github.jalign.ops.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * e^x for x ≤ 88 by an own polynomial: equal bits on every CPU, which the JDK's vector exponential does not promise.
 *
 * <p>x = n·ln 2 + r with |r| ≤ ln 2 / 2, and e^r by a polynomial of degree 7. The error is below 1.1 units in the last
 * place. Below -87.33, where results would leave the normal floats, it is 0; NaN stays NaN.
 */
final class Exp {
    /** Under this e^x is 0 here. */
    static final float LOWEST = -87.33f;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;

    private static final float LOG2_E = 1.442695f;
    // ln 2 in two parts; the first has trailing zeros, so that n times it is exact.
    private static final float LN2_HIGH = 0x1.63p-1f; // 0.693359375
    private static final float LN2_LOW = -2.12194440e-4f;
    /** 1.5 · 2²³: added to a small number it leaves its nearest integer in the low bits. */
    private static final float ROUND = 12582912f;

    // Minimax coefficients of (e^r - 1 - r) / r² (S. Moshier, Cephes, expf.c).
    private static final float C7 = 0.00019875691f;
    private static final float C6 = 0.0013981999f;
    private static final float C5 = 0.008333452f;
    private static final float C4 = 0.041665796f;
    private static final float C3 = 0.16666666f;
    private static final float C2 = 0.5f;

    private Exp() {}

    /** x = e^x for elements [from, to), a whole number of vectors. */
    static void all(float[] x, int from, int to) {
        for (int i = from; i < to; i += Lanes.COUNT) {
            FloatVector v = FloatVector.fromArray(S, x, i);
            FloatVector shifted = v.fma(FloatVector.broadcast(S, LOG2_E), FloatVector.broadcast(S, ROUND));
            FloatVector n = shifted.sub(ROUND);
            FloatVector r = n.fma(FloatVector.broadcast(S, -LN2_HIGH), v);
            r = n.fma(FloatVector.broadcast(S, -LN2_LOW), r);
            FloatVector p = r.fma(FloatVector.broadcast(S, C7), FloatVector.broadcast(S, C6));
            p = p.fma(r, FloatVector.broadcast(S, C5));
            p = p.fma(r, FloatVector.broadcast(S, C4));
            p = p.fma(r, FloatVector.broadcast(S, C3));
            p = p.fma(r, FloatVector.broadcast(S, C2));
            p = p.fma(r.mul(r), r).add(1);
            IntVector power = shifted.reinterpretAsInts().add(127).lanewise(VectorOperators.LSHL, 23);
            VectorMask<Float> tooLow = v.compare(VectorOperators.LT, LOWEST);
            p.mul(power.reinterpretAsFloats()).blend(0, tooLow).intoArray(x, i);
        }
    }
}
