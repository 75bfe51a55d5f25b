package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AdamWStep;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Loops over {@code n} adjacent floats from byte {@code at} of a segment; each element depends on its own index only. */
final class Elementwise {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    private static final ByteOrder O = Lanes.ORDER;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

    private Elementwise() {}

    static void fill(MemorySegment x, long at, int n, float value) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            FloatVector.broadcast(S, value).intoMemorySegment(x, at + i * 4L, O);
        }
        for (int i = body; i < n; i++) {
            x.set(Lanes.FLOAT, at + i * 4L, value);
        }
    }

    /** z = x + y. */
    static void add(MemorySegment x, long xAt, MemorySegment y, long yAt, MemorySegment z, long zAt, int n) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            FloatVector.fromMemorySegment(S, x, xAt + i * 4L, O)
                    .add(FloatVector.fromMemorySegment(S, y, yAt + i * 4L, O))
                    .intoMemorySegment(z, zAt + i * 4L, O);
        }
        for (int i = body; i < n; i++) {
            float sum = x.get(Lanes.FLOAT, xAt + i * 4L) + y.get(Lanes.FLOAT, yAt + i * 4L);
            z.set(Lanes.FLOAT, zAt + i * 4L, sum);
        }
    }

    /** Σ x² in float64, where the squares of floats are exact. */
    static double sumOfSquares(MemorySegment x, long at, int n) {
        int body = Lanes.body(n);
        double sum = squares(x, at, body);
        for (int i = body; i < n; i++) {
            double v = x.get(Lanes.FLOAT, at + i * 4L);
            sum += v * v;
        }
        return sum;
    }

    private static double squares(MemorySegment x, long at, int n) {
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = DoubleVector.zero(DOUBLES);
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromMemorySegment(S, x, at + i * 4L, O);
            DoubleVector low = (DoubleVector) v.convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector high = (DoubleVector) v.convertShape(VectorOperators.F2D, DOUBLES, 1);
            s0 = low.fma(low, s0);
            s1 = high.fma(high, s1);
        }
        double sum = 0;
        for (double lane : s0.add(s1).toArray()) {
            sum += lane;
        }
        return sum;
    }

    /** One update in one pass: reads w, g, m, v, writes w, m, v. */
    static void adamW(
            MemorySegment w, long wAt, MemorySegment g, long gAt, MemorySegment m, long mAt, MemorySegment v, long vAt,
            int n, AdamWStep.Scalars s) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            long p = i * 4L;
            FloatVector gradient = FloatVector.fromMemorySegment(S, g, gAt + p, O).mul(s.gradientScale());
            FloatVector first =
                    FloatVector.fromMemorySegment(S, m, mAt + p, O).mul(s.beta1()).add(gradient.mul(s.rest1()));
            FloatVector second = FloatVector.fromMemorySegment(S, v, vAt + p, O)
                    .mul(s.beta2())
                    .add(gradient.mul(gradient).mul(s.rest2()));
            FloatVector denominator = second.sqrt().mul(s.root()).add(s.eps());
            first.intoMemorySegment(m, mAt + p, O);
            second.intoMemorySegment(v, vAt + p, O);
            FloatVector.fromMemorySegment(S, w, wAt + p, O)
                    .mul(s.decay())
                    .sub(first.div(denominator).mul(s.rate()))
                    .intoMemorySegment(w, wAt + p, O);
        }
        for (int i = body; i < n; i++) {
            adamWOne(w, wAt + i * 4L, g, gAt + i * 4L, m, mAt + i * 4L, v, vAt + i * 4L, s);
        }
    }

    private static void adamWOne(
            MemorySegment w, long wAt, MemorySegment g, long gAt, MemorySegment m, long mAt, MemorySegment v, long vAt,
            AdamWStep.Scalars s) {
        float gradient = g.get(Lanes.FLOAT, gAt) * s.gradientScale();
        float first = m.get(Lanes.FLOAT, mAt) * s.beta1() + gradient * s.rest1();
        float second = v.get(Lanes.FLOAT, vAt) * s.beta2() + gradient * gradient * s.rest2();
        float denominator = (float) Math.sqrt(second) * s.root() + s.eps();
        m.set(Lanes.FLOAT, mAt, first);
        v.set(Lanes.FLOAT, vAt, second);
        w.set(Lanes.FLOAT, wAt, w.get(Lanes.FLOAT, wAt) * s.decay() - first / denominator * s.rate());
    }
}
