package io.github.jalign.loss;

/** A preference loss: a pure function from log-probs to losses and their gradient. One record each. */
public sealed interface PreferenceLoss permits Sigmoid, Sft, WeightedSum {

    /**
     * @param pairs the group, or a part of it
     * @param group the whole group's size
     */
    PairLosses of(Pairs pairs, GroupSize group);
}
