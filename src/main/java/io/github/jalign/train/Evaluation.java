package io.github.jalign.train;

import io.github.jalign.data.Item;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Scores the evaluation rows in file order. As in transformers, metrics are a mean over batches (a short last batch
 * counts as much as any) and the loss a mean over rows.
 */
final class Evaluation {
    private final Engine engine;
    private final List<Item> items;
    private final Objective objective;
    private final int batchSize;
    private final int packTokens;

    Evaluation(Engine engine, List<Item> items, Objective objective, int batchSize, int packTokens) {
        this.engine = engine;
        this.items = items;
        this.objective = objective;
        this.batchSize = batchSize;
        this.packTokens = packTokens;
    }

    /**
     * Runs over all rows.
     *
     * @param numTokens what the training side has counted so far; logged as {@code eval_num_tokens}
     */
    Map<String, @Nullable Object> run(long numTokens) {
        long began = System.nanoTime();
        Map<String, Double> sums = new LinkedHashMap<>();
        double loss = 0;
        int batches = 0;
        for (int from = 0; from < items.size(); from += batchSize) {
            List<Integer> numbers = new ArrayList<>();
            for (int i = from; i < Math.min(from + batchSize, items.size()); i++) {
                numbers.add(i);
            }
            List<List<Integer>> group = List.of(numbers);
            Objective.Window window = objective.open(group);
            for (Batch.Packed packed : Batch.of(group, items, packTokens).packs(items)) {
                window.add(packed, engine.forward(packed.pack()));
            }
            loss += window.losses()[0] * numbers.size();
            window.metrics().getFirst().forEach((k, v) -> sums.merge(k, v, Double::sum));
            batches++;
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        Map<String, @Nullable Object> entry = new LinkedHashMap<>();
        entry.put("eval_loss", loss / items.size());
        entry.put("eval_runtime", Rounding.decimals(seconds, 4));
        entry.put("eval_samples_per_second", Rounding.decimals(items.size() / seconds, 3));
        entry.put("eval_steps_per_second", Rounding.decimals(batches / seconds, 3));
        for (Map.Entry<String, Double> sum : sums.entrySet()) {
            double mean = sum.getKey().equals(Objective.NUM_TOKENS) ? numTokens : sum.getValue() / batches;
            entry.put("eval_" + sum.getKey(), mean);
        }
        return entry;
    }
}
