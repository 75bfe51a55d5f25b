package io.github.jalign.train;

import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.ops.HeadStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Cross-entropy: the sum over the trained tokens of a window divided by their number, whatever groups they stand in
 * (TRL 1.16, sft_trainer.py {@code compute_loss} with {@code num_items_in_batch}).
 */
final class SftObjective implements Objective {
    private final List<Item> items;

    SftObjective(List<Item> items) {
        this.items = items;
    }

    @Override
    public long tokens(int item) {
        return items.get(item).length(0);
    }

    @Override
    public Window open(List<List<Integer>> groups) {
        int trained = 0;
        for (List<Integer> group : groups) {
            for (int number : group) {
                trained += Pack.trained(items.get(number), 0);
            }
        }
        List<Group> opened = new ArrayList<>();
        groups.forEach(g -> opened.add(new Group()));
        return new SftWindow(opened, trained);
    }

    private static final class Group {
        private double negativeLogps;
        private double entropy;
        private double correct;
        private int tokens;
    }

    /** @param trained tokens of the whole window that the loss counts */
    private record SftWindow(List<Group> groups, int trained) implements Window {
        @Override
        public double[] add(Batch.Packed packed, double[] statistics) {
            Pack pack = packed.pack();
            for (Pack.Sequence s : pack.sequences()) {
                Group group = groups.get(packed.groupOf().get(s.item()));
                for (int row = s.firstRow(); row < s.firstRow() + s.count(); row++) {
                    int at = row * HeadStatistics.COLUMNS;
                    group.negativeLogps -= statistics[at + HeadStatistics.LOGP];
                    group.entropy += statistics[at + HeadStatistics.ENTROPY];
                    group.correct += statistics[at + HeadStatistics.TOP1];
                }
                group.tokens += s.count();
            }
            double[] g = new double[pack.rows().length];
            Arrays.fill(g, -1.0 / trained);
            return g;
        }

        @Override
        public double[] losses() {
            return groups.stream().mapToDouble(g -> g.negativeLogps / trained).toArray();
        }

        @Override
        public List<Map<String, Double>> metrics() {
            List<Map<String, Double>> all = new ArrayList<>();
            for (Group g : groups) {
                Map<String, Double> m = new LinkedHashMap<>();
                m.put("entropy", g.entropy / g.tokens);
                m.put("mean_token_accuracy", g.correct / g.tokens);
                m.put(NUM_TOKENS, 0.0);
                all.add(m);
            }
            return all;
        }
    }
}
