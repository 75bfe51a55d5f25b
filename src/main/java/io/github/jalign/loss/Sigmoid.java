package io.github.jalign.loss;

/**
 * DPO (Rafailov et al. 2023, equation 7; TRL 1.16 {@code loss_type: sigmoid}): with the log-ratios a of the chosen and b
 * of the rejected answer, the loss of a pair is -log σ(β(a - b)).
 *
 * @param beta how closely the policy keeps to the reference, above 0
 */
public record Sigmoid(double beta) implements PreferenceLoss {
    @Override
    public PairLosses of(Pairs pairs, GroupSize group) {
        int n = pairs.count();
        PairLosses result = new PairLosses(new double[n], new double[n], new double[n]);
        for (int i = 0; i < n; i++) {
            double z = beta * (pairs.chosenRatio(i) - pairs.rejectedRatio(i));
            double slope = -beta * Logistic.sigmoid(-z) / group.pairs();
            result.losses()[i] = -Logistic.logSigmoid(z);
            result.dChosen()[i] = slope;
            result.dRejected()[i] = -slope;
        }
        return result;
    }
}
