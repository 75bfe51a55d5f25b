package io.github.jalign.train;

/**
 * The dialect of a run, and why it was chosen; the start banner prints both.
 *
 * @param reason completes "trl-1, because …", for example {@code "it is the default"}
 */
public record Dialect(Compat compat, String reason) {}
