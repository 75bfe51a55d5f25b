package io.github.jalign.ops;

/** Columns of the head's result: one row a completion token, all in the dtype of activations. */
public final class HeadStatistics {
    /** log p(target). */
    public static final int LOGP = 0;
    /** -Σ p log p, in nats. */
    public static final int ENTROPY = 1;
    /** Mean of the logits over the vocabulary. */
    public static final int MEAN_LOGIT = 2;
    /** 1 when the target has the highest logit (the first of equals), else 0. */
    public static final int TOP1 = 3;
    /** log Σ p². */
    public static final int LOG_SUM_P2 = 4;
    /** log Σ exp(logit). */
    public static final int LOG_SUM_EXP = 5;
    /** How many columns there are. */
    public static final int COLUMNS = 6;

    private HeadStatistics() {}
}
