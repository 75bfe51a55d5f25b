package io.github.jalign.data;

/** What a row that breaks its format's rules does to the run. */
public enum BadRows {
    /** It ends it, before training. */
    FAIL,
    /** It is left out, counted and named in the summary. */
    SKIP
}
