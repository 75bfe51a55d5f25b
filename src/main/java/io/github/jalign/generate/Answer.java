package io.github.jalign.generate;

/**
 * What a model said.
 *
 * @param ids the new tokens, without the stop token
 * @param cachedTokens tokens of the prompt that were in the cache and so were not computed again
 */
public record Answer(int[] ids, Finish finish, int cachedTokens) {}
