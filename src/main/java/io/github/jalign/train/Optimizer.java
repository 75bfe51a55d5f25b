package io.github.jalign.train;

import io.github.jalign.errors.JalignException;

/**
 * AdamW, its learning rate's course, and clipping.
 *
 * @param warmupSteps steps (or their share of the run) in which the learning rate rises from 0
 * @param weightDecay decoupled; norms and biases are exempt
 * @param maxGradNorm the L2 norm that gradients are clipped to; 0 turns clipping off
 */
public record Optimizer(
        double learningRate,
        SchedulerType lrSchedulerType,
        StepCount warmupSteps,
        double weightDecay,
        double adamBeta1,
        double adamBeta2,
        double adamEpsilon,
        double maxGradNorm) {
    /** @throws JalignException of kind USAGE for a value out of range */
    public Optimizer {
        Check.atLeast("learning_rate", learningRate, 0);
        Check.atLeast("weight_decay", weightDecay, 0);
        Check.ratio("adam_beta1", adamBeta1);
        Check.ratio("adam_beta2", adamBeta2);
        Check.atLeast("adam_epsilon", adamEpsilon, 0);
        Check.atLeast("max_grad_norm", maxGradNorm, 0);
    }
}
