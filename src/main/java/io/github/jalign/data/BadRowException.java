package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import org.jspecify.annotations.Nullable;

/** What is wrong with a row; the reader of the file knows where. */
final class BadRowException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String rule;
    private final String found;
    private final String expected;
    private final @Nullable String action;

    /** The parts are those of {@link JalignException}. */
    BadRowException(String rule, String found, String expected) {
        this(rule, found, expected, null);
    }

    /** @param action what to do when not the row is at fault but what it is used for; null: to correct the row */
    BadRowException(String rule, String found, String expected, @Nullable String action) {
        super(rule + ", found " + found);
        this.rule = rule;
        this.found = found;
        this.expected = expected;
        this.action = action;
    }

    /** A failure that another room found while it worked on the row. */
    BadRowException(String rule, JalignException cause, String expected) {
        this(rule, brief(cause), expected);
        initCause(cause);
    }

    String rule() {
        return rule;
    }

    String found() {
        return found;
    }

    String expected() {
        return expected;
    }

    @Nullable String action() {
        return action;
    }

    /** The value found, which stands on the second line of a message, without its label. */
    private static String brief(JalignException e) {
        return String.valueOf(e.getMessage())
                .lines()
                .skip(1)
                .findFirst()
                .map(line -> line.strip().replaceFirst("^found +", ""))
                .orElse(e.where());
    }
}
