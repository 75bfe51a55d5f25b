package io.github.jalign.generate;

/**
 * What a model said, as text.
 *
 * @param text without special tokens and without a stop string
 * @param tokens that were made, the stop token not counted
 * @param cachedTokens tokens of the prompt that were in the cache and so were not computed again
 */
public record Reply(String text, int tokens, Finish finish, int cachedTokens) {}
