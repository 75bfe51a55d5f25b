package io.github.jalign.ops.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Scores [key position][query], one query a lane, and their softmax along the keys. The mask lets query {@code l}, which
 * stands at position {@code first + l}, see positions up to its own and not below its window. Weights are
 * {@code e^(scale·(score - max))}, 0 where the mask forbids; their sums divide the result at the end.
 */
final class SoftmaxColumns {
    private static final int L = Lanes.COUNT;
    private static final FloatVector LANES = FloatVector.zero(Lanes.SPECIES).addIndex(1);

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

    /** Says where the queries stand and what they see; 0 is no window. */
    void begin(int firstPosition, int seen, float scoreScale) {
        first = firstPosition;
        window = seen;
        scale = scoreScale;
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        Arrays.fill(sums, 0);
    }

    /** Positions from which on no query's window has passed them. */
    private int fullFrom() {
        return window == 0 ? 0 : first + width - window;
    }

    /** Queries of the vector from column {@code c} that see position {@code p}. */
    private VectorMask<Float> visible(int p, int c) {
        int least = p - first - c; // the lane that stands at p
        VectorMask<Float> reached = LANES.compare(VectorOperators.GE, least);
        return window == 0 ? reached : reached.and(LANES.compare(VectorOperators.LT, least + window));
    }

    /** Takes positions [from, to) into the maximum. */
    void maximum(int from, int to) {
        int fullFrom = Math.clamp(fullFrom(), from, to);
        int fullTo = Math.clamp(first + 1, fullFrom, to);
        for (int c = 0; c < width; c += L) {
            maskedMaximum(from, fullFrom, c);
            maximum(fullFrom, fullTo, c);
            maskedMaximum(fullTo, to, c);
        }
    }

    private void maximum(int from, int to, int c) {
        FloatVector m0 = Floats.load(max, c);
        FloatVector m1 = m0;
        int p = from;
        for (; p + 1 < to; p += 2) {
            FloatVector s0 = Floats.load(scores, p * width + c);
            FloatVector s1 = Floats.load(scores, p * width + width + c);
            m0 = m0.blend(s0, s0.compare(VectorOperators.GT, m0));
            m1 = m1.blend(s1, s1.compare(VectorOperators.GT, m1));
        }
        if (p < to) {
            FloatVector s0 = Floats.load(scores, p * width + c);
            m0 = m0.blend(s0, s0.compare(VectorOperators.GT, m0));
        }
        m0.blend(m1, m1.compare(VectorOperators.GT, m0)).intoArray(max, c);
    }

    private void maskedMaximum(int from, int to, int c) {
        FloatVector m = Floats.load(max, c);
        for (int p = from; p < to; p++) {
            FloatVector s = Floats.load(scores, p * width + c);
            m = m.blend(s, s.compare(VectorOperators.GT, m).and(visible(p, c)));
        }
        m.intoArray(max, c);
    }

    /** Turns scores of positions [from, to) into weights and adds their sum, taken from 0, to the sums. */
    void exponentials(int from, int to) {
        int fullFrom = Math.clamp(fullFrom(), from, to);
        int fullTo = Math.clamp(first + 1, fullFrom, to);
        Arrays.fill(blockSums, 0);
        for (int c = 0; c < width; c += L) {
            maskedExponentials(from, fullFrom, c);
            exponentials(fullFrom, fullTo, c);
            maskedExponentials(fullTo, to, c);
        }
        Floats.add(blockSums, 0, sums, 0, width);
    }

    private void exponentials(int from, int to, int c) {
        FloatVector sum = Floats.load(blockSums, c);
        FloatVector m = Floats.load(max, c);
        for (int p = from; p < to; p++) {
            FloatVector e = Exp.exp(Floats.load(scores, p * width + c).sub(m).mul(scale));
            e.intoArray(scores, p * width + c);
            sum = sum.add(e);
        }
        sum.intoArray(blockSums, c);
    }

    private void maskedExponentials(int from, int to, int c) {
        FloatVector sum = Floats.load(blockSums, c);
        FloatVector m = Floats.load(max, c);
        for (int p = from; p < to; p++) {
            FloatVector e = Exp.exp(Floats.load(scores, p * width + c).sub(m).mul(scale));
            FloatVector kept = FloatVector.zero(Lanes.SPECIES).blend(e, visible(p, c));
            kept.intoArray(scores, p * width + c);
            sum = sum.add(kept);
        }
        sum.intoArray(blockSums, c);
    }

    /** Divides each of {@code rows} rows of queries by the sums. */
    void divide(float[] x, int rows) {
        for (int c = 0; c < width; c += L) {
            FloatVector inverse = Lanes.all(1).div(Floats.load(sums, c));
            for (int r = 0; r < rows; r++) {
                Floats.load(x, r * width + c).mul(inverse).intoArray(x, r * width + c);
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
