package io.github.jalign.ops.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * What it takes to transpose a 4 x 4 square of floats, rows r0 to r3 in 128-bit vectors, in two steps:
 *
 * <pre>
 * e0 = r0.blend(r1.rearrange(SWAP), ODD)    r00 r10 r02 r12    e1 likewise of r2, r3
 * o0 = r0.rearrange(SWAP).blend(r1, ODD)    r01 r11 r03 r13    o1
 * column 0 = e0.blend(e1.rearrange(TURN), HIGH)    column 2 = e0.rearrange(TURN).blend(e1, HIGH)
 * column 1 = o0.blend(o1.rearrange(TURN), HIGH)    column 3 = o0.rearrange(TURN).blend(o1, HIGH)
 * </pre>
 */
final class Quads {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_128;
    static final int COUNT = 4;
    static final VectorShuffle<Float> SWAP = VectorShuffle.fromValues(SPECIES, 1, 0, 3, 2);
    static final VectorShuffle<Float> TURN = VectorShuffle.fromValues(SPECIES, 2, 3, 0, 1);
    static final VectorMask<Float> ODD = VectorMask.fromValues(SPECIES, false, true, false, true);
    static final VectorMask<Float> HIGH = VectorMask.fromValues(SPECIES, false, false, true, true);

    private Quads() {}
}
