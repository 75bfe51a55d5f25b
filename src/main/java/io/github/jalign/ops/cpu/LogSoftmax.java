package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * What the head says of one row of logits x[V], and the row's gradient. With m the largest logit and e = e^(x - m):
 * lse = m + log Σe, entropy = log Σe - Σe·(x - m) / Σe, log Σp² = log Σe² - 2·log Σe.
 *
 * <p>Sums run in float32 over pieces of {@value #PIECE} logits and in float64 over the pieces.
 */
final class LogSoftmax {
    private static final int L = Lanes.COUNT;
    private static final int PIECE = 2048;

    private LogSoftmax() {}

    /** Sums over a row. */
    record Sums(float max, double logits, double exps, double squares, double weighted) {
        double logSumExp() {
            return max + Math.log(exps);
        }

        double entropy() {
            return Math.log(exps) - weighted / exps;
        }

        double logSumP2() {
            return Math.log(squares) - 2 * Math.log(exps);
        }
    }

    static Sums sums(MemorySegment x, long at, int n) {
        float max = max(x, at, n);
        double logits = 0;
        double exps = 0;
        double squares = 0;
        double weighted = 0;
        float[] piece = new float[4];
        for (int i = 0; i < n; i += PIECE) {
            piece(x, at + i * 4L, Math.min(PIECE, n - i), max, piece);
            logits += piece[0];
            exps += piece[1];
            squares += piece[2];
            weighted += piece[3];
        }
        return new Sums(max, logits, exps, squares, weighted);
    }

    private static float max(MemorySegment x, long at, int n) {
        FloatVector max = Lanes.all(Float.NEGATIVE_INFINITY);
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            FloatVector v = Lanes.load(x, at + i * 4L);
            max = max.blend(v, v.compare(VectorOperators.GT, max));
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            FloatVector v = Lanes.load(x, at + body * 4L, m);
            max = max.blend(v, v.compare(VectorOperators.GT, max).and(m));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /** sums = Σx, Σe, Σe², Σe·(x - max). */
    private static void piece(MemorySegment x, long at, int n, float max, float[] sums) {
        FloatVector logits = FloatVector.zero(Lanes.SPECIES);
        FloatVector exps = FloatVector.zero(Lanes.SPECIES);
        FloatVector squares = FloatVector.zero(Lanes.SPECIES);
        FloatVector weighted = FloatVector.zero(Lanes.SPECIES);
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            FloatVector v = Lanes.load(x, at + i * 4L);
            FloatVector below = v.sub(max);
            FloatVector e = Exp.exp(below);
            logits = logits.add(v);
            exps = exps.add(e);
            squares = e.fma(e, squares);
            weighted = e.fma(below, weighted);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            FloatVector v = Lanes.load(x, at + body * 4L, m);
            FloatVector below = v.sub(max);
            FloatVector e = FloatVector.zero(Lanes.SPECIES).blend(Exp.exp(below), m);
            logits = logits.add(v);
            exps = exps.add(e);
            squares = e.fma(e, squares);
            weighted = e.fma(below, weighted);
        }
        sums[0] = Lanes.sum(logits);
        sums[1] = Lanes.sum(exps);
        sums[2] = Lanes.sum(squares);
        sums[3] = Lanes.sum(weighted);
    }

    /** Whether the target is the first of the largest logits. */
    static boolean first(MemorySegment x, long at, int target, float max) {
        if (x.get(Lanes.FLOAT, at + target * 4L) != max) {
            return false;
        }
        for (int i = 0; i < target; i++) {
            if (x.get(Lanes.FLOAT, at + i * 4L) == max) {
                return false;
            }
        }
        return true;
    }

    /** x = g · (onehot(target) - e^(x - lse)), in place. */
    static void backward(MemorySegment x, long at, int n, int target, float lse, float g) {
        float kept = x.get(Lanes.FLOAT, at + target * 4L);
        scaledSoftmax(x, at, n, lse, -g);
        float p = Exp.exp(Lanes.all(kept - lse)).lane(0);
        x.set(Lanes.FLOAT, at + target * 4L, g * (1 - p));
    }

    private static void scaledSoftmax(MemorySegment x, long at, int n, float lse, float scale) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            Lanes.store(Exp.exp(Lanes.load(x, at + i * 4L).sub(lse)).mul(scale), x, at + i * 4L);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            long i = body * 4L;
            Lanes.store(Exp.exp(Lanes.load(x, at + i, m).sub(lse)).mul(scale), x, at + i, m);
        }
    }
}
