package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One pass over the files of a selection, which holds one row's text at a time. */
final class Reading {
    private final RowFormat format;
    private final Tokenization tokenization;
    private final boolean skipBadRows;
    private final DatasetFiles source;

    private final List<BadRow> firstBadRows = new ArrayList<>();
    private final Map<String, Integer> schemas = new LinkedHashMap<>();
    private int badRows;
    private @Nullable BadRowException firstProblem;

    /** @param source where other splits may fit better, when none of the rows does */
    Reading(RowFormat format, Tokenization tokenization, BadRows badRows, DatasetFiles source) {
        this.format = format;
        this.tokenization = tokenization;
        this.skipBadRows = badRows == BadRows.SKIP;
        this.source = source;
    }

    /**
     * What became of each wanted row, by its number; nothing for the others.
     *
     * @throws JalignException of kind INPUT when a row is bad and bad rows are not skipped; the others are still
     *     looked at, so that it says how many there are
     */
    List<List<Outcome>> read(List<Path> files, BitSet wanted) {
        List<List<Outcome>> outcomes = new ArrayList<>(wanted.length());
        for (Path file : files) {
            try (FileRows rows = new FileRows(file)) {
                for (FoundRow row = rows.next(); row != null && outcomes.size() < wanted.length(); row = rows.next()) {
                    outcomes.add(wanted.get(outcomes.size()) ? outcomes(row) : List.of());
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

    /** The forms that rows were recognised by, with how many had each, in the order met. */
    Map<String, Integer> schemas() {
        return schemas;
    }

    private List<Outcome> outcomes(FoundRow row) {
        try {
            Recognised recognised = format.read(row.parse());
            schemas.merge(recognised.schema(), 1, Integer::sum);
            List<Example> examples = recognised.examples();
            if (firstProblem != null && !skipBadRows) {
                return List.of(Outcome.BAD);
            }
            if (examples.isEmpty()) {
                return List.of(Outcome.NO_PREFERENCE);
            }
            List<Outcome> outcomes = new ArrayList<>(examples.size());
            for (int i = 0; i < examples.size(); i++) {
                RowId id = examples.size() == 1 ? row.id() : row.id().pair(i + 1);
                outcomes.add(tokenization.outcome(id, examples.get(i)));
            }
            return outcomes;
        } catch (BadRowException e) {
            badRows++;
            if (firstProblem == null) {
                firstProblem = e;
            }
            if (firstBadRows.size() < Summary.MOST_BAD_ROWS) {
                firstBadRows.add(new BadRow(row.id(), e.rule(), e.found()));
            }
            return List.of(Outcome.BAD);
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
                action(problem),
                problem);
    }

    private String action(BadRowException problem) {
        if (problem.action() == null) {
            return "correct the data, or leave bad rows out with bad_rows: skip";
        }
        String split = source.splitThatFits(format);
        return split == null ? problem.action() : "set dataset_train_split: " + split + ", whose rows have them";
    }

    static List<Outcome> select(List<List<Outcome>> outcomes, int[] numbers) {
        return Arrays.stream(numbers).boxed().flatMap(n -> outcomes.get(n).stream()).toList();
    }
}
