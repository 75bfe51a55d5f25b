package io.github.jalign.data;

import java.util.List;
import java.util.stream.IntStream;

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

    /**
     * The same item for a model whose rotary positions differ between sequences of up to {@code length} tokens and longer
     * ones: where completions lie on both sides, each begins with a prompt of its own, which is not trained.
     */
    public Item separatedAcross(int length) {
        long beyond = IntStream.range(0, completions.size()).filter(c -> length(c) > length).count();
        return beyond == 0 || beyond == completions.size()
                ? this
                : new Item(row, new int[0], completions.stream().map(c -> c.after(prompt)).toList());
    }

    /** The length of prompt and completion {@code i} as one sequence. */
    public int length(int i) {
        return prompt.length + completions.get(i).ids().length;
    }
}
