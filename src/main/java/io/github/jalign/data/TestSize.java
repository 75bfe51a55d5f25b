package io.github.jalign.data;

import io.github.jalign.errors.JalignException;

/** How many rows {@code train_test_split} sets aside for evaluation: a count or a share. */
public sealed interface TestSize {
    /** A number of rows, at least 1. */
    record Rows(int rows) implements TestSize {
        public Rows {
            if (rows < 1) {
                throw outOfRange(String.valueOf(rows));
            }
        }
    }

    /** A share of the rows, above 0 and below 1; part of a row counts as one. */
    record Share(double share) implements TestSize {
        public Share {
            if (!(share > 0 && share < 1)) {
                throw outOfRange(String.valueOf(share));
            }
        }
    }

    /**
     * A whole number is a count, a number below 1 a share.
     *
     * @throws JalignException of kind USAGE for anything else
     */
    static TestSize of(double size) {
        if (size >= 1 && size == Math.rint(size) && size <= Integer.MAX_VALUE) {
            return new Rows((int) size);
        }
        return new Share(size);
    }

    /** How many out of {@code rows} that is, by the rules of datasets 5. */
    default int outOf(int rows) {
        int size = switch (this) {
            case Rows r -> r.rows();
            case Share s -> (int) Math.ceil(s.share() * rows);
        };
        if (size >= rows) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "test_size",
                    "the split must leave rows to train on",
                    size + " of " + rows + " rows set aside",
                    "fewer than " + rows + " rows",
                    "set a smaller test_size");
        }
        return size;
    }

    private static JalignException outOfRange(String found) {
        return new JalignException(
                JalignException.Kind.USAGE,
                "test_size",
                "the setting is out of range",
                found,
                "a whole number of rows, at least 1, or a share above 0 and below 1",
                "set test_size to a value in that range");
    }
}
