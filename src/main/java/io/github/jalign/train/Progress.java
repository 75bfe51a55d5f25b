package io.github.jalign.train;

import java.util.Map;

/**
 * Where a run stands after an optimiser step.
 *
 * @param step steps done
 * @param totalSteps of the run
 * @param loss of this step
 * @param metrics means over this step's groups, TRL's names
 * @param tokens that this process computed so far, a shared prompt once
 * @param seconds since the first step of this process began
 * @param stepsInProcess steps of this process, fewer than {@code step} after a resume
 */
public record Progress(
        int step,
        int totalSteps,
        double loss,
        Map<String, Double> metrics,
        long tokens,
        double seconds,
        int stepsInProcess) {

    public double tokensPerSecond() {
        return tokens / Math.max(seconds, 1e-9);
    }

    /** Until the last step, at this process's pace. */
    public double secondsLeft() {
        return (totalSteps - step) * seconds / stepsInProcess;
    }
}
