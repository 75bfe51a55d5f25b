package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Turns the pairs (a_i, b_i) of one head by the angles of one position. */
final class Rotary {
    private static final int L = Lanes.COUNT;

    private Rotary() {}

    /**
     * (a, b) = (a·cos - b·sin, b·cos + a·sin) in place, or the inverse turn.
     *
     * @param at the byte of a_0; b_0 lies {@code n} floats after it
     * @param n pairs
     * @param direction 1, or -1 for the inverse
     */
    static void turn(
            MemorySegment x, long at, MemorySegment cos, long cosAt, MemorySegment sin, long sinAt, int n, float direction) {
        long bAt = at + n * 4L;
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            long p = i * 4L;
            FloatVector a = Lanes.load(x, at + p);
            FloatVector b = Lanes.load(x, bAt + p);
            FloatVector c = Lanes.load(cos, cosAt + p);
            FloatVector s = Lanes.load(sin, sinAt + p).mul(direction);
            Lanes.store(a.mul(c).sub(b.mul(s)), x, at + p);
            Lanes.store(b.mul(c).add(a.mul(s)), x, bAt + p);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            long p = body * 4L;
            FloatVector a = Lanes.load(x, at + p, m);
            FloatVector b = Lanes.load(x, bAt + p, m);
            FloatVector c = Lanes.load(cos, cosAt + p, m);
            FloatVector s = Lanes.load(sin, sinAt + p, m).mul(direction);
            Lanes.store(a.mul(c).sub(b.mul(s)), x, at + p, m);
            Lanes.store(b.mul(c).add(a.mul(s)), x, bAt + p, m);
        }
    }
}
