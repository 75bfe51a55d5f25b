package io.github.jalign.data;

/**
 * A row that was left out.
 *
 * @param rule what must hold
 * @param found the value met
 */
public record BadRow(RowId row, String rule, String found) {
    /** {@code file:line: RULE, found FOUND}. */
    @Override
    public String toString() {
        return row + ": " + rule + ", found " + found;
    }
}
