package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Turns the pairs (a_i, b_i) of one head by the angles of one position. */
final class Rotary {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    private static final ByteOrder O = Lanes.ORDER;

    private Rotary() {}

    /**
     * (a, b) = (a·cos - b·sin, b·cos + a·sin) in place, or the inverse.
     *
     * @param at the byte of a_0; b_0 lies {@code n} floats after it
     * @param n pairs
     * @param direction 1, or -1 for the inverse
     */
    static void rotate(
            MemorySegment x, long at, MemorySegment cos, long cosAt, MemorySegment sin, long sinAt, int n, float direction) {
        long bAt = at + n * 4L;
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            long p = i * 4L;
            FloatVector a = FloatVector.fromMemorySegment(S, x, at + p, O);
            FloatVector b = FloatVector.fromMemorySegment(S, x, bAt + p, O);
            FloatVector c = FloatVector.fromMemorySegment(S, cos, cosAt + p, O);
            FloatVector s = FloatVector.fromMemorySegment(S, sin, sinAt + p, O).mul(direction);
            a.mul(c).sub(b.mul(s)).intoMemorySegment(x, at + p, O);
            b.mul(c).add(a.mul(s)).intoMemorySegment(x, bAt + p, O);
        }
        for (int i = body; i < n; i++) {
            long p = i * 4L;
            float a = x.get(Lanes.FLOAT, at + p);
            float b = x.get(Lanes.FLOAT, bAt + p);
            float c = cos.get(Lanes.FLOAT, cosAt + p);
            float s = sin.get(Lanes.FLOAT, sinAt + p) * direction;
            x.set(Lanes.FLOAT, at + p, a * c - b * s);
            x.set(Lanes.FLOAT, bAt + p, b * c + a * s);
        }
    }
}
