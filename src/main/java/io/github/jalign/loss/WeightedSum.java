package io.github.jalign.loss;

import java.util.List;

/** Several losses at once (TRL's {@code loss_type} list with {@code loss_weights}): Σ_k weight_k · loss_k. */
public record WeightedSum(List<Term> terms) implements PreferenceLoss {
    /** One loss and its weight. */
    public record Term(PreferenceLoss loss, double weight) {}

    public WeightedSum {
        terms = List.copyOf(terms);
    }

    @Override
    public PairLosses of(Pairs pairs, GroupSize group) {
        int n = pairs.count();
        PairLosses sum = new PairLosses(new double[n], new double[n], new double[n]);
        for (Term term : terms) {
            PairLosses part = term.loss().of(pairs, group);
            for (int i = 0; i < n; i++) {
                sum.losses()[i] += term.weight() * part.losses()[i];
                sum.dChosen()[i] += term.weight() * part.dChosen()[i];
                sum.dRejected()[i] += term.weight() * part.dRejected()[i];
            }
        }
        return sum;
    }
}
