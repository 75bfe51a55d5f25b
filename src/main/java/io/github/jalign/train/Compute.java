package io.github.jalign.train;

import io.github.jalign.errors.JalignException;
import org.jspecify.annotations.Nullable;

/**
 * What computes, and in which precision.
 *
 * @param dtype the precision of matrix products; null leaves it to the device (cpu: float32, cuda: bfloat16). Trained
 *     weights and their moments are float32 whatever stands here; {@code reference} computes in float64
 * @param saveDtype the precision of the weights in the saved model
 * @param threads threads of the cpu device; 0 takes one per hardware thread
 * @param gradientCheckpointing whether activations are recomputed in the backward pass; null leaves it to the memory plan
 * @param maxMemory the most bytes the run may plan for; null takes what the machine has
 */
public record Compute(
        Device device,
        @Nullable Precision dtype,
        Precision saveDtype,
        int threads,
        @Nullable Boolean gradientCheckpointing,
        @Nullable Long maxMemory) {
    /** @throws JalignException of kind USAGE for a value out of range */
    public Compute {
        if (dtype == Precision.FLOAT16) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "dtype",
                    "training in float16 needs loss scaling, which jalign does not have",
                    "float16",
                    "float32 or bfloat16",
                    "set dtype: bfloat16, which has float32's range");
        }
        Check.atLeast("threads", threads, 0);
        if (maxMemory != null) {
            Check.atLeast("max_memory", maxMemory, 1);
        }
    }
}
