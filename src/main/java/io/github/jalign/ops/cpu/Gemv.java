package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code y[T,N] = x[T,K]·w[N,K]ᵀ} in float32 for very few tokens, as in decoding: each row of w is read once from memory
 * and met by all tokens, so the speed is that of memory.
 *
 * <p>The sum runs along the lanes of vectors. So an element has equal bits for any T and number of threads here, but not
 * those of {@link Gemm}.
 */
final class Gemv {
    /** Up to this many tokens this path is meant. */
    static final int MAX_TOKENS = 4;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    /** Floats of w in a task: long enough for the hardware to read ahead, short enough to share evenly. */
    private static final int TASK = 1 << 15;

    private final ThreadTeam team;

    Gemv(ThreadTeam team) {
        this.team = team;
    }

    void forward(int t, int n, int k, Matrix x, Matrix w, Matrix y) {
        int rows = Math.max(1, TASK / k);
        team.forEach((n + rows - 1) / rows, (index, member) -> {
            for (int j = index * rows; j < Math.min(n, (index + 1) * rows); j++) {
                for (int i = 0; i < t; i++) {
                    float dot = dot(x.memory(), x.at(i, 0), w.memory(), w.at(j, 0), k);
                    y.memory().set(Lanes.FLOAT, y.at(i, j), dot);
                }
            }
        });
    }

    private static float dot(MemorySegment x, long xAt, MemorySegment w, long wAt, int k) {
        int body = k - k % (4 * L);
        float sum = dotBody(x, xAt, w, wAt, body);
        return body == k ? sum : sum + dotTail(x, xAt, w, wAt, body, k);
    }

    private static float dotBody(MemorySegment x, long xAt, MemorySegment w, long wAt, int k) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = FloatVector.zero(S);
        FloatVector s2 = FloatVector.zero(S);
        FloatVector s3 = FloatVector.zero(S);
        for (int i = 0; i < k; i += 4 * L) {
            s0 = load(w, wAt + i * 4L).fma(load(x, xAt + i * 4L), s0);
            s1 = load(w, wAt + (i + L) * 4L).fma(load(x, xAt + (i + L) * 4L), s1);
            s2 = load(w, wAt + (i + 2 * L) * 4L).fma(load(x, xAt + (i + 2 * L) * 4L), s2);
            s3 = load(w, wAt + (i + 3 * L) * 4L).fma(load(x, xAt + (i + 3 * L) * 4L), s3);
        }
        return Lanes.sum(s0.add(s1).add(s2.add(s3)));
    }

    private static float dotTail(MemorySegment x, long xAt, MemorySegment w, long wAt, int from, int k) {
        float sum = 0;
        for (int i = from; i < k; i++) {
            sum = Math.fma(w.get(Lanes.FLOAT, wAt + i * 4L), x.get(Lanes.FLOAT, xAt + i * 4L), sum);
        }
        return sum;
    }

    private static FloatVector load(MemorySegment from, long at) {
        return FloatVector.fromMemorySegment(S, from, at, Lanes.ORDER);
    }
}
