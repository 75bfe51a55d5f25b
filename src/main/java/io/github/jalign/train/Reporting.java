package io.github.jalign.train;

import io.github.jalign.errors.JalignException;
import org.jspecify.annotations.Nullable;

/**
 * When a run logs, evaluates and saves.
 *
 * @param evalSteps null takes {@code loggingSteps}
 * @param saveTotalLimit checkpoints kept; null keeps all
 */
public record Reporting(
        StepCount loggingSteps,
        boolean loggingFirstStep,
        EvalStrategy evalStrategy,
        @Nullable StepCount evalSteps,
        SaveStrategy saveStrategy,
        StepCount saveSteps,
        @Nullable Integer saveTotalLimit) {
    /** @throws JalignException of kind USAGE for a value out of range */
    public Reporting {
        Check.above("logging_steps", loggingSteps.value(), 0);
        Check.above("save_steps", saveSteps.value(), 0);
        if (evalSteps != null) {
            Check.above("eval_steps", evalSteps.value(), 0);
        }
        if (saveTotalLimit != null) {
            Check.atLeast("save_total_limit", saveTotalLimit, 1);
        }
    }

    /** How often a run evaluates by steps. */
    public StepCount evaluationSteps() {
        return evalSteps == null ? loggingSteps : evalSteps;
    }
}
