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
        int headRows) {}
