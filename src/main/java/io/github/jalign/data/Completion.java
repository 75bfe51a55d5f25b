package io.github.jalign.data;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What follows a prompt.
 *
 * @param ids token ids
 * @param trained which of them the loss counts, as long as {@code ids}; null when it counts all. The first token of a
 *     sequence without a prompt has no predecessor and so no log-prob, whatever stands here
 */
public record Completion(int[] ids, boolean @Nullable [] trained) {
    public Completion {
        if (trained != null && trained.length != ids.length) {
            throw new IllegalArgumentException(trained.length + " flags for " + ids.length + " tokens");
        }
    }

    /** Whether the loss counts token {@code i}. */
    public boolean trained(int i) {
        return trained == null || trained[i];
    }

    /** The first {@code length} tokens. */
    Completion first(int length) {
        return part(0, length);
    }

    /** The tokens from {@code start} on. */
    Completion from(int start) {
        return part(start, ids.length);
    }

    /** These tokens after others that the loss does not count. */
    Completion after(int[] before) {
        int[] all = SftFormat.joined(before, ids);
        boolean[] counted = new boolean[all.length];
        for (int i = 0; i < ids.length; i++) {
            counted[before.length + i] = trained(i);
        }
        return new Completion(all, counted);
    }

    private Completion part(int start, int end) {
        return new Completion(
                Arrays.copyOfRange(ids, start, end), trained == null ? null : Arrays.copyOfRange(trained, start, end));
    }
}
