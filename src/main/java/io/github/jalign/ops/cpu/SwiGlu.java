package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** gate · σ(gate) · up over one row of {@code n}, and its gradient. */
final class SwiGlu {
    private static final int L = Lanes.COUNT;

    private SwiGlu() {}

    /** σ(x) = 1/(1 + e^-x), through e^-|x| that cannot overflow. */
    private static FloatVector sigmoid(FloatVector x) {
        FloatVector e = Exp.exp(x.abs().neg());
        FloatVector numerator = e.blend(1, x.compare(VectorOperators.GE, 0));
        return numerator.div(e.add(1));
    }

    static void forward(MemorySegment gate, long gateAt, MemorySegment up, long upAt, MemorySegment out, long outAt, int n) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            FloatVector g = Lanes.load(gate, gateAt + i * 4L);
            Lanes.store(g.mul(sigmoid(g)).mul(Lanes.load(up, upAt + i * 4L)), out, outAt + i * 4L);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            long i = body * 4L;
            FloatVector g = Lanes.load(gate, gateAt + i, m);
            Lanes.store(g.mul(sigmoid(g)).mul(Lanes.load(up, upAt + i, m)), out, outAt + i, m);
        }
    }

    /** dgate = dout·up·s·(1 + gate·(1 - s)) and dup = dout·gate·s with s = σ(gate); may overwrite gate and up. */
    static void backward(
            MemorySegment dout, long doutAt, MemorySegment gateUp, long gateAt, long upAt,
            MemorySegment dgateUp, long dgateAt, long dupAt, int n) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            long p = i * 4L;
            FloatVector d = Lanes.load(dout, doutAt + p);
            FloatVector gate = Lanes.load(gateUp, gateAt + p);
            FloatVector up = Lanes.load(gateUp, upAt + p);
            FloatVector s = sigmoid(gate);
            Lanes.store(dgate(d, gate, up, s), dgateUp, dgateAt + p);
            Lanes.store(d.mul(gate).mul(s), dgateUp, dupAt + p);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            long p = body * 4L;
            FloatVector d = Lanes.load(dout, doutAt + p, m);
            FloatVector gate = Lanes.load(gateUp, gateAt + p, m);
            FloatVector up = Lanes.load(gateUp, upAt + p, m);
            FloatVector s = sigmoid(gate);
            Lanes.store(dgate(d, gate, up, s), dgateUp, dgateAt + p, m);
            Lanes.store(d.mul(gate).mul(s), dgateUp, dupAt + p, m);
        }
    }

    private static FloatVector dgate(FloatVector d, FloatVector gate, FloatVector up, FloatVector s) {
        FloatVector slope = gate.mul(Lanes.all(1).sub(s)).add(1);
        return d.mul(up).mul(s).mul(slope);
    }
}
