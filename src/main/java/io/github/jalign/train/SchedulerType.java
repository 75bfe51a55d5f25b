package io.github.jalign.train;

/** The course of the learning rate, in the words of transformers' {@code lr_scheduler_type}. */
public enum SchedulerType implements Spelled {
    LINEAR,
    COSINE,
    /** Ignores warm-up. */
    CONSTANT,
    CONSTANT_WITH_WARMUP
}
