package io.github.jalign.ops;

/**
 * How a layer's packed QKV is read: row [q of H heads | k of K heads | v of K heads], each head E wide. Query head h
 * reads key/value head h / (H / K). Scores are scaled by 1/sqrt(E).
 *
 * @param heads H
 * @param keyValueHeads K, a divisor of H
 * @param headDim E
 * @param window keys a token may see, itself included; 0 for all (transformers 5: key j is seen from i when i - j &lt; window)
 */
public record AttentionShape(int heads, int keyValueHeads, int headDim, int window) {
    public AttentionShape {
        if (keyValueHeads < 1 || heads % keyValueHeads != 0 || headDim < 1 || window < 0) {
            throw new IllegalArgumentException("no attention of " + heads + " heads over " + keyValueHeads + " x " + headDim);
        }
    }

    /** Width of a row of queries, and of the output: H * E. */
    public int queryWidth() {
        return heads * headDim;
    }

    /** Width of a row of keys: K * E. */
    public int keyWidth() {
        return keyValueHeads * headDim;
    }

    /** Width of a packed row: (H + 2K) * E. */
    public int packedWidth() {
        return (heads + 2 * keyValueHeads) * headDim;
    }

    /** The lowest position that the token at {@code position} sees. */
    public int firstVisible(int position) {
        return window == 0 ? 0 : Math.max(0, position - window + 1);
    }

    public double scale() {
        return 1 / Math.sqrt(headDim);
    }
}
