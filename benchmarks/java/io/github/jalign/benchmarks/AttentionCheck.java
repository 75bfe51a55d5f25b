package io.github.jalign.benchmarks;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.tensor.BFloat16;
import io.github.jalign.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows of attention and of its gradient against float64: some tokens of the last sequence, or of the last pair's three
 * segments, under the first and the last head. A query's row sees all its keys and a key's all its queries, so a tile
 * left out anywhere shows. Gradients of keys take the device's own {@code lse} and {@code out}, which the forward check
 * has looked at.
 */
final class AttentionCheck {
    /** Prompt, chosen and rejected. */
    private static final int PAIR = 3;

    private final Ops ops;
    private final Segments segments;
    private final AttentionShape shape;
    private final Normals.Known qkv;
    private final Normals.Known dout;

    AttentionCheck(Ops ops, Segments segments, AttentionShape shape, Normals.Known qkv, Normals.Known dout) {
        this.ops = ops;
        this.segments = segments;
        this.shape = shape;
        this.qkv = qkv;
        this.dout = dout;
    }

    private interface Place {
        /** @return the error there */
        double at(int segment, int token, int head);
    }

    private double worst(Place place) {
        double worst = 0;
        int last = segments.count() - 1;
        for (int s = segments.hasParent(last) ? last + 1 - PAIR : last; s <= last; s++) {
            for (int token : new int[] {
                segments.start(s) + segments.length(s) / 4,
                segments.start(s) + segments.length(s) / 2,
                segments.end(s) - 1
            }) {
                for (int head : new int[] {0, shape.heads() - 1}) {
                    worst = Math.max(worst, place.at(s, token, head));
                }
            }
        }
        return worst;
    }

    private double q(int token, int head, int e) {
        return qkv.at(token, head * shape.headDim() + e);
    }

    private double k(int token, int head, int e) {
        return qkv.at(token, shape.queryWidth() + keyHead(head) * shape.headDim() + e);
    }

    private double v(int token, int head, int e) {
        return qkv.at(token, shape.queryWidth() + shape.keyWidth() + keyHead(head) * shape.headDim() + e);
    }

    private int keyHead(int head) {
        return head / (shape.heads() / shape.keyValueHeads());
    }

    private double g(int token, int head, int e) {
        return dout.at(token, head * shape.headDim() + e);
    }

    /** The tokens that one of a segment sees: its parent's, then its own up to itself. */
    private int[] keys(int segment, int token) {
        int before = segments.parentLength(segment);
        int[] keys = new int[before + token - segments.start(segment) + 1];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = i < before
                    ? segments.start(segments.parent(segment)) + i
                    : segments.start(segment) + i - before;
        }
        return keys;
    }

    private double score(int token, int key, int head) {
        double sum = 0;
        for (int e = 0; e < shape.headDim(); e++) {
            sum += q(token, head, e) * k(key, head, e);
        }
        return sum * shape.scale();
    }

    private double[] weights(int[] keys, int token, int head) {
        double[] p = new double[keys.length];
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < keys.length; i++) {
            p[i] = score(token, keys[i], head);
            max = Math.max(max, p[i]);
        }
        double sum = 0;
        for (int i = 0; i < keys.length; i++) {
            p[i] = Math.exp(p[i] - max);
            sum += p[i];
        }
        for (int i = 0; i < keys.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** The largest error of rows of {@code out}. */
    double forward(Tensor out) {
        return worst((segment, token, head) -> {
            int[] keys = keys(segment, token);
            double[] p = weights(keys, token, head);
            double[] expected = new double[shape.headDim()];
            for (int i = 0; i < keys.length; i++) {
                for (int e = 0; e < expected.length; e++) {
                    expected[e] += p[i] * v(keys[i], head, e);
                }
            }
            return Device.error(row(out, token, head), expected);
        });
    }

    /** One head's columns of a row, from column {@code 0}. */
    private double[] row(Tensor x, int token, int head) {
        return ops.read(x.rows(token, 1).columns(head * shape.headDim(), shape.headDim()));
    }

    /** The largest error of rows of the gradients of queries, keys and values. */
    double backward(Tensor dqkv, Tensor out, Tensor lse) {
        double[] logs = ops.read(lse);
        double queries = worst((segment, token, head) -> Device.error(row(dqkv, token, head), dq(segment, token, head)));
        double keys = worst((segment, token, head) -> {
            double[][] expected = dkv(segment, token, head, out, logs);
            int kh = shape.heads() + keyHead(head);
            return Math.max(
                    Device.error(row(dqkv, token, kh), expected[0]),
                    Device.error(row(dqkv, token, kh + shape.keyValueHeads()), expected[1]));
        });
        return Math.max(queries, keys);
    }

    private double[] dq(int segment, int token, int head) {
        int[] keys = keys(segment, token);
        double[] p = weights(keys, token, head);
        double[] dp = new double[keys.length];
        double delta = 0;
        for (int i = 0; i < keys.length; i++) {
            for (int e = 0; e < shape.headDim(); e++) {
                dp[i] += g(token, head, e) * v(keys[i], head, e);
            }
            delta += p[i] * dp[i];
        }
        double[] dq = new double[shape.headDim()];
        for (int i = 0; i < keys.length; i++) {
            double ds = p[i] * (dp[i] - delta) * shape.scale();
            for (int e = 0; e < dq.length; e++) {
                dq[e] += ds * k(keys[i], head, e);
            }
        }
        return dq;
    }

    private double[][] dkv(int segment, int key, int anyHead, Tensor out, double[] lse) {
        double[][] sums = new double[2][shape.headDim()];
        for (int s = segment; s < segments.count(); s++) {
            if (s != segment && segments.parents()[s] != segment) {
                continue;
            }
            int from = s == segment ? key : segments.start(s);
            MemorySegment outs = ops.download(out.rows(from, segments.end(s) - from));
            for (int t = from; t < segments.end(s); t++) {
                for (int head = 0; head < shape.heads(); head++) {
                    if (keyHead(head) == keyHead(anyHead)) {
                        add(sums, key, t, head, outs, (long) (t - from) * shape.queryWidth(), lse);
                    }
                }
            }
        }
        return sums;
    }

    /** What one query sends to a key and its value. */
    private void add(double[][] sums, int key, int token, int head, MemorySegment outs, long rowOfOuts, double[] lse) {
        double p = Math.exp(score(token, key, head) - lse[token * shape.heads() + head]);
        double dp = 0;
        double delta = 0;
        for (int e = 0; e < shape.headDim(); e++) {
            long at = rowOfOuts + head * shape.headDim() + e;
            dp += g(token, head, e) * v(key, head, e);
            delta += g(token, head, e) * BFloat16.toFloat(outs.getAtIndex(ValueLayout.JAVA_SHORT, at));
        }
        double ds = p * (dp - delta) * shape.scale();
        for (int e = 0; e < shape.headDim(); e++) {
            sums[0][e] += ds * q(token, head, e);
            sums[1][e] += p * g(token, head, e);
        }
    }
}
