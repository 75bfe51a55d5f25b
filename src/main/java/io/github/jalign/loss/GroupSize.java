package io.github.jalign.loss;

/**
 * The loss group (TRL's micro-batch) that pairs belong to, of which they may be only a part.
 *
 * @param pairs B
 * @param chosenTokens completion tokens of all B chosen answers
 */
public record GroupSize(int pairs, int chosenTokens) {}
