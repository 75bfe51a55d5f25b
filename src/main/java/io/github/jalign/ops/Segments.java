package io.github.jalign.ops;

import java.util.Arrays;

/**
 * The attention tree of a pack: consecutive runs of tokens, each with at most one parent. A token attends causally to
 * its own segment and to all of its parent's; its position continues the parent's.
 *
 * <pre>
 * [ prompt ][ chosen → prompt ][ rejected → prompt ][ prompt ] …
 * </pre>
 *
 * @param starts first token of each segment; segment i ends where i + 1 starts
 * @param parents index of each segment's parent, or -1; a parent stands before its children and has no parent itself
 * @param tokens T, the end of the last segment
 */
public record Segments(int[] starts, int[] parents, int tokens) {
    public Segments {
        if (starts.length != parents.length) {
            throw new IllegalArgumentException(starts.length + " starts but " + parents.length + " parents");
        }
        for (int i = 0; i < starts.length; i++) {
            int end = i + 1 < starts.length ? starts[i + 1] : tokens;
            if (i == 0 ? starts[0] != 0 : starts[i] < starts[i - 1] || end < starts[i]) {
                throw new IllegalArgumentException("segments must follow one another: " + Arrays.toString(starts));
            }
            if (parents[i] >= i || parents[i] < -1 || parents[i] >= 0 && parents[parents[i]] >= 0) {
                throw new IllegalArgumentException("segment " + i + " cannot have parent " + parents[i]);
            }
        }
    }

    /** Plain sequences, one after another. */
    public static Segments sequences(int... lengths) {
        int[] starts = new int[lengths.length];
        int at = 0;
        for (int i = 0; i < lengths.length; i++) {
            starts[i] = at;
            at += lengths[i];
        }
        int[] parents = new int[lengths.length];
        Arrays.fill(parents, -1);
        return new Segments(starts, parents, at);
    }

    public int count() {
        return starts.length;
    }

    public int start(int segment) {
        return starts[segment];
    }

    public int end(int segment) {
        return segment + 1 < starts.length ? starts[segment + 1] : tokens;
    }

    public int length(int segment) {
        return end(segment) - start(segment);
    }

    public boolean hasParent(int segment) {
        return parents[segment] >= 0;
    }

    public int parent(int segment) {
        return parents[segment];
    }

    /** Tokens of the parent; 0 without one. It is also the position of the segment's first token. */
    public int parentLength(int segment) {
        return hasParent(segment) ? length(parents[segment]) : 0;
    }

    /** Position of every token: [T]. */
    public int[] positions() {
        int[] positions = new int[tokens];
        for (int s = 0; s < count(); s++) {
            for (int t = start(s), p = parentLength(s); t < end(s); t++, p++) {
                positions[t] = p;
            }
        }
        return positions;
    }

    /** Pairs (query, key) that are computed, for FLOP counts. */
    public long attended() {
        long pairs = 0;
        for (int s = 0; s < count(); s++) {
            long n = length(s);
            pairs += n * parentLength(s) + n * (n + 1) / 2;
        }
        return pairs;
    }
}
