package io.github.jalign.train;

import io.github.jalign.errors.JalignException;

/**
 * How rows become steps.
 *
 * @param perDeviceTrainBatchSize rows in a loss group
 * @param perDeviceEvalBatchSize rows in an evaluation batch
 * @param gradientAccumulationSteps loss groups in an optimiser step
 * @param dataloaderDropLast whether the last group of an epoch is left out when it is short
 * @param maxSteps optimiser steps; −1 lets {@code numTrainEpochs} decide
 * @param numTrainEpochs passes over the training rows, not necessarily whole
 */
public record Batches(
        int perDeviceTrainBatchSize,
        int perDeviceEvalBatchSize,
        int gradientAccumulationSteps,
        boolean dataloaderDropLast,
        int maxSteps,
        double numTrainEpochs) {
    /** @throws JalignException of kind USAGE for a value out of range */
    public Batches {
        Check.atLeast("per_device_train_batch_size", perDeviceTrainBatchSize, 1);
        Check.atLeast("per_device_eval_batch_size", perDeviceEvalBatchSize, 1);
        Check.atLeast("gradient_accumulation_steps", gradientAccumulationSteps, 1);
        Check.atLeast("max_steps", maxSteps, -1);
        Check.above("num_train_epochs", numTrainEpochs, 0);
    }
}
