package io.github.jalign.text.jinja;

/** Counts what one render has used. */
final class Budget {
    private long steps;
    private int depth;
    private int calls;

    void step() {
        charge(1);
    }

    /** @param work items visited or made */
    void charge(long work) {
        steps += work;
        if (steps > Limits.STEPS) {
            throw Refusal.limit(
                    "a template may take " + Limits.STEPS + " steps",
                    "it is not done by then",
                    "loops that end; a node, an item or eight characters is a step");
        }
    }

    /** For a string about to be made. */
    void text(long characters) {
        requireLength(characters);
        charge(characters >> 3);
    }

    /** For a string that grows. */
    void requireLength(long characters) {
        if (characters > Limits.OUTPUT) {
            throw Refusal.limit(
                    "a string of a template may have " + Limits.OUTPUT + " characters",
                    "a string of " + characters + " characters",
                    "at most " + Limits.OUTPUT);
        }
    }

    void enter() {
        if (++depth > Limits.DEPTH) {
            throw Refusal.limit(
                    "expressions and values may nest " + Limits.DEPTH + " deep",
                    "they nest deeper",
                    "macros that end, and values that do not hold one another endlessly");
        }
    }

    void leave() {
        depth--;
    }

    void enterCall() {
        if (++calls > Limits.NESTING) {
            throw Refusal.limit(
                    "macro calls may nest " + Limits.NESTING + " deep",
                    "a call inside " + Limits.NESTING + " others",
                    "a recursion that ends");
        }
    }

    void leaveCall() {
        calls--;
    }
}
