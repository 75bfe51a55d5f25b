package io.github.jalign.data;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What became of a row, or of one of several pairs that a tree of messages holds.
 *
 * @param item null when it is not used
 * @param lengths before anything was cut; null when nothing was tokenised
 */
record Outcome(@Nullable Item item, Set<Event> events, @Nullable Lengths lengths) {
    /** What a summary counts. */
    enum Event {
        /** The row breaks its format's rules. */
        BAD,
        /** Dropped: the row prefers no answer, as a tie does. */
        NO_PREFERENCE,
        /** Dropped: the prompt alone has {@code max_length} tokens. */
        PROMPT_FILLS,
        /** Dropped: no token that is trained and has a predecessor. */
        NOTHING_TRAINED,
        /** The beginning of the prompt was cut. */
        PROMPT_TRUNCATED,
        /** The end of a completion was cut. */
        TRUNCATED,
        /** The end of the prompt is tokenised otherwise when a completion follows; it is left out. */
        BOUNDARY_MISMATCH,
        /** Chosen and rejected have the same tokens. */
        IDENTICAL,
        /** The row was read as plain text. */
        TEXT
    }

    static final Outcome BAD = new Outcome(null, Set.of(Event.BAD), null);
    static final Outcome NO_PREFERENCE = new Outcome(null, Set.of(Event.NO_PREFERENCE), null);
}
