package io.github.jalign.data;

/**
 * Where a row stands.
 *
 * @param file the file, as the recipe's {@code dataset_name} leads to it
 * @param line the line, from 1; in a JSON array the element, from 1
 * @param element whether the file is a JSON array
 */
public record RowId(String file, long line, boolean element) {

    /** A row of a file with one row a line. */
    public RowId(String file, long line) {
        this(file, line, false);
    }

    /** {@code file:line}, or {@code file row 3} in a JSON array. */
    @Override
    public String toString() {
        return element ? file + " row " + line : file + ":" + line;
    }
}
