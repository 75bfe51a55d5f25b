package io.github.jalign.generate;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Means over preference pairs, at least one. Accuracies count strictly greater, as TRL 1.16 does (dpo_trainer.py,
 * {@code rewards/accuracies}).
 *
 * @param accuracy share of pairs of which the chosen answer is likelier than the rejected
 * @param accuracyPerToken the same for the answers' mean log-prob per token, which does not favour short answers
 * @param margin mean of log p(chosen) − log p(rejected), in nats
 * @param chosenLogps mean log-prob of a chosen answer, TRL's {@code logps/chosen}
 * @param rejectedLogps TRL's {@code logps/rejected}
 * @param chosenPerToken mean log-prob of all chosen answers' tokens, each token counted alike
 * @param rejectedPerToken that of all rejected answers' tokens
 * @param rewards null without a reference
 */
public record PairStatistics(
        int pairs,
        double accuracy,
        double accuracyPerToken,
        double margin,
        double chosenLogps,
        double rejectedLogps,
        double chosenPerToken,
        double rejectedPerToken,
        @Nullable Rewards rewards) {
    /**
     * Implicit rewards, beta · (log p − log p of the reference), as TRL logs them.
     *
     * @param accuracy {@code rewards/accuracies}
     * @param margin {@code rewards/margins}
     * @param chosen {@code rewards/chosen}
     * @param rejected {@code rewards/rejected}
     */
    public record Rewards(double accuracy, double margin, double chosen, double rejected) {}

    /** @param beta of the rewards */
    public static PairStatistics of(List<PairScore> scores, double beta) {
        if (scores.isEmpty()) {
            throw new IllegalArgumentException("no pairs");
        }
        boolean reference = scores.getFirst().chosen().refLogps() != null;
        return new PairStatistics(
                scores.size(),
                share(scores, s -> s.chosen().logps() > s.rejected().logps()),
                share(scores, s -> s.chosen().perToken() > s.rejected().perToken()),
                mean(scores, PairScore::margin),
                mean(scores, s -> s.chosen().logps()),
                mean(scores, s -> s.rejected().logps()),
                sum(scores, s -> s.chosen().logps()) / sum(scores, s -> s.chosen().tokens()),
                sum(scores, s -> s.rejected().logps()) / sum(scores, s -> s.rejected().tokens()),
                reference
                        ? new Rewards(
                                share(scores, s -> beta * s.chosen().ratio() > beta * s.rejected().ratio()),
                                mean(scores, s -> beta * s.chosen().ratio() - beta * s.rejected().ratio()),
                                mean(scores, s -> beta * s.chosen().ratio()),
                                mean(scores, s -> beta * s.rejected().ratio()))
                        : null);
    }

    private static double share(List<PairScore> scores, Predicate<PairScore> counts) {
        return (double) scores.stream().filter(counts).count() / scores.size();
    }

    private static double mean(List<PairScore> scores, ToDoubleFunction<PairScore> value) {
        return sum(scores, value) / scores.size();
    }

    private static double sum(List<PairScore> scores, ToDoubleFunction<PairScore> value) {
        double sum = 0;
        for (PairScore score : scores) {
            sum += value.applyAsDouble(score);
        }
        return sum;
    }
}
