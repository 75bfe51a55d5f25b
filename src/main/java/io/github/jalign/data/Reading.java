package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One pass over the files of a selection, which holds one row's text at a time. */
final class Reading {
    private final RowFormat format;
    private final Tokenization tokenization;
    private final boolean skipBadRows;

    private final List<BadRow> firstBadRows = new ArrayList<>();
    private int badRows;
    private @Nullable BadRowException firstProblem;

    Reading(RowFormat format, Tokenization tokenization, BadRows badRows) {
        this.format = format;
        this.tokenization = tokenization;
        this.skipBadRows = badRows == BadRows.SKIP;
    }

    /**
     * What became of each wanted row, by its number; null for the others.
     *
     * @throws JalignException of kind INPUT when a row is bad and bad rows are not skipped; the others are still
     *     looked at, so that it says how many there are
     */
    @Nullable Outcome[] read(List<Path> files, BitSet wanted) {
        @Nullable Outcome[] outcomes = new Outcome[wanted.length()];
        int number = 0;
        for (Path file : files) {
            try (RowFile rows = new RowFile(file)) {
                for (RawRow row = rows.next(); row != null && number < outcomes.length; row = rows.next()) {
                    if (wanted.get(number)) {
                        outcomes[number] = outcome(row);
                    }
                    number++;
                }
            }
        }
        if (firstProblem != null && !skipBadRows) {
            throw failure(firstProblem);
        }
        return outcomes;
    }

    /** The first of the bad rows that were skipped. */
    List<BadRow> badRows() {
        return firstBadRows;
    }

    private Outcome outcome(RawRow row) {
        try {
            Example example = format.example(row.parse());
            return firstProblem == null || skipBadRows ? tokenization.outcome(row.id(), example) : Outcome.BAD;
        } catch (BadRowException e) {
            badRows++;
            if (firstProblem == null) {
                firstProblem = e;
            }
            if (firstBadRows.size() < Summary.MOST_BAD_ROWS) {
                firstBadRows.add(new BadRow(row.id(), e.rule(), e.found()));
            }
            return Outcome.BAD;
        }
    }

    private JalignException failure(BadRowException problem) {
        String more = badRows == 1
                ? ""
                : "; bad rows in all: " + badRows + ", the next " + firstBadRows.get(1).row();
        return new JalignException(
                JalignException.Kind.INPUT,
                firstBadRows.getFirst().row().toString(),
                problem.rule(),
                problem.found() + more,
                problem.expected(),
                "correct the data, or leave bad rows out with bad_rows: skip",
                problem);
    }

    static List<Outcome> select(@Nullable Outcome[] outcomes, int[] numbers) {
        return Arrays.stream(numbers).mapToObj(n -> Objects.requireNonNull(outcomes[n])).toList();
    }
}
