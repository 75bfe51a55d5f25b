package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** gate · σ(gate) · up over one row of {@code n}, and its gradient, a piece that fits the scratch at a time. */
final class SwiGlu {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    private static final ByteOrder O = Lanes.ORDER;

    private SwiGlu() {}

    /** scratch: a whole number of vectors. */
    static void forward(
            MemorySegment gateUp, long gateAt, long upAt, MemorySegment out, long outAt, int n, float[] scratch) {
        for (int i = 0; i < n; i += scratch.length) {
            int count = Math.min(scratch.length, n - i);
            sigmoid(gateUp, gateAt + i * 4L, count, scratch);
            product(gateUp, gateAt + i * 4L, upAt + i * 4L, scratch, out, outAt + i * 4L, count);
        }
    }

    /** dgate = dout·up·s·(1 + gate·(1 - s)) and dup = dout·gate·s with s = σ(gate); may overwrite gate and up. */
    static void backward(
            MemorySegment dout, long doutAt, MemorySegment gateUp, long gateAt, long upAt,
            MemorySegment dgateUp, long dgateAt, long dupAt, int n, float[] scratch) {
        for (int i = 0; i < n; i += scratch.length) {
            int count = Math.min(scratch.length, n - i);
            long p = i * 4L;
            sigmoid(gateUp, gateAt + p, count, scratch);
            gradient(dout, doutAt + p, gateUp, gateAt + p, upAt + p, scratch, dgateUp, dgateAt + p, dupAt + p, count);
        }
    }

    /** σ(x) = 1/(1 + e^-x), through e^-|x| that cannot overflow. */
    private static void sigmoid(MemorySegment x, long at, int n, float[] s) {
        MemorySegment.copy(x, Lanes.FLOAT, at, s, 0, n);
        int end = Lanes.up(n);
        for (int i = 0; i < end; i += L) {
            FloatVector.fromArray(S, s, i).abs().neg().intoArray(s, i);
        }
        Exp.all(s, 0, end);
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> present = S.indexInRange(i, n);
            FloatVector e = FloatVector.fromArray(S, s, i);
            FloatVector gate = FloatVector.fromMemorySegment(S, x, at + i * 4L, O, present);
            e.blend(1, gate.compare(VectorOperators.GE, 0)).div(e.add(1)).intoArray(s, i);
        }
    }

    private static void product(
            MemorySegment gateUp, long gateAt, long upAt, float[] s, MemorySegment out, long outAt, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> present = S.indexInRange(i, n);
            FloatVector.fromMemorySegment(S, gateUp, gateAt + i * 4L, O, present)
                    .mul(FloatVector.fromArray(S, s, i))
                    .mul(FloatVector.fromMemorySegment(S, gateUp, upAt + i * 4L, O, present))
                    .intoMemorySegment(out, outAt + i * 4L, O, present);
        }
    }

    private static void gradient(
            MemorySegment dout, long doutAt, MemorySegment gateUp, long gateAt, long upAt, float[] sigmoid,
            MemorySegment dgateUp, long dgateAt, long dupAt, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> present = S.indexInRange(i, n);
            long p = i * 4L;
            FloatVector s = FloatVector.fromArray(S, sigmoid, i);
            FloatVector d = FloatVector.fromMemorySegment(S, dout, doutAt + p, O, present);
            FloatVector gate = FloatVector.fromMemorySegment(S, gateUp, gateAt + p, O, present);
            FloatVector up = FloatVector.fromMemorySegment(S, gateUp, upAt + p, O, present);
            FloatVector slope = gate.mul(FloatVector.broadcast(S, 1).sub(s)).add(1);
            d.mul(up).mul(s).mul(slope).intoMemorySegment(dgateUp, dgateAt + p, O, present);
            d.mul(gate).mul(s).intoMemorySegment(dgateUp, dupAt + p, O, present);
        }
    }
}
