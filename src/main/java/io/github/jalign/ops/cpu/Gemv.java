package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@code y[T,N] = x[T,K]·w[N,K]ᵀ} in float32 for very few tokens, as in decoding: w is read once and straight from
 * where it lies, so the speed is that of memory. Eight rows of w are turned in registers into vectors of eight rows, a
 * step of K each, so that an element is summed in {@link Gemm}'s order and has its very bits.
 */
final class Gemv {
    /** Up to this many tokens this is faster than {@link Gemm}. */
    static final int MAX_TOKENS = 2;

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
        FloatVector low = FloatVector.zero(Quads.SPECIES);
        FloatVector high = FloatVector.zero(Quads.SPECIES);
        for (int i = 0; i < k; i += Quads.COUNT) {
            long p = wAt + i * 4L;
            FloatVector x0 = step(x, xAt, i);
            FloatVector x1 = step(x, xAt, i + 1);
            FloatVector x2 = step(x, xAt, i + 2);
            FloatVector x3 = step(x, xAt, i + 3);
            FloatVector r0 = quad(w, p);
            FloatVector r1 = quad(w, p + stride);
            FloatVector r2 = quad(w, p + 2 * stride);
            FloatVector r3 = quad(w, p + 3 * stride);
            FloatVector even01 = Quads.evens(r0, r1);
            FloatVector odd01 = Quads.odds(r0, r1);
            FloatVector even23 = Quads.evens(r2, r3);
            FloatVector odd23 = Quads.odds(r2, r3);
            low = Quads.lows(even01, even23).fma(x0, low);
            low = Quads.lows(odd01, odd23).fma(x1, low);
            low = Quads.highs(even01, even23).fma(x2, low);
            low = Quads.highs(odd01, odd23).fma(x3, low);
            FloatVector r4 = quad(w, p + 4 * stride);
            FloatVector r5 = quad(w, p + 5 * stride);
            FloatVector r6 = quad(w, p + 6 * stride);
            FloatVector r7 = quad(w, p + 7 * stride);
            FloatVector even45 = Quads.evens(r4, r5);
            FloatVector odd45 = Quads.odds(r4, r5);
            FloatVector even67 = Quads.evens(r6, r7);
            FloatVector odd67 = Quads.odds(r6, r7);
            high = Quads.lows(even45, even67).fma(x0, high);
            high = Quads.lows(odd45, odd67).fma(x1, high);
            high = Quads.highs(even45, even67).fma(x2, high);
            high = Quads.highs(odd45, odd67).fma(x3, high);
        }
        low.intoArray(sums, to);
        high.intoArray(sums, to + Quads.COUNT);
    }

    private static FloatVector quad(MemorySegment from, long at) {
        return FloatVector.fromMemorySegment(Quads.SPECIES, from, at, Lanes.ORDER);
    }

    private static FloatVector step(MemorySegment x, long at, int i) {
        return FloatVector.broadcast(Quads.SPECIES, x.get(Lanes.FLOAT, at + i * 4L));
    }
}
