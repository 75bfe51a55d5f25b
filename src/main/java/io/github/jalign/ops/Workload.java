package io.github.jalign.ops;

/**
 * The largest sizes that will be asked for, so that a backend can plan its workspace once.
 *
 * @param tokens T of the largest pack
 * @param context keys that one token can see at most: the longest chain of parent and segment
 * @param heads H
 * @param keyValueHeads K
 * @param headDim E
 * @param width the widest row of any linear layer's input or output but the head's
 * @param hidden D
 * @param vocabulary V
 * @param headRows rows of logits held at once
 * @param gradients whether attention's will be asked for
 */
public record Workload(
        int tokens,
        int context,
        int heads,
        int keyValueHeads,
        int headDim,
        int width,
        int hidden,
        int vocabulary,
        int headRows,
        boolean gradients) {

    /** The larger of both in every size; gradients if either needs them. */
    public Workload union(Workload other) {
        return new Workload(
                Math.max(tokens, other.tokens),
                Math.max(context, other.context),
                Math.max(heads, other.heads),
                Math.max(keyValueHeads, other.keyValueHeads),
                Math.max(headDim, other.headDim),
                Math.max(width, other.width),
                Math.max(hidden, other.hidden),
                Math.max(vocabulary, other.vocabulary),
                Math.max(headRows, other.headRows),
                gradients || other.gradients);
    }

    /** Whether nothing of {@code other} is larger. */
    public boolean covers(Workload other) {
        return union(other).equals(this);
    }
}
