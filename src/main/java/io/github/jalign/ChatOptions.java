package io.github.jalign;

import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.SamplingOptions;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a model answers; {@link Model#options} are what its own {@code generation_config.json} says.
 *
 * @param sampling how tokens are chosen, and how many at most
 * @param stopStrings texts that end an answer and are no part of it
 * @param templateVariables what the chat template sees besides the messages: {@code tools}, {@code enable_thinking}, …
 */
public record ChatOptions(
        SamplingOptions sampling, List<String> stopStrings, Map<String, @Nullable Object> templateVariables) {
    /**
     * Copies its lists and maps.
     *
     * @throws JalignException of kind USAGE for an empty stop string, which would end every answer
     */
    public ChatOptions {
        if (stopStrings.contains("")) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "stop strings",
                    "a stop string has characters",
                    "an empty one",
                    "a text, or no stop string",
                    "leave it out");
        }
        stopStrings = List.copyOf(stopStrings);
        templateVariables = Collections.unmodifiableMap(new LinkedHashMap<>(templateVariables));
    }

    /**
     * The best token always: the same answer every time.
     *
     * @param maxNewTokens most tokens of an answer
     * @return options without stop strings and template variables
     */
    public static ChatOptions greedy(int maxNewTokens) {
        return new ChatOptions(SamplingOptions.greedy(maxNewTokens), List.of(), Map.of());
    }

    /**
     * With answers of another length at most.
     *
     * @param tokens most tokens of an answer
     * @return changed options
     */
    public ChatOptions withMaxNewTokens(int tokens) {
        return with(sampling.withMaxNewTokens(tokens));
    }

    /**
     * With other random numbers.
     *
     * @param seed the same seed gives the same answer to the same conversation
     * @return changed options
     */
    public ChatOptions withSeed(long seed) {
        return with(sampling.withSeed(seed));
    }

    /**
     * Freer above 1, stricter below it; 0 takes the best token always.
     *
     * @param temperature what logits are divided by
     * @return changed options
     */
    public ChatOptions withTemperature(double temperature) {
        SamplingOptions s = sampling;
        return with(new SamplingOptions(
                s.maxNewTokens(), temperature, s.topK(), s.topP(), s.minP(), s.repetitionPenalty(), s.seed()));
    }

    /**
     * With all of how tokens are chosen.
     *
     * @param other taken as it is
     * @return changed options
     */
    public ChatOptions with(SamplingOptions other) {
        return new ChatOptions(other, stopStrings, templateVariables);
    }

    /**
     * With these texts ending an answer.
     *
     * @param strings none of them empty
     * @return changed options
     * @throws JalignException of kind USAGE for an empty string
     */
    public ChatOptions withStopStrings(List<String> strings) {
        return new ChatOptions(sampling, strings, templateVariables);
    }

    /**
     * With these variables for the chat template.
     *
     * @param variables by name; values as JSON has them
     * @return changed options
     */
    public ChatOptions withTemplateVariables(Map<String, @Nullable Object> variables) {
        return new ChatOptions(sampling, stopStrings, variables);
    }
}
