package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AttentionShape;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention of one query row over rows of keys and values, as decoding needs it. A range of keys is rows
 * [from, from + count) of a matrix; scores of consecutive ranges stand one after another in an array.
 */
final class RowAttention {
    private static final int L = Lanes.COUNT;

    private RowAttention() {}

    /** scores[at + i] = scale · q·k_i. */
    static void scores(
            MemorySegment q, long qAt, Matrix keys, int column, int from, int count, int width, float scale,
            float[] scores, int at) {
        for (int i = 0; i < count; i++) {
            scores[at + i] = scale * dot(q, qAt, keys.memory(), keys.at(from + i, column), width);
        }
    }

    static float dot(MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
        FloatVector sum = FloatVector.zero(Lanes.SPECIES);
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            sum = Lanes.load(a, aAt + i * 4L).fma(Lanes.load(b, bAt + i * 4L), sum);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            sum = Lanes.load(a, aAt + body * 4L, m).fma(Lanes.load(b, bAt + body * 4L, m), sum);
        }
        return Lanes.sum(sum);
    }

    /** scores = e^(scores - lse); returns lse, the log of their sum of exponentials. */
    static float softmax(float[] scores, int n) {
        float max = max(scores, n);
        float sum = exponentials(scores, n, max);
        scale(scores, n, 1 / sum);
        return (float) (max + Math.log(sum));
    }

    private static float max(float[] scores, int n) {
        FloatVector max = Lanes.all(Float.NEGATIVE_INFINITY);
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> m = Lanes.SPECIES.indexInRange(i, n);
            FloatVector v = FloatVector.fromArray(Lanes.SPECIES, scores, i, m);
            max = max.blend(v, v.compare(VectorOperators.GT, max).and(m));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    private static float exponentials(float[] scores, int n, float max) {
        FloatVector sum = FloatVector.zero(Lanes.SPECIES);
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> m = Lanes.SPECIES.indexInRange(i, n);
            FloatVector e = Exp.exp(FloatVector.fromArray(Lanes.SPECIES, scores, i, m).sub(max));
            e.intoArray(scores, i, m);
            sum = sum.add(FloatVector.zero(Lanes.SPECIES).blend(e, m));
        }
        return Lanes.sum(sum);
    }

    private static void scale(float[] scores, int n, float factor) {
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> m = Lanes.SPECIES.indexInRange(i, n);
            FloatVector.fromArray(Lanes.SPECIES, scores, i, m).mul(factor).intoArray(scores, i, m);
        }
    }

    /** out += Σ_i weights[at + i] · v_i. */
    static void mix(
            float[] weights, int at, Matrix values, int column, int from, int count, MemorySegment out, long outAt, int width) {
        for (int i = 0; i < count; i++) {
            addScaled(weights[at + i], values.memory(), values.at(from + i, column), out, outAt, width);
        }
    }

    /** y += factor · x. */
    static void addScaled(float factor, MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
        FloatVector f = Lanes.all(factor);
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            Lanes.store(Lanes.load(x, xAt + i * 4L).fma(f, Lanes.load(y, yAt + i * 4L)), y, yAt + i * 4L);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            long i = body * 4L;
            Lanes.store(Lanes.load(x, xAt + i, m).fma(f, Lanes.load(y, yAt + i, m)), y, yAt + i, m);
        }
    }

    /** Attention of one cached sequence: row t of qkv stands at position start + t. */
    static void cached(
            Matrix qkv, Matrix keys, Matrix values, int start, int t, int head, AttentionShape shape, float[] scores,
            Matrix out) {
        int width = shape.headDim();
        int column = head / (shape.heads() / shape.keyValueHeads()) * width;
        int first = shape.firstVisible(start + t);
        int count = start + t + 1 - first;
        scores(qkv.memory(), qkv.at(t, (long) head * width), keys, column, first, count, width, (float) shape.scale(), scores, 0);
        softmax(scores, count);
        long outAt = out.at(t, (long) head * width);
        Elementwise.fill(out.memory(), outAt, width, 0);
        mix(scores, 0, values, column, first, count, out.memory(), outAt, width);
    }
}
