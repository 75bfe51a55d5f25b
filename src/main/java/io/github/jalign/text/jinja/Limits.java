package io.github.jalign.text.jinja;

/**
 * What a template may use. Sizes and counted steps, never seconds: a template that renders on one machine renders on
 * all.
 */
public final class Limits {
    /** Characters of a template's source. */
    public static final int SOURCE = 1 << 20;
    /** Tags, brackets, loops and macro calls inside one another. */
    public static final int NESTING = 200;
    /** Numbers in a range. */
    public static final int RANGE = 100_000;
    /** Characters of the output, and of any string on the way. */
    public static final int OUTPUT = 16 << 20;
    /** A node evaluated, an item visited or eight characters written is a step. */
    public static final long STEPS = 10_000_000;
    /** Bits of an integer: what Python still prints (4300 digits). */
    static final int INTEGER_BITS = 14_284;
    /** Expressions and statements being evaluated inside one another, macro calls counted through. */
    static final int DEPTH = 1_000;

    private Limits() {}
}
