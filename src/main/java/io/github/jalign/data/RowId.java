package io.github.jalign.data;

/**
 * Where a row stands.
 *
 * @param file the file, as the recipe's {@code dataset_name} leads to it
 * @param line the line, from 1; in a JSON array the element, from 1
 * @param element whether the file is a JSON array
 * @param pair which pair of a row that holds several, from 1; 0 for the only one
 */
public record RowId(String file, long line, boolean element, int pair) {

    /** A row that is one item. */
    public RowId(String file, long line, boolean element) {
        this(file, line, element, 0);
    }

    /** A row of a file with one row a line. */
    public RowId(String file, long line) {
        this(file, line, false);
    }

    /** One of several pairs of this row. */
    RowId pair(int number) {
        return new RowId(file, line, element, number);
    }

    /** {@code file:line}, or {@code file row 3} in a JSON array; {@code file:line pair 2} for one of several. */
    @Override
    public String toString() {
        return (element ? file + " row " + line : file + ":" + line) + (pair == 0 ? "" : " pair " + pair);
    }
}
