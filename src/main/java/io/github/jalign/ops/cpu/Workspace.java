package io.github.jalign.ops.cpu;

import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;

/** Everything that operators write besides their results, allocated once for a workload. On the Java heap: C2 likes arrays. */
final class Workspace {
    private final Workload load;
    private final long bytes;
    private final Gemm gemm;
    private final SegmentAttention attention;
    private final float[][] scores;

    Workspace(ThreadTeam team, MicroKernel kernel, Workload load) {
        this.load = load;
        this.bytes = TensorArena.bytes(specs(load, team.size(), kernel));
        this.gemm = new Gemm(team, kernel);
        this.attention = new SegmentAttention(team, load.context());
        this.scores = new float[team.size()][load.context()];
    }

    /** What the constructor allocates. */
    static List<TensorSpec> specs(Workload load, int threads, MicroKernel kernel) {
        return List.of(
                new TensorSpec("products", DType.F32, 1, Gemm.workspaceFloats(threads, kernel)),
                new TensorSpec("attention", DType.F32, threads, load.context()),
                new TensorSpec("decoding", DType.F32, threads, load.context()));
    }

    boolean fits(Workload other) {
        return grown(other).equals(load);
    }

    /** The larger of both in every size. */
    Workload grown(Workload other) {
        return new Workload(
                Math.max(load.tokens(), other.tokens()),
                Math.max(load.context(), other.context()),
                Math.max(load.heads(), other.heads()),
                Math.max(load.keyValueHeads(), other.keyValueHeads()),
                Math.max(load.headDim(), other.headDim()),
                Math.max(load.width(), other.width()),
                Math.max(load.hidden(), other.hidden()),
                Math.max(load.vocabulary(), other.vocabulary()),
                Math.max(load.headRows(), other.headRows()));
    }

    long bytes() {
        return bytes;
    }

    Gemm gemm() {
        return gemm;
    }

    SegmentAttention attention() {
        return attention;
    }

    /** A member's scores of {@code n} keys. */
    float[] scores(int member, int n) {
        if (n > scores[member].length) {
            throw new IllegalArgumentException(n + " keys, but reserved were " + load.context());
        }
        return scores[member];
    }
}
