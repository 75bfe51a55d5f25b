package io.github.jalign.loss;

/**
 * A loss and its gradient.
 *
 * @param losses one a pair; the group's loss is their mean
 * @param dChosen derivative of the group's loss by {@link Pairs#chosen}, and so by each chosen token's log-prob
 * @param dRejected derivative of the group's loss by {@link Pairs#rejected}
 */
public record PairLosses(double[] losses, double[] dChosen, double[] dRejected) {}
