package io.github.jalign.data;

import java.util.List;

/**
 * A published form of preference rows. {@link PreferenceFormat} asks them in order which one a row has; to add one,
 * write its record and put it there.
 */
sealed interface PreferenceSchema
        permits ArenaBattles, ChosenMessages, NamedColumns, OasstTrees, OrcaPairs, ShareGptPairs, TokenPairs, TrlPairs {
    /** What users know it by: the data set's name. */
    String name();

    /** The columns by which it is recognised. */
    List<String> columns();

    default boolean matches(Row row) {
        return columns().stream().allMatch(row::has);
    }

    /**
     * Prompts with two or more answers each, the best first; none where the row prefers no answer. Every two answers to
     * a prompt are a pair.
     */
    List<Example> ranked(Row row) throws BadRowException;

    /** Name and columns of the row at hand. */
    default String describe(Row row) {
        return name() + " (" + String.join(", ", columns()) + ")";
    }
}
