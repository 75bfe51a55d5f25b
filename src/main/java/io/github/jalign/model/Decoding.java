package io.github.jalign.model;

import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;

/**
 * One token after another over a cache. The operators of a step are the same each time and stand on the same tensors, so
 * a backend may record the first and replay it.
 */
public final class Decoding implements AutoCloseable {
    private final Forward forward;
    private final KvCache cache;
    private final Ops.Recorded step;
    private final Tensor logits;

    /**
     * @param activations of {@code forward}
     * @param cache holds the tokens before; no other pass may run over it meanwhile
     */
    public Decoding(Ops ops, Forward forward, Activations activations, Head head, KvCache cache) {
        this.forward = forward;
        this.cache = cache;
        this.step = ops.recorded(() -> {
            forward.extend(1, cache);
            head.logits(activations.hidden(1), 0);
        });
        this.logits = head.rowOfLogits();
    }

    /** The logits of what follows {@code token}, which joins the sequence: [1, V], valid until the next call. */
    public Tensor next(int token) {
        int[] tokens = {token};
        forward.rotateFor(cache, cache.length() + 1);
        forward.place(tokens, cache);
        step.run();
        cache.extend(tokens);
        return logits;
    }

    @Override
    public void close() {
        step.close();
    }
}
