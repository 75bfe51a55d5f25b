package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;

/** Attention over the segment tree, a row of queries at a time. */
final class SegmentAttention {
    private final ThreadTeam team;
    private final float[][] scores;

    /** @param context keys that one token can see at most */
    SegmentAttention(ThreadTeam team, int context) {
        this.team = team;
        this.scores = new float[team.size()][context];
    }

    static long workspaceFloats(int threads, int context) {
        return (long) threads * context;
    }

    /** The keys that one token sees: its parent's rows, then its own segment's. */
    private record Visible(int parentFrom, int parents, int ownFrom, int own) {
        static Visible of(Segments segments, AttentionShape shape, int s, int t) {
            int shared = segments.parentLength(s);
            int first = shape.firstVisible(shared + t - segments.start(s));
            int parentFrom = Math.min(first, shared);
            int ownFrom = segments.start(s) + Math.max(0, first - shared);
            int parentStart = segments.hasParent(s) ? segments.start(segments.parent(s)) : 0;
            return new Visible(parentStart + parentFrom, shared - parentFrom, ownFrom, t + 1 - ownFrom);
        }

        int count() {
            return parents + own;
        }
    }

    void forward(Matrix qkv, Segments segments, AttentionShape shape, Matrix out, Matrix lse) {
        team.forEach(segments.count() * shape.heads(), (index, member) -> {
            int s = index / shape.heads();
            int head = index % shape.heads();
            for (int t = segments.start(s); t < segments.end(s); t++) {
                forward(qkv, Visible.of(segments, shape, s, t), shape, t, head, out, lse, scores[member]);
            }
        });
    }

    private static int keyColumn(AttentionShape shape, int head) {
        return shape.queryWidth() + head / (shape.heads() / shape.keyValueHeads()) * shape.headDim();
    }

    private static void forward(
            Matrix qkv, Visible see, AttentionShape shape, int t, int head, Matrix out, Matrix lse, float[] scores) {
        int width = shape.headDim();
        int k = keyColumn(shape, head);
        int v = k + shape.keyWidth();
        scores(qkv, see, shape, t, head, scores);
        lse.memory().set(Lanes.FLOAT, lse.at(t, head), RowAttention.softmax(scores, see.count()));
        long outAt = out.at(t, (long) head * width);
        Elementwise.fill(out.memory(), outAt, width, 0);
        RowAttention.mix(scores, 0, qkv, v, see.parentFrom, see.parents, out.memory(), outAt, width);
        RowAttention.mix(scores, see.parents, qkv, v, see.ownFrom, see.own, out.memory(), outAt, width);
    }

    private static void scores(Matrix qkv, Visible see, AttentionShape shape, int t, int head, float[] scores) {
        int width = shape.headDim();
        int k = keyColumn(shape, head);
        long qAt = qkv.at(t, (long) head * width);
        float scale = (float) shape.scale();
        RowAttention.scores(qkv.memory(), qAt, qkv, k, see.parentFrom, see.parents, width, scale, scores, 0);
        RowAttention.scores(qkv.memory(), qAt, qkv, k, see.ownFrom, see.own, width, scale, scores, see.parents);
    }

    void backward(
            Matrix dout, Matrix qkv, Matrix out, Matrix lse, Segments segments, AttentionShape shape, Matrix dqkv) {
        int group = shape.heads() / shape.keyValueHeads();
        int width = shape.headDim();
        team.forEach(shape.keyValueHeads(), (kv, member) -> {
            for (int t = 0; t < segments.tokens(); t++) {
                Elementwise.fill(dqkv.memory(), dqkv.at(t, (long) kv * group * width), group * width, 0);
                Elementwise.fill(dqkv.memory(), dqkv.at(t, keyColumn(shape, kv * group)), width, 0);
                Elementwise.fill(dqkv.memory(), dqkv.at(t, keyColumn(shape, kv * group) + shape.keyWidth()), width, 0);
            }
            for (int s = 0; s < segments.count(); s++) {
                for (int t = segments.start(s); t < segments.end(s); t++) {
                    Visible see = Visible.of(segments, shape, s, t);
                    for (int head = kv * group; head < (kv + 1) * group; head++) {
                        backward(dout, qkv, out, lse, see, shape, t, head, dqkv, scores[member]);
                    }
                }
            }
        });
    }

    private static void backward(
            Matrix dout, Matrix qkv, Matrix out, Matrix lse, Visible see, AttentionShape shape, int t, int head,
            Matrix dqkv, float[] scores) {
        long q = (long) head * shape.headDim();
        float rowLse = lse.memory().get(Lanes.FLOAT, lse.at(t, head));
        float d = RowAttention.dot(dout.memory(), dout.at(t, q), out.memory(), out.at(t, q), shape.headDim());
        scores(qkv, see, shape, t, head, scores);
        for (int i = 0; i < see.count(); i++) {
            int row = i < see.parents ? see.parentFrom + i : see.ownFrom + i - see.parents;
            float p = Exp.exp(Lanes.all(scores[i] - rowLse)).lane(0);
            pair(dout, qkv, shape, t, head, row, p, d, dqkv);
        }
    }

    private static void pair(
            Matrix dout, Matrix qkv, AttentionShape shape, int t, int head, int row, float p, float d, Matrix dqkv) {
        int width = shape.headDim();
        long q = (long) head * width;
        int k = keyColumn(shape, head);
        int v = k + shape.keyWidth();
        float dp = RowAttention.dot(dout.memory(), dout.at(t, q), qkv.memory(), qkv.at(row, v), width);
        float ds = p * (dp - d) * (float) shape.scale();
        RowAttention.addScaled(p, dout.memory(), dout.at(t, q), dqkv.memory(), dqkv.at(row, v), width);
        RowAttention.addScaled(ds, qkv.memory(), qkv.at(row, k), dqkv.memory(), dqkv.at(t, q), width);
        RowAttention.addScaled(ds, qkv.memory(), qkv.at(t, q), dqkv.memory(), dqkv.at(row, k), width);
    }
}
