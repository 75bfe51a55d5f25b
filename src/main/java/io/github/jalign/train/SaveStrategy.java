package io.github.jalign.train;

/** When checkpoints are written. The final model is written in any case. */
public enum SaveStrategy implements Spelled {
    NO,
    /** Every {@code save_steps} steps and at the last one. */
    STEPS,
    EPOCH
}
