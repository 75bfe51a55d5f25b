package io.github.jalign.train;

import io.github.jalign.ops.PairTerms;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What is learned: from the head's statistics to a loss, its gradient and the metrics that TRL logs. */
interface Objective {
    /** The one metric that counts up over the run: it keeps its place among the others, the loop fills it in. */
    String NUM_TOKENS = "num_tokens";

    /**
     * Opens an optimiser step, or an evaluation batch.
     *
     * @param groups loss groups of item numbers
     */
    Window open(List<List<Integer>> groups);

    /** Tokens of an item as TRL's {@code num_tokens} counts them: a shared prompt once for each completion. */
    long tokens(int item);

    /** The loss groups of one step, whose items come pack by pack. */
    interface Window {
        /**
         * Takes a pack's results.
         *
         * @param statistics [C · COLUMNS] from the head
         * @return [C] derivative of the window's loss by each row's log-prob
         */
        double[] add(Batch.Packed packed, double[] statistics);

        /** The same for a device that computes losses of pairs, if this loss is one; {@link #take} gets its results. */
        default Optional<PairTerms> pairs(Batch.Packed packed) {
            return Optional.empty();
        }

        /**
         * Takes a pack's results from the device.
         *
         * @param results a row of {@link PairTerms#COLUMNS} a pair
         */
        default void take(Batch.Packed packed, double[] results) {
            throw new IllegalStateException("no pairs were given to the device");
        }

        /** Loss of each group, scaled so that their sum is the window's loss. */
        double[] losses();

        /** Metrics of each group under TRL's names and in its order. */
        List<Map<String, Double>> metrics();
    }
}
