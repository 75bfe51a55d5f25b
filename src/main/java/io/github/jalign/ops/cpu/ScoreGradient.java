package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AttentionShape;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scores and their gradient for a block of queries and a few panels of keys, [key panel][query][key].
 * {@link #differentiate} makes weights of scores and the scores' gradient of the weights' gradient:
 * p = e^(scale·s - lse), ds = p·(dp - D)·scale, both 0 where the mask forbids.
 */
final class ScoreGradient {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    private static final int QUERIES = Panels.BLOCK;
    /** An exponent that gives 0. */
    private static final float UNSEEN = -1e30f;

    final float[] p;
    final float[] ds;
    private final int width;
    private final float[] lse;
    private final float[] d;
    private int queryIndex;
    private int rows;
    private int position;
    private int keyPosition;
    private int height;
    private int window;
    private float scale;

    ScoreGradient(int width, int keyPanels, int context) {
        this.width = width;
        p = new float[keyPanels * QUERIES * width];
        ds = new float[keyPanels * QUERIES * width];
        lse = new float[context];
        d = new float[context];
    }

    static long floats(int width, int keyPanels, int context) {
        return 2L * keyPanels * QUERIES * width + 2L * context;
    }

    /** Takes in what is known of each query of a segment: its log-sum-exp and D = dout·out. */
    void rows(Matrix dout, Matrix out, Matrix logSumExp, int count, int headDim) {
        for (int i = 0; i < count; i++) {
            lse[i] = logSumExp.memory().get(Lanes.FLOAT, logSumExp.at(i, 0));
            d[i] = Norms.dot(dout.memory(), dout.at(i, 0), out.memory(), out.at(i, 0), headDim);
        }
    }

    /**
     * Says what stands in the block.
     *
     * @param query the first query's number in its segment
     * @param count queries
     * @param queryPosition of the first query
     * @param firstKeyPosition of the first key
     * @param tileRows queries in a tile
     */
    void begin(int query, int count, int queryPosition, int firstKeyPosition, AttentionShape shape, int tileRows) {
        queryIndex = query;
        rows = count;
        position = queryPosition;
        keyPosition = firstKeyPosition;
        height = tileRows;
        window = shape.window();
        scale = (float) shape.scale();
    }

    /** Where row {@code r} of a key panel begins. */
    int at(int keyPanel, int r) {
        return (keyPanel * QUERIES + r) * width;
    }

    /** The first query tile in which any query sees any key of the panel. */
    int firstPanel(int keyPanel) {
        return Math.max(0, keyPosition + keyPanel * width - position) / height;
    }

    /** The query tile after the last such. */
    int endPanel(int keyPanel) {
        long end = window == 0 ? rows : (long) keyPosition + (keyPanel + 1L) * width - 1 + window - position;
        return (int) Math.ceilDiv(Math.clamp(end, 0, rows), (long) height);
    }

    /** Rows [from, to) of a key panel: p from scores, ds from dp. */
    void differentiate(int keyPanel, int from, int to) {
        int key = keyPosition + keyPanel * width;
        int fullFrom = Math.clamp(key + width - 1 - position, from, to); // rows that see the whole panel
        int fullTo = window == 0 ? to : Math.clamp(key + window - position, fullFrom, to);
        for (int c = 0; c < width; c += L) {
            exponents(keyPanel, from, to, c);
            hide(keyPanel, from, fullFrom, c);
            hide(keyPanel, fullTo, to, c);
        }
        Exp.all(p, at(keyPanel, from), at(keyPanel, to));
        for (int c = 0; c < width; c += L) {
            gradients(keyPanel, from, to, c);
        }
    }

    private void exponents(int keyPanel, int from, int to, int c) {
        for (int r = from; r < to; r++) {
            int i = at(keyPanel, r) + c;
            FloatVector.fromArray(S, p, i).mul(scale).sub(lse[queryIndex + r]).intoArray(p, i);
        }
    }

    private void hide(int keyPanel, int from, int to, int c) {
        for (int r = from; r < to; r++) {
            int i = at(keyPanel, r) + c;
            int own = position + r - keyPosition - keyPanel * width - c; // the lane of the key at the query's position
            int passed = window == 0 ? -1 : own - window;
            VectorMask<Float> seen = Lanes.NUMBERS
                    .compare(VectorOperators.LE, own)
                    .and(Lanes.NUMBERS.compare(VectorOperators.GT, passed));
            FloatVector.broadcast(S, UNSEEN).blend(FloatVector.fromArray(S, p, i), seen).intoArray(p, i);
        }
    }

    private void gradients(int keyPanel, int from, int to, int c) {
        for (int r = from; r < to; r++) {
            int i = at(keyPanel, r) + c;
            FloatVector.fromArray(S, ds, i)
                    .sub(d[queryIndex + r])
                    .mul(FloatVector.fromArray(S, p, i))
                    .mul(scale)
                    .intoArray(ds, i);
        }
    }
}
