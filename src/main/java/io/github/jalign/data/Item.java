package io.github.jalign.data;

import java.util.List;

/**
 * One prompt and n completions: chosen and rejected for preference pairs, one for SFT. Prompt and completion together
 * hold at most {@code max_length} tokens.
 *
 * @param row where it came from
 * @param prompt token ids; none of them is trained; empty for an SFT row whose first token is
 */
public record Item(RowId row, int[] prompt, List<Completion> completions) {
    public Item {
        completions = List.copyOf(completions);
    }

    /** The length of prompt and completion {@code i} as one sequence. */
    public int length(int i) {
        return prompt.length + completions.get(i).ids().length;
    }
}
