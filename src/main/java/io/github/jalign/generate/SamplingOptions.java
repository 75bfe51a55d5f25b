package io.github.jalign.generate;

import io.github.jalign.errors.JalignException;

/**
 * How the next token is chosen; names and order of application are transformers'.
 *
 * @param maxNewTokens most tokens of an answer, at least 1
 * @param temperature logits are divided by it; 0 takes the best token always
 * @param topK only the k best tokens; 0 for all
 * @param topP only the best tokens whose probabilities first sum to p; 1 for all
 * @param seed of the random numbers
 */
public record SamplingOptions(int maxNewTokens, double temperature, int topK, double topP, long seed) {
    /** @throws JalignException of kind USAGE for a value out of range */
    public SamplingOptions {
        check(maxNewTokens >= 1, "max_new_tokens", maxNewTokens, "at least 1");
        check(temperature >= 0 && temperature < Double.POSITIVE_INFINITY, "temperature", temperature, "0 or above");
        check(topK >= 0, "top_k", topK, "0 for all, or above");
        check(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
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
        return new SamplingOptions(maxNewTokens, 0, 0, 1, 0);
    }
}
