package io.github.jalign.train;

/** When the evaluation rows are scored. */
public enum EvalStrategy implements Spelled {
    NO,
    STEPS,
    EPOCH
}
