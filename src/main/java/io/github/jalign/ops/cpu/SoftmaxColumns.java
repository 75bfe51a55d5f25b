package io.github.jalign.ops.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scores [key position][query], one query a lane, and their softmax along the keys. The mask lets query {@code l}, which
 * stands at position {@code first + l}, see positions up to its own and not below its window. Weights are
 * {@code e^(scale·(score - max))}, 0 where the mask forbids; their sums divide the result at the end.
 */
final class SoftmaxColumns {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    /** Less than any score, and no cause of NaN. */
    private static final float UNSEEN = -1e30f;

    final float[] scores;
    private final int width;
    private final float[] max;
    private final float[] sums;
    private final float[] blockSums;
    private int first;
    private int window;
    private float scale;

    /**
     * @param width queries, a multiple of the vector length
     * @param keys rows of scores
     */
    SoftmaxColumns(int width, int keys) {
        this.width = width;
        scores = new float[width * keys];
        max = new float[width];
        sums = new float[width];
        blockSums = new float[width];
    }

    static long floats(int width, int keys) {
        return (long) width * (keys + 3);
    }

    /** Says where the queries stand and what they see; window 0 is all. */
    void begin(int firstPosition, int seen, float scoreScale) {
        first = firstPosition;
        window = seen;
        scale = scoreScale;
        Arrays.fill(max, UNSEEN);
        Arrays.fill(sums, 0);
    }

    /** Hides what the mask forbids in positions [from, to), and takes the rest into the maximum. */
    void maximum(int from, int to) {
        int fullFrom = Math.clamp(window == 0 ? 0 : first + width - window, from, to); // seen by all queries up to
        int fullTo = Math.clamp(first + 1, fullFrom, to);
        for (int c = 0; c < width; c += L) {
            hide(from, fullFrom, c);
            hide(fullTo, to, c);
            maximum(from, to, c);
        }
    }

    private void hide(int from, int to, int c) {
        for (int p = from; p < to; p++) {
            int own = p - first - c; // the lane that stands at p
            int limit = window == 0 ? width : own + window;
            VectorMask<Float> seen = Lanes.NUMBERS
                    .compare(VectorOperators.GE, own)
                    .and(Lanes.NUMBERS.compare(VectorOperators.LT, limit));
            FloatVector.broadcast(S, UNSEEN)
                    .blend(FloatVector.fromArray(S, scores, p * width + c), seen)
                    .intoArray(scores, p * width + c);
        }
    }

    private void maximum(int from, int to, int c) {
        FloatVector m0 = FloatVector.fromArray(S, max, c);
        FloatVector m1 = FloatVector.fromArray(S, max, c);
        for (int p = from; p < to; p += 2) {
            FloatVector s0 = FloatVector.fromArray(S, scores, p * width + c);
            FloatVector s1 = FloatVector.fromArray(S, scores, Math.min(p + 1, to - 1) * width + c);
            m0 = m0.blend(s0, s0.compare(VectorOperators.GT, m0));
            m1 = m1.blend(s1, s1.compare(VectorOperators.GT, m1));
        }
        m0.blend(m1, m1.compare(VectorOperators.GT, m0)).intoArray(max, c);
    }

    /** Turns scores of positions [from, to) into weights and adds their sum, taken from 0, to the sums. */
    void exponentials(int from, int to) {
        for (int c = 0; c < width; c += L) {
            exponents(from, to, c);
        }
        Exp.all(scores, from * width, to * width);
        for (int c = 0; c < width; c += L) {
            sum(from, to, c);
        }
        Floats.add(blockSums, 0, sums, 0, width);
    }

    private void exponents(int from, int to, int c) {
        FloatVector m = FloatVector.fromArray(S, max, c);
        for (int p = from; p < to; p++) {
            FloatVector.fromArray(S, scores, p * width + c).sub(m).mul(scale).intoArray(scores, p * width + c);
        }
    }

    private void sum(int from, int to, int c) {
        FloatVector sum = FloatVector.zero(S);
        for (int p = from; p < to; p++) {
            sum = sum.add(FloatVector.fromArray(S, scores, p * width + c));
        }
        sum.intoArray(blockSums, c);
    }

    /** Divides each of {@code rows} rows of queries by the sums. */
    void divide(float[] x, int rows) {
        for (int c = 0; c < width; c += L) {
            FloatVector inverse = FloatVector.broadcast(S, 1).div(FloatVector.fromArray(S, sums, c));
            for (int r = 0; r < rows; r++) {
                FloatVector.fromArray(S, x, r * width + c).mul(inverse).intoArray(x, r * width + c);
            }
        }
    }

    /** lse[i][0] = the log of the sum of exponentials of query i's scaled scores. */
    void logSums(int count, Matrix lse) {
        for (int i = 0; i < count; i++) {
            lse.memory().set(Lanes.FLOAT, lse.at(i, 0), (float) ((double) max[i] * scale + Math.log(sums[i])));
        }
    }
}
