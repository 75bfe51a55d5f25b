package io.github.jalign.errors;

import org.jspecify.annotations.Nullable;

/**
 * What went wrong, in five parts: where, which rule, what was found, what was expected, what to do. The message is
 *
 * <pre>
 * WHERE: RULE
 *   found     FOUND
 *   expected  EXPECTED
 *   do        ACTION
 * </pre>
 */
public final class JalignException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The family of a failure; its exit code is part of the command line's contract. */
    public enum Kind {
        /** A command, key or recipe that cannot be understood. */
        USAGE(2),
        /** A model, data or other file that breaks its format's rules. */
        INPUT(3),
        /** The work does not fit the machine. */
        MEMORY(4),
        /** A loss or gradient that is not a number. */
        NUMERIC(5),
        /** The file system refused. */
        IO(6),
        /** A GPU, its driver or a library of it is missing, too old, or failed. */
        DEVICE(7);

        private final int exitCode;

        Kind(int exitCode) {
            this.exitCode = exitCode;
        }

        public int exitCode() {
            return exitCode;
        }
    }

    private final Kind kind;
    private final String where;
    private final String brief;

    /**
     * @param where the file and line, tensor, key or row
     * @param rule what must hold, as a sentence without a full stop
     * @param found the value met
     * @param expected the values allowed
     * @param action what the user should do next
     */
    public JalignException(
            Kind kind, String where, String rule, String found, String expected, String action) {
        this(kind, where, rule, found, expected, action, null);
    }

    public JalignException(
            Kind kind,
            String where,
            String rule,
            String found,
            String expected,
            String action,
            @Nullable Throwable cause) {
        super(
                """
                %s: %s
                  found     %s
                  expected  %s
                  do        %s"""
                        .formatted(where, rule, found, expected, action),
                cause);
        this.kind = kind;
        this.where = where;
        this.brief = rule + ": " + found;
    }

    /** Rule and finding in a line, for a note that a fallback was taken. */
    public String brief() {
        return brief;
    }

    public Kind kind() {
        return kind;
    }

    /** The first part: the file and line, tensor, key or row. */
    public String where() {
        return where;
    }
}
