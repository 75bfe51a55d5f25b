package io.github.jalign.model;

import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Keys and values of one sequence's past tokens, layer by layer: [capacity, K·E] each. */
public final class KvCache implements AutoCloseable {
    private final TensorArena arena;
    private final int capacity;
    private final int[] tokens;
    private int length;
    private boolean longer;

    public KvCache(Ops ops, ModelConfig config, int capacity) {
        this.capacity = capacity;
        this.tokens = new int[capacity];
        List<TensorSpec> specs = new ArrayList<>();
        for (int l = 0; l < config.layers().size(); l++) {
            specs.add(new TensorSpec("keys." + l, ops.dtype(), capacity, config.keyWidth()));
            specs.add(new TensorSpec("values." + l, ops.dtype(), capacity, config.keyWidth()));
        }
        this.arena = ops.allocate("key/value cache", specs);
    }

    public int capacity() {
        return capacity;
    }

    /** Tokens held. */
    public int length() {
        return length;
    }

    /** Forgets the tokens from {@code length} on. */
    public void truncate(int newLength) {
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException("cannot cut " + length + " tokens to " + newLength);
        }
        length = newLength;
    }

    /** Tokens that a sequence and this one have in common at their beginning. */
    public int commonPrefix(int[] sequence) {
        int mismatch = Arrays.mismatch(tokens, 0, length, sequence, 0, sequence.length);
        return mismatch < 0 ? length : mismatch;
    }

    void extend(int[] next) {
        System.arraycopy(next, 0, tokens, length, next.length);
        length += next.length;
    }

    /** Whether the keys have the rotary positions of sequences beyond {@link RopeScaling#switchLength}. */
    boolean longer() {
        return longer;
    }

    /**
     * Forgets everything, to begin with the other rotary positions.
     *
     * @return the tokens there were
     */
    int[] restart(boolean nowLonger) {
        int[] before = Arrays.copyOf(tokens, length);
        length = 0;
        longer = nowLonger;
        return before;
    }

    Tensor keys(int layer) {
        return arena.get("keys." + layer);
    }

    Tensor values(int layer) {
        return arena.get("values." + layer);
    }

    @Override
    public void close() {
        arena.close();
    }
}
