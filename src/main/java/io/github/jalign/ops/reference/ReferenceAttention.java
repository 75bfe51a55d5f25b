package io.github.jalign.ops.reference;

import static io.github.jalign.ops.reference.At.accumulate;
import static io.github.jalign.ops.reference.At.get;
import static io.github.jalign.ops.reference.At.id;
import static io.github.jalign.ops.reference.At.set;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
import io.github.jalign.tensor.Tensor;

/** Attention row by row, as the formula says. */
final class ReferenceAttention {
    private ReferenceAttention() {}

    /**
     * The rows that token {@code t} of segment {@code s} sees, in the order of their positions: its parent's from
     * {@code parentFrom} on, then its own segment's from {@code ownFrom} to itself.
     */
    private record Visible(int parentFrom, int parentTo, int ownFrom, int ownTo) {
        static Visible of(Segments segments, AttentionShape shape, int s, int t) {
            int shared = segments.parentLength(s);
            int first = shape.firstVisible(shared + t - segments.start(s));
            int parentStart = segments.hasParent(s) ? segments.start(segments.parent(s)) : 0;
            return new Visible(
                    parentStart + Math.min(first, shared),
                    parentStart + shared,
                    segments.start(s) + Math.max(0, first - shared),
                    t + 1);
        }

        int count() {
            return parentTo - parentFrom + ownTo - ownFrom;
        }

        int row(int i) {
            int parents = parentTo - parentFrom;
            return i < parents ? parentFrom + i : ownFrom + i - parents;
        }
    }

    private static double score(Tensor qkv, AttentionShape shape, int head, int t, int row) {
        int q = head * shape.headDim();
        int k = shape.queryWidth() + keyValueHead(shape, head) * shape.headDim();
        double sum = 0;
        for (int e = 0; e < shape.headDim(); e++) {
            sum += get(qkv, t, q + e) * get(qkv, row, k + e);
        }
        return sum * shape.scale();
    }

    private static int keyValueHead(AttentionShape shape, int head) {
        return head / (shape.heads() / shape.keyValueHeads());
    }

    static void forward(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse) {
        int width = shape.headDim();
        for (int s = 0; s < segments.count(); s++) {
            for (int t = segments.start(s); t < segments.end(s); t++) {
                Visible visible = Visible.of(segments, shape, s, t);
                double[] scores = new double[visible.count()];
                for (int h = 0; h < shape.heads(); h++) {
                    int v = shape.queryWidth() + shape.keyWidth() + keyValueHead(shape, h) * width;
                    for (int i = 0; i < scores.length; i++) {
                        scores[i] = score(qkv, shape, h, t, visible.row(i));
                    }
                    double logSum = logSumExp(scores);
                    set(lse, t, h, logSum);
                    for (int e = 0; e < width; e++) {
                        double sum = 0;
                        for (int i = 0; i < scores.length; i++) {
                            sum += Math.exp(scores[i] - logSum) * get(qkv, visible.row(i), v + e);
                        }
                        set(out, t, h * width + e, sum);
                    }
                }
            }
        }
    }

    static double logSumExp(double[] values) {
        double max = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            max = Math.max(max, value);
        }
        double sum = 0;
        for (double value : values) {
            sum += Math.exp(value - max);
        }
        return max + Math.log(sum);
    }

    /** With p the softmax row and D = Σ_e dout·out: dv += p·dout, ds = p·(dout·v - D), dq += ds·k, dk += ds·q. */
    static void backward(
            Tensor dout, Tensor qkv, Tensor out, Tensor lse, Segments segments, AttentionShape shape, Tensor dqkv) {
        int width = shape.headDim();
        for (int t = 0; t < qkv.rows(); t++) {
            for (int c = 0; c < shape.packedWidth(); c++) {
                set(dqkv, t, c, 0);
            }
        }
        for (int s = 0; s < segments.count(); s++) {
            for (int t = segments.start(s); t < segments.end(s); t++) {
                Visible visible = Visible.of(segments, shape, s, t);
                for (int h = 0; h < shape.heads(); h++) {
                    int q = h * width;
                    int k = shape.queryWidth() + keyValueHead(shape, h) * width;
                    int v = k + shape.keyWidth();
                    double d = 0;
                    for (int e = 0; e < width; e++) {
                        d += get(dout, t, q + e) * get(out, t, q + e);
                    }
                    for (int i = 0; i < visible.count(); i++) {
                        int row = visible.row(i);
                        double p = Math.exp(score(qkv, shape, h, t, row) - get(lse, t, h));
                        double dp = 0;
                        for (int e = 0; e < width; e++) {
                            dp += get(dout, t, q + e) * get(qkv, row, v + e);
                            accumulate(dqkv, row, v + e, p * get(dout, t, q + e));
                        }
                        double ds = p * (dp - d) * shape.scale();
                        for (int e = 0; e < width; e++) {
                            accumulate(dqkv, t, q + e, ds * get(qkv, row, k + e));
                            accumulate(dqkv, row, k + e, ds * get(qkv, t, q + e));
                        }
                    }
                }
            }
        }
    }

    static void append(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {
        for (int t = 0; t < qkv.rows(); t++) {
            for (int c = 0; c < shape.keyWidth(); c++) {
                set(keys, id(slots, t), c, get(qkv, t, shape.queryWidth() + c));
                set(values, id(slots, t), c, get(qkv, t, shape.queryWidth() + shape.keyWidth() + c));
            }
        }
    }

    static void cached(Tensor qkv, Tensor keys, Tensor values, Tensor slots, AttentionShape shape, Tensor out) {
        int width = shape.headDim();
        for (int t = 0; t < qkv.rows(); t++) {
            int last = id(slots, t);
            int first = shape.firstVisible(last);
            double[] scores = new double[last + 1 - first];
            for (int h = 0; h < shape.heads(); h++) {
                int kv = keyValueHead(shape, h) * width;
                for (int i = 0; i < scores.length; i++) {
                    double sum = 0;
                    for (int e = 0; e < width; e++) {
                        sum += get(qkv, t, h * width + e) * get(keys, first + i, kv + e);
                    }
                    scores[i] = sum * shape.scale();
                }
                double logSum = logSumExp(scores);
                for (int e = 0; e < width; e++) {
                    double sum = 0;
                    for (int i = 0; i < scores.length; i++) {
                        sum += Math.exp(scores[i] - logSum) * get(values, first + i, kv + e);
                    }
                    set(out, t, h * width + e, sum);
                }
            }
        }
    }
}
