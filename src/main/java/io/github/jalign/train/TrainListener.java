package io.github.jalign.train;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Follows a run. Calls come from the training thread; every method may be left as it is. */
public interface TrainListener {
    /** What runs, once, before the first weight is loaded. */
    default void started(List<String> lines) {}

    /** What the run will allocate, before it does. */
    default void planned(MemoryPlan memory) {}

    /** Something that the user should know and that does not stop the run. */
    default void warned(String message) {}

    /** A line about what goes on besides steps: reference log-probs, a resumed checkpoint, a saved model. */
    default void said(String message) {}

    /** After every pack of the reference pass: rows done of all rows of a split. */
    default void scored(String split, int done, int rows) {}

    /** After every optimiser step. */
    default void stepped(Progress progress) {}

    /** An entry of the log history, under TRL's keys. */
    default void logged(Map<String, @Nullable Object> entry) {}

    /** A point inside the run, for tests that interrupt it: {@code pack 3}, {@code save checkpoint-2/state.json}. */
    default void reached(String point) {}

    /** Asked between packs: true ends the run after a checkpoint of the last whole step. */
    default boolean cancelled() {
        return false;
    }
}
