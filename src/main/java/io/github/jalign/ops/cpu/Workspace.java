package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Everything that operators write besides their results, allocated once for a workload. On the Java heap: C2 likes arrays. */
final class Workspace {
    /** Floats of a row that an operator treats at a time, so that they stay in the first cache level. */
    private static final int SCRATCH = 1024;

    private final Workload load;
    private final long bytes;
    private final Gemm gemm;
    private final AttentionForward attention;
    private final @Nullable AttentionBackward attentionBackward;
    private final float[][] scores;
    private final float[][] scratch;
    private final LogSoftmax[] logSoftmax;

    Workspace(ThreadTeam team, MicroKernel kernel, Workload load) {
        this.load = load;
        this.bytes = TensorArena.bytes(specs(load, team.size(), kernel));
        this.gemm = new Gemm(team, kernel);
        this.attention = new AttentionForward(team, kernel, load.context(), load.headDim());
        this.attentionBackward = load.gradients()
                ? new AttentionBackward(team, kernel, load.tokens(), load.context(), load.heads(), load.headDim())
                : null;
        this.scores = new float[team.size()][RowAttention.floats(load.context())];
        this.scratch = new float[team.size()][SCRATCH];
        this.logSoftmax = new LogSoftmax[team.size()];
        Arrays.setAll(logSoftmax, i -> new LogSoftmax());
    }

    /** What the constructor allocates. */
    static List<TensorSpec> specs(Workload load, int threads, MicroKernel kernel) {
        int context = load.context();
        int headDim = load.headDim();
        return List.of(
                floats("products", Gemm.workspaceFloats(threads, kernel)),
                floats("attention", AttentionForward.floats(threads, kernel, context, headDim)),
                floats(
                        "attention gradient",
                        load.gradients()
                                ? AttentionBackward.floats(
                                        threads, kernel, load.tokens(), context, load.heads(), headDim)
                                : 0),
                floats("rows", threads * (RowAttention.floats(context) + SCRATCH + LogSoftmax.floats())));
    }

    /** Rows of 16 floats, so that no count leaves 31 bits. */
    private static TensorSpec floats(String name, long count) {
        return new TensorSpec(name, DType.F32, Math.toIntExact((count + 15) / 16), 16);
    }

    Workload load() {
        return load;
    }

    long bytes() {
        return bytes;
    }

    Gemm gemm() {
        return gemm;
    }

    AttentionForward attention(Segments segments, AttentionShape shape) {
        check(segments, shape);
        return attention;
    }

    AttentionBackward attentionBackward(Segments segments, AttentionShape shape) {
        check(segments, shape);
        if (attentionBackward == null) {
            throw new IllegalArgumentException("gradients of attention, but reserved was a workload without");
        }
        return attentionBackward;
    }

    private void check(Segments segments, AttentionShape shape) {
        int keys = 0;
        for (int s = 0; s < segments.count(); s++) {
            keys = Math.max(keys, segments.parentLength(s) + segments.length(s));
        }
        if (segments.tokens() > load.tokens()
                || keys > load.context()
                || shape.heads() > load.heads()
                || shape.headDim() > load.headDim()) {
            throw new IllegalArgumentException(
                    "%d tokens, %d keys and %d heads of %d, but reserved were %d, %d and %d of %d"
                            .formatted(
                                    segments.tokens(), keys, shape.heads(), shape.headDim(),
                                    load.tokens(), load.context(), load.heads(), load.headDim()));
        }
    }

    /** A member's scores of {@code n} keys. */
    float[] scores(int member, int n) {
        if (n > load.context()) {
            throw new IllegalArgumentException(n + " keys, but reserved were " + load.context());
        }
        return scores[member];
    }

    /** A member's place for a piece of a row. */
    float[] scratch(int member) {
        return scratch[member];
    }

    LogSoftmax logSoftmax(int member) {
        return logSoftmax[member];
    }
}
