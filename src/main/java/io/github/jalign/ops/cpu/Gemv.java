package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code y[T,N] = x[T,K]·w[N,K]ᵀ} in float32 for very few tokens, as in decoding: w is read once and straight from
 * where it lies, so the speed is that of memory. Eight rows of w are turned in registers into vectors of eight rows, a
 * step of K each, so that an element is summed in {@link Gemm}'s order and has its very bits.
 */
final class Gemv {
    /** Up to this many tokens this is faster than {@link Gemm}. */
    static final int MAX_TOKENS = 2;

    private static final VectorSpecies<Float> Q = Quads.SPECIES;
    private static final VectorShuffle<Float> SWAP = Quads.SWAP;
    private static final VectorShuffle<Float> TURN = Quads.TURN;
    private static final VectorMask<Float> ODD = Quads.ODD;
    private static final VectorMask<Float> HIGH = Quads.HIGH;

    private static final int ROWS = 2 * Quads.COUNT;
    /** Floats of w in a task: long enough for the hardware to read ahead, short enough to share evenly. */
    private static final int TASK = 1 << 16;

    private final ThreadTeam team;
    private final float[][] sums;

    Gemv(ThreadTeam team) {
        this.team = team;
        sums = new float[team.size()][2 * ROWS];
    }

    /** Whether a product has a shape that is meant for this path. */
    static boolean fits(int t, int n, int k) {
        return t <= MAX_TOKENS && n >= ROWS && k % Quads.COUNT == 0;
    }

    void forward(int t, int n, int k, Matrix x, Matrix w, Matrix y) {
        int rows = Math.max(1, TASK / k / ROWS) * ROWS;
        team.forEach((n + rows - 1) / rows, (index, member) -> {
            for (int j = index * rows; j < Math.min(n, (index + 1) * rows); j += ROWS) {
                int first = Math.min(j, n - ROWS); // the last eight reach back over rows already done
                for (int i = 0; i < t; i++) {
                    eight(x, i, w, first, k, sums[member]);
                    store(sums[member], j - first, y.memory(), y.at(i, j));
                }
            }
        });
    }

    /** sums[0..7] = the products of row i of x with the rows of w from {@code j} on, blocks added in order. */
    private static void eight(Matrix x, int i, Matrix w, int j, int k, float[] sums) {
        block(x.memory(), x.at(i, 0), w.memory(), w.at(j, 0), w.stride() * 4, Math.min(Panels.BLOCK, k), sums, 0);
        for (int from = Panels.BLOCK; from < k; from += Panels.BLOCK) {
            int steps = Math.min(Panels.BLOCK, k - from);
            block(x.memory(), x.at(i, from), w.memory(), w.at(j, from), w.stride() * 4, steps, sums, ROWS);
            for (int r = 0; r < ROWS; r++) {
                sums[r] += sums[ROWS + r];
            }
        }
    }

    private static void store(float[] sums, int from, MemorySegment y, long at) {
        for (int r = from; r < ROWS; r++) {
            y.set(Lanes.FLOAT, at + (r - from) * 4L, sums[r]);
        }
    }

    private static void block(
            MemorySegment x, long xAt, MemorySegment w, long wAt, long stride, int k, float[] sums, int to) {
        FloatVector low = FloatVector.zero(Q);
        FloatVector high = FloatVector.zero(Q);
        for (int i = 0; i < k; i += Quads.COUNT) {
            long p = wAt + i * 4L;
            FloatVector x0 = FloatVector.broadcast(Q, x.get(Lanes.FLOAT, xAt + i * 4L));
            FloatVector x1 = FloatVector.broadcast(Q, x.get(Lanes.FLOAT, xAt + i * 4L + 4));
            FloatVector x2 = FloatVector.broadcast(Q, x.get(Lanes.FLOAT, xAt + i * 4L + 8));
            FloatVector x3 = FloatVector.broadcast(Q, x.get(Lanes.FLOAT, xAt + i * 4L + 12));
            FloatVector r0 = FloatVector.fromMemorySegment(Q, w, p, Lanes.ORDER);
            FloatVector r1 = FloatVector.fromMemorySegment(Q, w, p + stride, Lanes.ORDER);
            FloatVector r2 = FloatVector.fromMemorySegment(Q, w, p + 2 * stride, Lanes.ORDER);
            FloatVector r3 = FloatVector.fromMemorySegment(Q, w, p + 3 * stride, Lanes.ORDER);
            FloatVector e0 = r0.blend(r1.rearrange(SWAP), ODD);
            FloatVector e1 = r2.blend(r3.rearrange(SWAP), ODD);
            FloatVector o0 = r0.rearrange(SWAP).blend(r1, ODD);
            FloatVector o1 = r2.rearrange(SWAP).blend(r3, ODD);
            low = e0.blend(e1.rearrange(TURN), HIGH).fma(x0, low);
            low = o0.blend(o1.rearrange(TURN), HIGH).fma(x1, low);
            low = e0.rearrange(TURN).blend(e1, HIGH).fma(x2, low);
            low = o0.rearrange(TURN).blend(o1, HIGH).fma(x3, low);
            FloatVector r4 = FloatVector.fromMemorySegment(Q, w, p + 4 * stride, Lanes.ORDER);
            FloatVector r5 = FloatVector.fromMemorySegment(Q, w, p + 5 * stride, Lanes.ORDER);
            FloatVector r6 = FloatVector.fromMemorySegment(Q, w, p + 6 * stride, Lanes.ORDER);
            FloatVector r7 = FloatVector.fromMemorySegment(Q, w, p + 7 * stride, Lanes.ORDER);
            FloatVector e2 = r4.blend(r5.rearrange(SWAP), ODD);
            FloatVector e3 = r6.blend(r7.rearrange(SWAP), ODD);
            FloatVector o2 = r4.rearrange(SWAP).blend(r5, ODD);
            FloatVector o3 = r6.rearrange(SWAP).blend(r7, ODD);
            high = e2.blend(e3.rearrange(TURN), HIGH).fma(x0, high);
            high = o2.blend(o3.rearrange(TURN), HIGH).fma(x1, high);
            high = e2.rearrange(TURN).blend(e3, HIGH).fma(x2, high);
            high = o2.rearrange(TURN).blend(o3, HIGH).fma(x3, high);
        }
        low.intoArray(sums, to);
        high.intoArray(sums, to + Quads.COUNT);
    }
}
