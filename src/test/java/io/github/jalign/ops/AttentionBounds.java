package io.github.jalign.ops;

/**
 * What error attention may have when it sums in float32, whatever the order of its sums. With n keys and heads E wide:
 *
 * <ul>
 *   <li>a score is off by at most δ = (E + 3)·U·scale·Σ|q·k|, a weight p by the share ρ = 2δ + U·(2n + 9 + 2|s - lse|)
 *       of itself (exponential 2.2 U, difference, sum of n, log-sum-exp and quotient);
 *   <li>out by Σ p|v|·(ρ + n·U), lse by δ + U·(n + 4 + |lse|);
 *   <li>dp = dout·v by E·U·Σ|dout·v|, D = dout·out by E·U·Σ|dout·out| + Σ|dout|·(out's error), ds = p·(dp - D)·scale by
 *       what these make of it, and the sums over ds by that and n·U of their terms.
 * </ul>
 *
 * Where p, ds and results are rounded to a narrower type, with u half the distance from 1 to the next number, every term
 * p·v, p·dout, ds·k and ds·q is off by another share u of itself, and so is each result. Weights there are powers of 2 of
 * scores times log2 e, by an approximation good to 4 U: (8 + 2·|lse|)·U more for each.
 */
public final class AttentionBounds {
    /** Half the distance from 1 to the next float. */
    private static final double U = 0x1p-24;

    /** Elements of {@code qkv} and {@code dout}, and of {@code out} and {@code dqkv} as they should be. */
    @FunctionalInterface
    public interface Elements {
        double of(String name, int r, int c);
    }

    private final AttentionShape shape;
    private final double u;
    private final double[][] qkv;
    private final double[][] expectedOut;
    private final double[][] gradient;
    private final double[][] out;
    private final double[][] lse;
    private final double[][] dqkv;

    /** @param u of the results' type; 0 for float32 */
    public AttentionBounds(Elements values, Segments segments, AttentionShape shape, boolean backward, double u) {
        this.shape = shape;
        this.u = u;
        int rows = segments.tokens();
        qkv = read(values, "qkv", rows, shape.packedWidth());
        expectedOut = read(values, "out", rows, shape.queryWidth());
        gradient = backward ? read(values, "dout", rows, shape.queryWidth()) : new double[0][];
        out = new double[rows][shape.queryWidth()];
        lse = new double[rows][shape.heads()];
        dqkv = new double[rows][shape.packedWidth()];
        for (int s = 0; s < segments.count(); s++) {
            for (int t = segments.start(s); t < segments.end(s); t++) {
                for (int head = 0; head < shape.heads(); head++) {
                    row(keys(segments, s, t), t, head, segments.tokens(), backward);
                }
            }
        }
        if (backward && u > 0) {
            for (int t = 0; t < rows; t++) {
                for (int c = 0; c < shape.packedWidth(); c++) {
                    dqkv[t][c] += u * (Math.abs(values.of("dqkv", t, c)) + dqkv[t][c]);
                }
            }
        }
    }

