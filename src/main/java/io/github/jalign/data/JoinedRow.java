package io.github.jalign.data;

import org.jspecify.annotations.Nullable;

/**
 * A row put together from several lines of a file.
 *
 * @param id where its first line stands
 * @param problem why it could not be put together; null when it could
 */
record JoinedRow(RowId id, Row row, @Nullable BadRowException problem) implements FoundRow {
    @Override
    public Row parse() throws BadRowException {
        if (problem != null) {
            throw problem;
        }
        return row;
    }
}
