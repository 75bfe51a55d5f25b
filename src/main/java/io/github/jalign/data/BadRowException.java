package io.github.jalign.data;

import io.github.jalign.errors.JalignException;

/** What is wrong with a row; the reader of the file knows where. */
final class BadRowException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String rule;
    private final String found;
    private final String expected;

    /** The parts are those of {@link JalignException}. */
    BadRowException(String rule, String found, String expected) {
        super(rule + ", found " + found);
        this.rule = rule;
        this.found = found;
        this.expected = expected;
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
