package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** Root-mean-square norm of one row of {@code n} floats, and its gradient. Arguments are segments and the byte of a row. */
final class Norms {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    private static final ByteOrder O = Lanes.ORDER;

    private Norms() {}

    /** 1/sqrt(mean(x²) + eps). */
    static float rstd(MemorySegment x, long at, int n, double eps) {
        return (float) (1 / Math.sqrt((double) dot(x, at, x, at, n) / n + eps));
    }

    /** Σ a·b. */
    static float dot(MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
        int body = Lanes.body(n);
        float sum = dotBody(a, aAt, b, bAt, body);
        for (int i = body; i < n; i++) {
            sum = Math.fma(a.get(Lanes.FLOAT, aAt + i * 4L), b.get(Lanes.FLOAT, bAt + i * 4L), sum);
        }
        return sum;
    }

    private static float dotBody(MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
        FloatVector sum = FloatVector.zero(S);
        for (int i = 0; i < n; i += L) {
            sum = FloatVector.fromMemorySegment(S, a, aAt + i * 4L, O)
                    .fma(FloatVector.fromMemorySegment(S, b, bAt + i * 4L, O), sum);
        }
        return Lanes.sum(sum);
    }

    /** out = x · rstd · weight. */
    static void scale(
            MemorySegment x, long xAt, float rstd, MemorySegment weight, long wAt, MemorySegment out, long outAt, int n) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            FloatVector.fromMemorySegment(S, x, xAt + i * 4L, O)
                    .mul(rstd)
                    .mul(FloatVector.fromMemorySegment(S, weight, wAt + i * 4L, O))
                    .intoMemorySegment(out, outAt + i * 4L, O);
        }
        for (int i = body; i < n; i++) {
            float scaled = x.get(Lanes.FLOAT, xAt + i * 4L) * rstd * weight.get(Lanes.FLOAT, wAt + i * 4L);
            out.set(Lanes.FLOAT, outAt + i * 4L, scaled);
        }
    }

    /** dx += rstd · (g - x̂ · mean(g·x̂)) with g = dout·weight and x̂ = x·rstd. */
    static void backward(
            MemorySegment dout, long doutAt, MemorySegment x, long xAt, MemorySegment weight, long wAt, float rstd,
            MemorySegment dx, long dxAt, int n) {
        float mean = products(dout, doutAt, x, xAt, weight, wAt, n) * rstd / n;
        float towards = -mean * rstd * rstd; // of x
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            long p = i * 4L;
            FloatVector g = FloatVector.fromMemorySegment(S, dout, doutAt + p, O)
                    .mul(FloatVector.fromMemorySegment(S, weight, wAt + p, O))
                    .mul(rstd);
            FloatVector back = FloatVector.fromMemorySegment(S, x, xAt + p, O).mul(towards);
            FloatVector.fromMemorySegment(S, dx, dxAt + p, O).add(g.add(back)).intoMemorySegment(dx, dxAt + p, O);
        }
        for (int i = body; i < n; i++) {
            long p = i * 4L;
            float g = dout.get(Lanes.FLOAT, doutAt + p) * weight.get(Lanes.FLOAT, wAt + p) * rstd;
            float back = x.get(Lanes.FLOAT, xAt + p) * towards;
            dx.set(Lanes.FLOAT, dxAt + p, dx.get(Lanes.FLOAT, dxAt + p) + (g + back));
        }
    }

    /** Σ a·b·c. */
    private static float products(
            MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment c, long cAt, int n) {
        int body = Lanes.body(n);
        float sum = productsBody(a, aAt, b, bAt, c, cAt, body);
        for (int i = body; i < n; i++) {
            long p = i * 4L;
            sum = Math.fma(
                    a.get(Lanes.FLOAT, aAt + p) * c.get(Lanes.FLOAT, cAt + p), b.get(Lanes.FLOAT, bAt + p), sum);
        }
        return sum;
    }

    private static float productsBody(
            MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment c, long cAt, int n) {
        FloatVector sum = FloatVector.zero(S);
        for (int i = 0; i < n; i += L) {
            long p = i * 4L;
            sum = FloatVector.fromMemorySegment(S, a, aAt + p, O)
                    .mul(FloatVector.fromMemorySegment(S, c, cAt + p, O))
                    .fma(FloatVector.fromMemorySegment(S, b, bAt + p, O), sum);
        }
        return Lanes.sum(sum);
    }

    /** dweight[columns] += Σ_t dout·x·rstd for {@code n <= L} columns, the rows in order. */
    static void weightGradient(
            Matrix dout, Matrix x, Matrix rstd, int rows, int column, int n, MemorySegment dweight, long at) {
        VectorMask<Float> m = S.indexInRange(0, n);
        FloatVector sum = FloatVector.zero(S);
        for (int t = 0; t < rows; t++) {
            float scale = rstd.memory().get(Lanes.FLOAT, rstd.at(0, t));
            sum = FloatVector.fromMemorySegment(S, x.memory(), x.at(t, column), O, m)
                    .mul(scale)
                    .fma(FloatVector.fromMemorySegment(S, dout.memory(), dout.at(t, column), O, m), sum);
        }
        FloatVector.fromMemorySegment(S, dweight, at, O, m).add(sum).intoMemorySegment(dweight, at, O, m);
    }

    /** dbias[columns] += Σ_t dy for {@code n <= L} columns, the rows in order. */
    static void biasGradient(Matrix dy, int rows, int column, int n, MemorySegment dbias, long at) {
        VectorMask<Float> m = S.indexInRange(0, n);
        FloatVector sum = FloatVector.zero(S);
        for (int t = 0; t < rows; t++) {
            sum = sum.add(FloatVector.fromMemorySegment(S, dy.memory(), dy.at(t, column), O, m));
        }
        FloatVector.fromMemorySegment(S, dbias, at, O, m).add(sum).intoMemorySegment(dbias, at, O, m);
    }
}
