package io.github.jalign.data;

/** A row that was found and not yet read. */
sealed interface FoundRow permits RawRow, JoinedRow {
    RowId id();

    Row parse() throws BadRowException;
}
