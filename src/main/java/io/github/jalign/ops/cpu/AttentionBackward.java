package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The gradient of {@link AttentionForward}. A task is one head of one tree; its gradients of keys and values go to a
 * place of its own, and those of the heads that share them are added in the order of the heads at the end. So every
 * number has one writer and one order of sums.
 */
final class AttentionBackward {
    private final ThreadTeam team;
    private final AttentionBlocks[] members;
    /** Gradient of [key | value] by head and token: [H][T][2E]. */
    private final float[] shares;

    AttentionBackward(ThreadTeam team, MicroKernel kernel, int tokens, int context, int heads, int headDim) {
        this.team = team;
        this.members = new AttentionBlocks[team.size()];
        Arrays.setAll(members, i -> new AttentionBlocks(kernel, context, headDim));
        this.shares = new float[shareFloats(tokens, heads, headDim)];
    }

    private static int shareFloats(int tokens, int heads, int headDim) {
        return Math.toIntExact(2L * tokens * heads * headDim);
    }

    static long floats(int threads, MicroKernel kernel, int tokens, int context, int heads, int headDim) {
        return threads * AttentionBlocks.floats(kernel, context, headDim) + shareFloats(tokens, heads, headDim);
    }

    void run(Matrix dout, Matrix qkv, Matrix out, Matrix lse, Segments segments, AttentionShape shape, Matrix dqkv) {
        int[] roots = roots(segments);
        team.forEach(roots.length * shape.heads(), (index, member) -> {
            int head = index % shape.heads();
            AttentionBlocks blocks = members[member];
            blocks.begin(dout, qkv, out, lse, shape, head);
            for (int s = roots[index / shape.heads()]; s < segments.count(); s++) {
                if (s == roots[index / shape.heads()] || segments.parent(s) == roots[index / shape.heads()]) {
                    blocks.segment(segments, s, shares, head * segments.tokens(), dqkv);
                }
            }
        });
        team.forEach(segments.tokens(), (t, member) -> {
            for (int kv = 0; kv < shape.keyValueHeads(); kv++) {
                reduce(segments.tokens(), t, kv, shape, dqkv);
            }
        });
    }

    private static int[] roots(Segments segments) {
        int[] roots = new int[segments.count()];
        int count = 0;
        for (int s = 0; s < segments.count(); s++) {
            if (!segments.hasParent(s)) {
                roots[count++] = s;
            }
        }
        return Arrays.copyOf(roots, count);
    }

    /** dk and dv of one token: the shares of the heads that read them. */
    private void reduce(int tokens, int t, int kv, AttentionShape shape, Matrix dqkv) {
        int width = shape.headDim();
        int group = shape.heads() / shape.keyValueHeads();
        int first = (kv * group * tokens + t) * 2 * width;
        for (int other = 1; other < group; other++) {
            Floats.add(shares, first + other * tokens * 2 * width, shares, first, 2 * width);
        }
        MemorySegment to = dqkv.memory();
        long column = shape.queryWidth() + (long) kv * width;
        Floats.copy(shares, first, to, dqkv.at(t, column), width);
        Floats.copy(shares, first + width, to, dqkv.at(t, column + shape.keyWidth()), width);
    }
}
