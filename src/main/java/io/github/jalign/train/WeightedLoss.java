package io.github.jalign.train;

import io.github.jalign.errors.JalignException;

/**
 * One term of the loss.
 *
 * @param weight finite; TRL's default is 1
 */
public record WeightedLoss(LossType type, double weight) {
    /** @throws JalignException of kind USAGE when the weight is not finite */
    public WeightedLoss {
        Check.finite("loss_weights", weight);
    }
}
