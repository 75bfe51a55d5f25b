package io.github.jalign.ops;

import io.github.jalign.tensor.Tensor;

/**
 * What {@link Ops} and {@link Weight} demand of their arguments' shapes, for backends that would otherwise read or write
 * beside them. The letters are theirs. Every method throws {@link IllegalArgumentException}; none has a list of arguments,
 * which would be an allocation a launch.
 */
public final class Shapes {
    private Shapes() {}

    /** {@code x} is [rows, cols]. */
    public static void require(Tensor x, int rows, int cols) {
        if (x.rows() != rows || x.cols() != cols) {
            throw new IllegalArgumentException("expected [" + rows + ", " + cols + "], not " + x);
        }
    }

    /** {@code other} has x's shape. */
    public static void same(Tensor x, Tensor other) {
        require(other, x.rows(), x.cols());
    }

    /** Rows of {@code x} are adjacent. */
    public static void contiguous(Tensor x) {
        if (!x.contiguous()) {
            throw new IllegalArgumentException(x + " is not contiguous");
        }
    }

    /** w [out, in], x [T, in], y [T, out]. */
    public static void linear(Tensor w, Tensor x, Tensor y) {
        require(x, y.rows(), w.cols());
        require(y, x.rows(), w.rows());
    }

    /** table [V, D], ids [T], rows [T, D]. */
    public static void rows(Tensor table, Tensor ids, Tensor rows) {
        require(ids, 1, rows.rows());
        require(rows, rows.rows(), table.cols());
    }

    /** y [T, N], bias [1, N]. */
    public static void bias(Tensor y, Tensor bias) {
        require(bias, 1, y.cols());
    }

    /** x [T, D], weight [1, D], out [T, D], rstd [1, T]. */
    public static void norm(Tensor x, Tensor weight, Tensor out, Tensor rstd) {
        require(weight, 1, x.cols());
        require(out, x.rows(), x.cols());
        require(rstd, 1, x.rows());
    }

    /** x [T, ≥ heads·E], positions [T], cos and sin [P, N] with 2N ≤ E. */
    public static void rope(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        require(positions, 1, x.rows());
        same(cos, sin);
        if (heads * headDim > x.cols() || 2 * cos.cols() > headDim) {
            throw new IllegalArgumentException(
                    "no " + heads + " heads of " + headDim + " in " + x + ", or no room for the angles of " + cos);
        }
    }

    /** qkv [T, (H+2K)·E], out [T, H·E], lse [T, H]. */
    public static void attention(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse) {
        require(qkv, segments.tokens(), shape.packedWidth());
        require(out, segments.tokens(), shape.queryWidth());
        require(lse, segments.tokens(), shape.heads());
    }

    /** qkv [T, (H+2K)·E], slots [T], keys and values [capacity, K·E]. */
    public static void cache(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {
        require(qkv, qkv.rows(), shape.packedWidth());
        require(slots, 1, qkv.rows());
        require(keys, keys.rows(), shape.keyWidth());
        require(values, keys.rows(), shape.keyWidth());
    }

    /** gateUp [T, 2F], out [T, F]. */
    public static void swiglu(Tensor gateUp, Tensor out) {
        require(gateUp, out.rows(), 2 * out.cols());
    }

    /** logits [C, V], targets [C], statistics [C, COLUMNS]. */
    public static void head(Tensor logits, Tensor targets, Tensor statistics) {
        require(targets, 1, logits.rows());
        require(statistics, logits.rows(), HeadStatistics.COLUMNS);
    }
}
