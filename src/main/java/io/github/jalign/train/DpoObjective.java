package io.github.jalign.train;

import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.loss.GroupSize;
import io.github.jalign.loss.PairLosses;
import io.github.jalign.loss.Pairs;
import io.github.jalign.loss.PreferenceLoss;
import io.github.jalign.ops.HeadStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Preference pairs under a {@link PreferenceLoss}; metrics as TRL 1.16, dpo_trainer.py {@code _compute_loss}. */
final class DpoObjective implements Objective {
    private final List<Item> items;
    private final ReferenceLogps reference;
    private final PreferenceLoss loss;
    private final double beta;

    DpoObjective(List<Item> items, ReferenceLogps reference, PreferenceLoss loss, double beta) {
        this.items = items;
        this.reference = reference;
        this.loss = loss;
        this.beta = beta;
    }

    @Override
    public long tokens(int item) {
        return items.get(item).length(0) + (long) items.get(item).length(1);
    }

    @Override
    public Window open(List<List<Integer>> groups) {
        List<Group> opened = new ArrayList<>();
        for (List<Integer> group : groups) {
            opened.add(new Group(group));
        }
        return new DpoWindow(opened);
    }

    /** Sums over one side's completion tokens in a group. */
    private static final class Side {
        double logps;
        double rewards;
        double meanLogits;
        double correct;
        int tokens;
    }

    private final class Group {
        private final GroupSize size;
        private final Side[] sides = {new Side(), new Side()};
        private double entropy;
        private double loss;
        private double accuracies;
        private double margins;

        Group(List<Integer> numbers) {
            int chosenTokens = 0;
            for (int number : numbers) {
                chosenTokens += Pack.trained(items.get(number), 0);
            }
            this.size = new GroupSize(numbers.size(), chosenTokens);
        }

        Map<String, Double> metrics() {
            Side chosen = sides[0];
            Side rejected = sides[1];
            Map<String, Double> m = new LinkedHashMap<>();
            m.put("entropy", entropy / (chosen.tokens + rejected.tokens));
            m.put(NUM_TOKENS, 0.0);
            m.put("logits/chosen", chosen.meanLogits / chosen.tokens);
            m.put("logits/rejected", rejected.meanLogits / rejected.tokens);
            m.put("mean_token_accuracy", chosen.correct / chosen.tokens);
            m.put("rewards/chosen", chosen.rewards / size.pairs());
            m.put("rewards/rejected", rejected.rewards / size.pairs());
            m.put("rewards/accuracies", accuracies / size.pairs());
            m.put("rewards/margins", margins / size.pairs());
            m.put("logps/chosen", chosen.logps / size.pairs());
            m.put("logps/rejected", rejected.logps / size.pairs());
            return m;
        }
    }

    private final class DpoWindow implements Window {
        private final List<Group> groups;

        DpoWindow(List<Group> groups) {
            this.groups = groups;
        }

        @Override
        public double[] add(Pack pack, List<Integer> numbers, List<Integer> groupOf, double[] statistics) {
            double[][] logps = {new double[numbers.size()], new double[numbers.size()]};
            int[][] tokens = {new int[numbers.size()], new int[numbers.size()]};
            for (Pack.Sequence s : pack.sequences()) {
                Group group = groups.get(groupOf.get(s.item()));
                Side side = group.sides[s.completion()];
                double sum = 0;
                for (int row = s.firstRow(); row < s.firstRow() + s.count(); row++) {
                    int at = row * HeadStatistics.COLUMNS;
                    sum += statistics[at + HeadStatistics.LOGP];
                    group.entropy += statistics[at + HeadStatistics.ENTROPY];
                    side.meanLogits += statistics[at + HeadStatistics.MEAN_LOGIT];
                    side.correct += statistics[at + HeadStatistics.TOP1];
                }
                side.tokens += s.count();
                side.logps += sum;
                logps[s.completion()][s.item()] = sum;
                tokens[s.completion()][s.item()] = s.count();
            }
            double[][] slopes = {new double[numbers.size()], new double[numbers.size()]};
            for (int i = 0; i < numbers.size(); i++) {
                Group group = groups.get(groupOf.get(i));
                Pairs pair = new Pairs(
                        new double[] {logps[0][i]},
                        new double[] {logps[1][i]},
                        new double[] {reference.sum(numbers.get(i), 0)},
                        new double[] {reference.sum(numbers.get(i), 1)},
                        new int[] {tokens[0][i]},
                        new int[] {tokens[1][i]});
                PairLosses result = loss.of(pair, group.size);
                double chosen = beta * pair.chosenRatio(0);
                double rejected = beta * pair.rejectedRatio(0);
                group.loss += result.losses()[0] / group.size.pairs();
                group.sides[0].rewards += chosen;
                group.sides[1].rewards += rejected;
                group.margins += chosen - rejected;
                group.accuracies += chosen > rejected ? 1 : 0;
                slopes[0][i] = result.dChosen()[0] / groups.size();
                slopes[1][i] = result.dRejected()[0] / groups.size();
            }
            double[] g = new double[pack.rows().length];
            for (Pack.Sequence s : pack.sequences()) {
                Arrays.fill(
                        g, s.firstRow(), s.firstRow() + s.count(), slopes[s.completion()][s.item()]);
            }
            return g;
        }

        @Override
        public double[] losses() {
            return groups.stream().mapToDouble(g -> g.loss / groups.size()).toArray();
        }

        @Override
        public List<Map<String, Double>> metrics() {
            return groups.stream().map(Group::metrics).toList();
        }
    }
}
