package io.github.jalign.train;

import io.github.jalign.errors.JalignException;

/**
 * A number of optimiser steps, or a share of all of them: transformers 5 reads values below 1 as a ratio of the run's
 * length ({@code logging_steps}, {@code save_steps}, {@code eval_steps}, {@code warmup_steps}).
 *
 * @param value a whole number, or a ratio in [0, 1)
 */
public record StepCount(double value) {
    /** @throws JalignException of kind USAGE when the value is negative, or above 1 and not whole */
    public StepCount {
        boolean ratio = value >= 0 && value < 1;
        boolean whole = value >= 1 && value <= Integer.MAX_VALUE && value == Math.rint(value);
        if (!ratio && !whole) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "a number of steps",
                    "steps are a count, or a ratio of the run's steps when below 1",
                    String.valueOf(value),
                    "a whole number, or a ratio from 0 up to but not including 1",
                    "round the number, or give a ratio");
        }
    }

    /** The steps meant in a run of {@code total} steps; a ratio is rounded up, as transformers does. */
    public int in(int total) {
        return value < 1 ? (int) Math.ceil(total * value) : (int) value;
    }
}
