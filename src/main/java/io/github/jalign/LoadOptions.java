package io.github.jalign;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.Backend;
import java.util.function.Consumer;

/**
 * How a model is loaded.
 *
 * @param backend what computes
 * @param threads of the CPU; 0 takes one a hardware thread
 * @param context most tokens of prompt and answer together; 0 takes what the model was made for, but no more than 8192
 */
public record LoadOptions(Backend backend, int threads, int context) {
    /** All hardware threads of the CPU, and a context of at most 8192 tokens. */
    public static final LoadOptions DEFAULT = new LoadOptions(Backend.CPU, 0, 0);

    /**
     * The GPU in bfloat16 if it can be used, else the CPU, as {@code device: auto}.
     *
     * @param because hears why it is not the GPU
     * @return {@link #DEFAULT} with that backend
     */
    public static LoadOptions fastest(Consumer<String> because) {
        return DEFAULT.withBackend(Backend.fastest(false, because));
    }

    /**
     * Checks its ranges.
     *
     * @throws JalignException of kind USAGE for a negative number
     */
    public LoadOptions {
        atLeastZero("threads", threads);
        atLeastZero("context", context);
    }

    private static void atLeastZero(String name, int value) {
        if (value < 0) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    name,
                    "a load option must be in range",
                    String.valueOf(value),
                    "0, which leaves it to jalign, or more",
                    "set " + name + " to such a value");
        }
    }

    /**
     * With another backend.
     *
     * @param other what computes
     * @return changed options
     */
    public LoadOptions withBackend(Backend other) {
        return new LoadOptions(other, threads, context);
    }

    /**
     * With another number of threads.
     *
     * @param other of the CPU; 0 takes one a hardware thread
     * @return changed options
     * @throws JalignException of kind USAGE for a negative number
     */
    public LoadOptions withThreads(int other) {
        return new LoadOptions(backend, other, context);
    }

    /**
     * With room for another number of tokens.
     *
     * @param other most tokens of prompt and answer together; 0 leaves it to the model
     * @return changed options
     * @throws JalignException of kind USAGE for a negative number
     */
    public LoadOptions withContext(int other) {
        return new LoadOptions(backend, threads, other);
    }
}
