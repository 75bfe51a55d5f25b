package io.github.jalign.recipe;

/** What jalign makes of a key. Nothing is silently ignored: without effect, a key says a line or stops the run. */
public sealed interface Standing {

    /** It does what its help says. */
    record InEffect() implements Standing {}

    /** In effect, as another way to say {@code key}; a resolved recipe holds that one. */
    record AnotherWay(String key) implements Standing {}

    /** Accepted; its effect comes later. Only for keys that do not change what is trained. */
    record Later(String line) implements Standing {}

    /** Accepted; here there is nothing for it to govern. */
    record NoEffect(String because) implements Standing {}

    /**
     * Stops the run, because going on without it would train something else.
     *
     * @param rule what jalign does or lacks, a sentence without a full stop
     * @param action what the user should do
     */
    record Refused(String rule, String action) implements Standing {}
}
