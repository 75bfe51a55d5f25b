package io.github.jalign.loss;

/**
 * Cross-entropy on the chosen answers, a mean over their tokens in the group (TRL 1.16 {@code loss_type: sft}): with N
 * chosen tokens in B pairs, a pair's share is -(B/N) · log π(chosen), so that the mean over pairs is the mean over tokens.
 */
public record Sft() implements PreferenceLoss {
    @Override
    public PairLosses of(Pairs pairs, GroupSize group) {
        int n = pairs.count();
        PairLosses result = new PairLosses(new double[n], new double[n], new double[n]);
        for (int i = 0; i < n; i++) {
            result.losses()[i] = -pairs.chosen()[i] * group.pairs() / group.chosenTokens();
            result.dChosen()[i] = -1.0 / group.chosenTokens();
        }
        return result;
    }
}
