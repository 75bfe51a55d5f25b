package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the head says of one row of logits x[V], and the row's gradient. With m the largest logit and e = e^(x - m):
 * lse = m + log Σe, entropy = log Σe - Σe·(x - m) / Σe, log Σp² = log Σe² - 2·log Σe.
 *
 * <p>Sums run in float32 over pieces of {@value #PIECE} logits and in float64 over the pieces.
 */
final class LogSoftmax {
    /** Logits in a piece; with their exponentials they stay in the first cache level. */
    static final int PIECE = 2048;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    private static final ByteOrder O = Lanes.ORDER;
    /** Stands for a logit where there is none: its exponential is 0 and so is their product. */
    private static final float NONE = -1e30f;

    /** Scratch of one thread. */
    private final float[] below = new float[PIECE];
    private final float[] exps = new float[PIECE];

    private float max;
    private double logits;
    private double sum;
    private double squares;
    private double weighted;

    static long floats() {
        return 2 * PIECE;
    }

    /** Reads a row of {@code n} logits. */
    void read(MemorySegment x, long at, int n) {
        max = max(x, at, n);
        logits = 0;
        sum = 0;
        squares = 0;
        weighted = 0;
        for (int i = 0; i < n; i += PIECE) {
            int count = Math.min(PIECE, n - i);
            MemorySegment.copy(x, Lanes.FLOAT, at + i * 4L, below, 0, count);
            int end = Lanes.up(count);
            logits += sum(below, count);
            Arrays.fill(below, count, end, NONE);
            subtract(below, end, max, exps);
            Exp.all(exps, 0, end);
            sum += sum(exps, end);
            squares += dot(exps, exps, end);
            weighted += dot(exps, below, end);
        }
    }

    float max() {
        return max;
    }

    /** Σ x. */
    double logits() {
        return logits;
    }

    double logSumExp() {
        return max + Math.log(sum);
    }

    double entropy() {
        return Math.log(sum) - weighted / sum;
    }

    double logSumP2() {
        return Math.log(squares) - 2 * Math.log(sum);
    }

    private static float max(MemorySegment x, long at, int n) {
        int body = Lanes.body(n);
        float max = body > 0 ? maxBody(x, at, body) : Float.NEGATIVE_INFINITY;
        for (int i = body; i < n; i++) {
            max = Math.max(max, x.get(Lanes.FLOAT, at + i * 4L));
        }
        return max;
    }

    private static float maxBody(MemorySegment x, long at, int n) {
        FloatVector m0 = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        FloatVector m1 = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < n; i += 2 * L) {
            FloatVector v0 = FloatVector.fromMemorySegment(S, x, at + i * 4L, O);
            FloatVector v1 = FloatVector.fromMemorySegment(S, x, at + Math.min(i + L, n - L) * 4L, O);
            m0 = m0.blend(v0, v0.compare(VectorOperators.GT, m0));
            m1 = m1.blend(v1, v1.compare(VectorOperators.GT, m1));
        }
        return m0.blend(m1, m1.compare(VectorOperators.GT, m0)).reduceLanes(VectorOperators.MAX);
    }

    /** below -= max, and a copy of it. */
    private static void subtract(float[] below, int end, float max, float[] copy) {
        for (int i = 0; i < end; i += L) {
            FloatVector v = FloatVector.fromArray(S, below, i).sub(max);
            v.intoArray(below, i);
            v.intoArray(copy, i);
        }
    }

    private static float sum(float[] x, int n) {
        int body = Lanes.body(n);
        FloatVector s = FloatVector.zero(S);
        for (int i = 0; i < body; i += L) {
            s = s.add(FloatVector.fromArray(S, x, i));
        }
        float sum = Lanes.sum(s);
        for (int i = body; i < n; i++) {
            sum += x[i];
        }
        return sum;
    }

    private static float dot(float[] x, float[] y, int end) {
        FloatVector s = FloatVector.zero(S);
        for (int i = 0; i < end; i += L) {
            s = FloatVector.fromArray(S, x, i).fma(FloatVector.fromArray(S, y, i), s);
        }
        return Lanes.sum(s);
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
    void backward(MemorySegment x, long at, int n, int target, float lse, float g) {
        for (int i = 0; i < n; i += PIECE) {
            int count = Math.min(PIECE, n - i);
            MemorySegment.copy(x, Lanes.FLOAT, at + i * 4L, below, 0, count);
            int end = Lanes.up(count);
            subtract(below, end, lse, exps);
            Exp.all(exps, 0, end);
            scale(exps, end, -g);
            if (i <= target && target < i + count) {
                exps[target - i] += g;
            }
            MemorySegment.copy(exps, 0, x, Lanes.FLOAT, at + i * 4L, count);
        }
    }

    private static void scale(float[] x, int end, float factor) {
        for (int i = 0; i < end; i += L) {
            FloatVector.fromArray(S, x, i).mul(factor).intoArray(x, i);
        }
    }
}
