package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Root-mean-square norm of one row of {@code n} floats, and its gradient. Arguments are segments and the byte of a row. */
final class Norms {
    private static final int L = Lanes.COUNT;

    private Norms() {}

    /** 1/sqrt(mean(x²) + eps). */
    static float rstd(MemorySegment x, long at, int n, double eps) {
        return (float) (1 / Math.sqrt((double) sumOfSquares(x, at, n) / n + eps));
    }

    private static float sumOfSquares(MemorySegment x, long at, int n) {
        FloatVector sum = FloatVector.zero(Lanes.SPECIES);
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            FloatVector v = Lanes.load(x, at + i * 4L);
            sum = v.fma(v, sum);
        }
        if (body < n) {
            FloatVector v = Lanes.load(x, at + body * 4L, Lanes.tail(n));
            sum = v.fma(v, sum);
        }
        return Lanes.sum(sum);
    }

    /** out = x · rstd · weight. */
    static void scale(
            MemorySegment x, long xAt, float rstd, MemorySegment weight, long wAt, MemorySegment out, long outAt, int n) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            Lanes.store(
                    Lanes.load(x, xAt + i * 4L).mul(rstd).mul(Lanes.load(weight, wAt + i * 4L)), out, outAt + i * 4L);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            long i = body * 4L;
            Lanes.store(Lanes.load(x, xAt + i, m).mul(rstd).mul(Lanes.load(weight, wAt + i, m)), out, outAt + i, m);
        }
    }

    /** dx += rstd · (g - x̂ · mean(g·x̂)) with g = dout·weight and x̂ = x·rstd. */
    static void backward(
            MemorySegment dout, long doutAt, MemorySegment x, long xAt, MemorySegment weight, long wAt, float rstd,
            MemorySegment dx, long dxAt, int n) {
        float mean = productSum(dout, doutAt, x, xAt, weight, wAt, n) * rstd / n;
        float towards = -mean * rstd * rstd; // of x
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            long p = i * 4L;
            FloatVector g = Lanes.load(dout, doutAt + p).mul(Lanes.load(weight, wAt + p));
            FloatVector d = g.mul(rstd).add(Lanes.load(x, xAt + p).mul(towards));
            Lanes.store(Lanes.load(dx, dxAt + p).add(d), dx, dxAt + p);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            long p = body * 4L;
            FloatVector g = Lanes.load(dout, doutAt + p, m).mul(Lanes.load(weight, wAt + p, m));
            FloatVector d = g.mul(rstd).add(Lanes.load(x, xAt + p, m).mul(towards));
            Lanes.store(Lanes.load(dx, dxAt + p, m).add(d), dx, dxAt + p, m);
        }
    }

    private static float productSum(
            MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment c, long cAt, int n) {
        FloatVector sum = FloatVector.zero(Lanes.SPECIES);
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            long p = i * 4L;
            sum = Lanes.load(a, aAt + p).mul(Lanes.load(c, cAt + p)).fma(Lanes.load(b, bAt + p), sum);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            long p = body * 4L;
            sum = Lanes.load(a, aAt + p, m).mul(Lanes.load(c, cAt + p, m)).fma(Lanes.load(b, bAt + p, m), sum);
        }
        return Lanes.sum(sum);
    }

    /** dweight[columns] += Σ_t dout·x·rstd for {@code n <= L} columns, the rows in order. */
    static void weightGradient(
            Matrix dout, Matrix x, Matrix rstd, int rows, int column, int n, MemorySegment dweight, long at) {
        VectorMask<Float> m = Lanes.SPECIES.indexInRange(0, n);
        FloatVector sum = FloatVector.zero(Lanes.SPECIES);
        for (int t = 0; t < rows; t++) {
            float scale = rstd.memory().get(Lanes.FLOAT, rstd.at(0, t));
            FloatVector normed = Lanes.load(x.memory(), x.at(t, column), m).mul(scale);
            sum = Lanes.load(dout.memory(), dout.at(t, column), m).fma(normed, sum);
        }
        Lanes.store(Lanes.load(dweight, at, m).add(sum), dweight, at, m);
    }

    /** dbias[columns] += Σ_t dy for {@code n <= L} columns, the rows in order. */
    static void biasGradient(Matrix dy, int rows, int column, int n, MemorySegment dbias, long at) {
        VectorMask<Float> m = Lanes.SPECIES.indexInRange(0, n);
        FloatVector sum = FloatVector.zero(Lanes.SPECIES);
        for (int t = 0; t < rows; t++) {
            sum = sum.add(Lanes.load(dy.memory(), dy.at(t, column), m));
        }
        Lanes.store(Lanes.load(dbias, at, m).add(sum), dbias, at, m);
    }
}
