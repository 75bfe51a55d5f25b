package io.github.jalign.train;

/** The preference losses that {@code loss_type} can name, in TRL 1.16's words. */
public enum LossType implements Spelled {
    /** −log σ(β(a − b)) with the log-ratios a of the chosen and b of the rejected completion. */
    SIGMOID,
    /** Cross-entropy on the chosen completion, a mean over the tokens of a loss group. */
    SFT
}
