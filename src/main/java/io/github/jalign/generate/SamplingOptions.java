package io.github.jalign.generate;

import io.github.jalign.errors.JalignException;

/**
 * How the next token is chosen; names and order of application are transformers'.
 *
 * @param maxNewTokens most tokens of an answer, at least 1
 * @param temperature logits are divided by it; 0 takes the best token always
 * @param topK only the k best tokens; 0 for all
 * @param topP only the best tokens whose probabilities first sum to p; 1 for all
 * @param minP only tokens at least this many times as probable as the best; 0 for all
 * @param repetitionPenalty logits of tokens that stand in the prompt or the answer so far are divided by it when
 *     positive and multiplied when negative; 1 for no change. It applies at temperature 0 as well
 * @param seed of the random numbers
 */
public record SamplingOptions(
        int maxNewTokens,
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        long seed) {
    /** @throws JalignException of kind USAGE for a value out of range */
    public SamplingOptions {
        check(maxNewTokens >= 1, "max_new_tokens", maxNewTokens, "at least 1");
        check(temperature >= 0 && temperature < Double.POSITIVE_INFINITY, "temperature", temperature, "0 or above");
        check(topK >= 0, "top_k", topK, "0 for all, or above");
        check(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
        check(minP >= 0 && minP <= 1, "min_p", minP, "0 for all, at most 1");
        check(
                repetitionPenalty > 0 && repetitionPenalty < Double.POSITIVE_INFINITY,
                "repetition_penalty",
                repetitionPenalty,
                "above 0; 1 changes nothing");
    }

    private static void check(boolean ok, String key, Object found, String expected) {
        if (!ok) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    key,
                    "a sampling setting must be in range",
                    String.valueOf(found),
                    expected,
                    "set " + key + " to such a value");
        }
    }

    /** The best token always. */
    public static SamplingOptions greedy(int maxNewTokens) {
        return new SamplingOptions(maxNewTokens, 0, 0, 1, 0, 1, 0);
    }

    /** The same for answers of another length. */
    public SamplingOptions withMaxNewTokens(int tokens) {
        return new SamplingOptions(tokens, temperature, topK, topP, minP, repetitionPenalty, seed);
    }

    /** The same with other random numbers. */
    public SamplingOptions withSeed(long newSeed) {
        return new SamplingOptions(maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, newSeed);
    }
}