    private static double[][] read(Elements values, String name, int rows, int cols) {
        double[][] read = new double[rows][cols];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                read[r][c] = values.of(name, r, c);
            }
        }
        return read;
    }

    public double out(int t, int c) {
        return out[t][c];
    }

    public double lse(int t, int c) {
        return lse[t][c];
    }

    public double dqkv(int t, int c) {
        return dqkv[t][c];
    }

    private int[] keys(Segments segments, int s, int t) {
        int shared = segments.parentLength(s);
        int position = shared + t - segments.start(s);
        int first = shape.firstVisible(position);
        int[] rows = new int[position + 1 - first];
        for (int i = 0; i < rows.length; i++) {
            int p = first + i;
            rows[i] = p < shared ? segments.start(segments.parent(s)) + p : segments.start(s) + p - shared;
        }
        return rows;
    }

    private double q(int t, int head, int e) {
        return qkv[t][head * shape.headDim() + e];
    }

    private int keyColumn(int head) {
        return shape.queryWidth() + head / (shape.heads() / shape.keyValueHeads()) * shape.headDim();
    }

    private void row(int[] keys, int t, int head, int tokens, boolean backward) {
        int width = shape.headDim();
        int k = keyColumn(head);
        int v = k + shape.keyWidth();
        int n = keys.length;
        double[] score = new double[n];
        double delta = 0;
        for (int i = 0; i < n; i++) {
            double magnitude = 0;
            for (int e = 0; e < width; e++) {
                double product = q(t, head, e) * qkv[keys[i]][k + e];
                score[i] += product * shape.scale();
                magnitude += Math.abs(product) * shape.scale();
            }
            delta = Math.max(delta, 1.01 * (width + 3) * U * magnitude);
        }
        double max = Double.NEGATIVE_INFINITY;
        for (double s : score) {
            max = Math.max(max, s);
        }
        double sum = 0;
        for (double s : score) {
            sum += Math.exp(s - max);
        }
        double logSum = max + Math.log(sum);
        lse[t][head] = 1.01 * (delta + U * (n + 4 + Math.abs(logSum)));
        if (u > 0) {
            lse[t][head] += 1.01 * U * (8 + 2 * Math.abs(logSum));
        }
        double[] p = new double[n];
        double[] share = new double[n];
        for (int i = 0; i < n; i++) {
            p[i] = Math.exp(score[i] - logSum);
            share[i] = 1.01 * (2 * delta + U * (2 * n + 9 + 2 * Math.abs(score[i] - logSum)));
            if (u > 0) {
                share[i] += 1.01 * U * (8 + 2 * Math.abs(logSum));
            }
            for (int e = 0; e < width; e++) {
                out[t][head * width + e] += p[i] * Math.abs(qkv[keys[i]][v + e]) * (share[i] + n * U + 1.01 * u);
            }
        }
        if (u > 0) {
            for (int c = head * width; c < (head + 1) * width; c++) {
                out[t][c] += u * (Math.abs(expectedOut[t][c]) + out[t][c]);
            }
        }
        if (backward) {
            backward(keys, t, head, tokens, p, share);
        }
    }

    private void backward(int[] keys, int t, int head, int tokens, double[] p, double[] share) {
        int width = shape.headDim();
        int q = head * width;
        int k = keyColumn(head);
        int v = k + shape.keyWidth();
        int n = keys.length;
        double d = 0;
        double dError = 0;
        for (int e = 0; e < width; e++) {
            double product = gradient[t][q + e] * expectedOut[t][q + e];
            d += product;
            dError += width * U * Math.abs(product) + Math.abs(gradient[t][q + e]) * out[t][q + e];
        }
        for (int i = 0; i < n; i++) {
            double dp = 0;
            double magnitude = 0;
            for (int e = 0; e < width; e++) {
                double product = gradient[t][q + e] * qkv[keys[i]][v + e];
                dp += product;
                magnitude += Math.abs(product);
            }
            double ds = p[i] * Math.abs(dp - d) * shape.scale();
            double dsError = shape.scale() * p[i] * (width * U * magnitude + dError) + ds * (share[i] + 4 * U);
            dsError += u * (ds + dsError);
            for (int e = 0; e < width; e++) {
                // Sums over queries, of several heads where they share keys, have at most heads·T terms.
                double terms = shape.heads() * tokens * U;
                double dout = Math.abs(gradient[t][q + e]);
                dqkv[keys[i]][v + e] += 1.01 * p[i] * dout * (share[i] + terms + u);
                dqkv[t][q + e] += 1.01 * Math.abs(qkv[keys[i]][k + e]) * (dsError + ds * n * U);
                dqkv[keys[i]][k + e] += 1.01 * Math.abs(q(t, head, e)) * (dsError + ds * terms);
            }
        }
    }
}
