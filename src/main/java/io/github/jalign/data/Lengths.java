package io.github.jalign.data;

import java.util.List;

/**
 * How long a row is before anything is cut, in tokens.
 *
 * @param prompt of the prompt; 0 where everything is a completion
 * @param completions of each completion
 */
public record Lengths(int prompt, List<Integer> completions) {
    public Lengths {
        completions = List.copyOf(completions);
    }

    /** The prompt with its longest completion. */
    public int longest() {
        return prompt + completions.stream().mapToInt(Integer::intValue).max().orElse(0);
    }
}
