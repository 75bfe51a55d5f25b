package io.github.jalign.ops.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The transpose of a 4 x 4 square of floats in four 128-bit vectors, in two steps:
 *
 * <pre>
 * even01 = evens(r0, r1)   column 0 = lows(even01, even23)   column 2 = highs(even01, even23)
 * odd01  = odds(r0, r1)    column 1 = lows(odd01, odd23)     column 3 = highs(odd01, odd23)
 * </pre>
 */
final class Quads {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_128;
    static final int COUNT = 4;

    private static final VectorShuffle<Float> SWAP = VectorShuffle.fromValues(SPECIES, 1, 0, 3, 2);
    private static final VectorShuffle<Float> TURN = VectorShuffle.fromValues(SPECIES, 2, 3, 0, 1);
    private static final VectorMask<Float> ODD = VectorMask.fromValues(SPECIES, false, true, false, true);
    private static final VectorMask<Float> HIGH = VectorMask.fromValues(SPECIES, false, false, true, true);

    private Quads() {}

    /** a0 b0 a2 b2. */
    static FloatVector evens(FloatVector a, FloatVector b) {
        return a.blend(b.rearrange(SWAP), ODD);
    }

    /** a1 b1 a3 b3. */
    static FloatVector odds(FloatVector a, FloatVector b) {
        return a.rearrange(SWAP).blend(b, ODD);
    }

    /** a0 a1 b0 b1. */
    static FloatVector lows(FloatVector a, FloatVector b) {
        return a.blend(b.rearrange(TURN), HIGH);
    }

    /** a2 a3 b2 b3. */
    static FloatVector highs(FloatVector a, FloatVector b) {
        return a.rearrange(TURN).blend(b, HIGH);
    }
}
