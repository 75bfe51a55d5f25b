package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AttentionShape;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Attention of one query row over cached rows of keys and values, as decoding needs it. */
final class RowAttention {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    private static final ByteOrder O = Lanes.ORDER;

    private RowAttention() {}

    /** What one thread needs for {@code keys} keys. */
    static int floats(int keys) {
        return Lanes.up(keys);
    }

    /**
     * Row t of qkv, which stands at position start + t of the cached sequence.
     *
     * @param scores scratch of {@link #floats} of start + t + 1
     */
    static void cached(
            Matrix qkv, Matrix keys, Matrix values, int start, int t, int head, AttentionShape shape, float[] scores,
            Matrix out) {
        int width = shape.headDim();
        int column = head / (shape.heads() / shape.keyValueHeads()) * width;
        int first = shape.firstVisible(start + t);
        int count = start + t + 1 - first;
        long q = qkv.at(t, (long) head * width);
        for (int i = 0; i < count; i++) {
            float dot = Norms.dot(qkv.memory(), q, keys.memory(), keys.at(first + i, column), width);
            scores[i] = dot * (float) shape.scale();
        }
        float sum = weights(scores, count);
        long outAt = out.at(t, (long) head * width);
        Elementwise.fill(out.memory(), outAt, width, 0);
        for (int i = 0; i < count; i++) {
            addScaled(scores[i] / sum, values.memory(), values.at(first + i, column), out.memory(), outAt, width);
        }
    }

    /** scores = e^(scores - max); returns their sum. */
    private static float weights(float[] scores, int n) {
        int end = Lanes.up(n);
        Arrays.fill(scores, n, end, Float.NEGATIVE_INFINITY);
        float max = max(scores, end);
        for (int i = 0; i < end; i += L) {
            FloatVector.fromArray(S, scores, i).sub(max).intoArray(scores, i);
        }
        Exp.all(scores, 0, end);
        FloatVector sum = FloatVector.zero(S);
        for (int i = 0; i < end; i += L) {
            sum = sum.add(FloatVector.fromArray(S, scores, i));
        }
        return Lanes.sum(sum);
    }

    private static float max(float[] scores, int end) {
        FloatVector max = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < end; i += L) {
            FloatVector v = FloatVector.fromArray(S, scores, i);
            max = max.blend(v, v.compare(VectorOperators.GT, max));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /** y += factor · x. */
    private static void addScaled(float factor, MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            FloatVector.fromMemorySegment(S, x, xAt + i * 4L, O)
                    .fma(FloatVector.broadcast(S, factor), FloatVector.fromMemorySegment(S, y, yAt + i * 4L, O))
                    .intoMemorySegment(y, yAt + i * 4L, O);
        }
        for (int i = body; i < n; i++) {
            float sum = Math.fma(x.get(Lanes.FLOAT, xAt + i * 4L), factor, y.get(Lanes.FLOAT, yAt + i * 4L));
            y.set(Lanes.FLOAT, yAt + i * 4L, sum);
        }
    }
}
