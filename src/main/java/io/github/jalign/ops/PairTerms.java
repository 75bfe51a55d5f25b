package io.github.jalign.ops;

import java.util.List;

/**
 * The preference pairs of a pack and the loss of each, for a device that computes it between forward and backward
 * without the host. A pair is chosen (0) and rejected (1).
 *
 * @param sequences [B · 4] of each pair: first row of chosen, rows of chosen, first row of rejected, rows of rejected
 * @param reference [C] the reference's log-prob of each row's target
 * @param scale [B] what a pair's loss is multiplied by in the window's loss
 * @param beta β, of the loss and of the rewards
 * @param terms summed, at least one
 */
public record PairTerms(int[] sequences, double[] reference, double[] scale, double beta, List<Term> terms) {
    /** Columns of the results, one row a pair: the sum of weight · loss. */
    public static final int LOSS = 0;
    /** β · log π/π_ref of chosen; that of rejected is the next. */
    public static final int REWARD = 1;
    /** Σ log π of chosen; that of rejected is the next. */
    public static final int LOGPS = 3;
    /** Σ entropy of chosen; that of rejected is the next. */
    public static final int ENTROPY = 5;
    /** Σ mean logit of chosen; that of rejected is the next. */
    public static final int MEAN_LOGIT = 7;
    /** How many of chosen's targets had the highest logit; that of rejected is the next. */
    public static final int TOP1 = 9;
    /** How many columns there are. */
    public static final int COLUMNS = 11;

    /** A loss that is a function of each pair by itself; its definition is the record of that name in {@code loss}. */
    public enum Loss {
        SIGMOID,
        SFT
    }

    /**
     * One loss.
     *
     * @param weight [B] what each pair's loss is multiplied by
     */
    public record Term(Loss loss, double[] weight) {}

    public PairTerms {
        terms = List.copyOf(terms);
        if (terms.isEmpty() || sequences.length != 4 * scale.length) {
            throw new IllegalArgumentException(terms.size() + " terms, " + sequences.length + " numbers for " + scale.length + " pairs");
        }
    }

    /** B. */
    public int pairs() {
        return scale.length;
    }
}
