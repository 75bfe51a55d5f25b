package io.github.jalign.train;

import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.loss.GroupSize;
import io.github.jalign.loss.PairLosses;
import io.github.jalign.loss.Pairs;
import io.github.jalign.loss.PreferenceLoss;
import io.github.jalign.loss.Sft;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.loss.WeightedSum;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.PairTerms;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

        /** @param pair results as {@link PairTerms} orders them */
        void count(double[] pair) {
            for (int c = 0; c < sides.length; c++) {
                sides[c].logps += pair[PairTerms.LOGPS + c];
                sides[c].rewards += pair[PairTerms.REWARD + c];
                sides[c].meanLogits += pair[PairTerms.MEAN_LOGIT + c];
                sides[c].correct += pair[PairTerms.TOP1 + c];
                entropy += pair[PairTerms.ENTROPY + c];
            }
            double margin = pair[PairTerms.REWARD] - pair[PairTerms.REWARD + 1];
            loss += pair[PairTerms.LOSS] / size.pairs();
            margins += margin;
            accuracies += margin > 0 ? 1 : 0;
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
        public double[] add(Batch.Packed packed, double[] statistics) {
            Pack pack = packed.pack();
            List<Integer> numbers = packed.numbers();
            double[][] results = new double[numbers.size()][PairTerms.COLUMNS];
            int[][] tokens = new int[2][numbers.size()];
            for (Pack.Sequence s : pack.sequences()) {
                double[] pair = results[s.item()];
                for (int row = s.firstRow(); row < s.firstRow() + s.count(); row++) {
                    int at = row * HeadStatistics.COLUMNS;
                    pair[PairTerms.LOGPS + s.completion()] += statistics[at + HeadStatistics.LOGP];
                    pair[PairTerms.ENTROPY + s.completion()] += statistics[at + HeadStatistics.ENTROPY];
                    pair[PairTerms.MEAN_LOGIT + s.completion()] += statistics[at + HeadStatistics.MEAN_LOGIT];
                    pair[PairTerms.TOP1 + s.completion()] += statistics[at + HeadStatistics.TOP1];
                }
                tokens[s.completion()][s.item()] = s.count();
            }
            double[][] slopes = new double[2][numbers.size()];
            for (int i = 0; i < numbers.size(); i++) {
                Group group = group(packed, i);
                Pairs pair = new Pairs(
                        new double[] {results[i][PairTerms.LOGPS]},
                        new double[] {results[i][PairTerms.LOGPS + 1]},
                        new double[] {reference.sum(numbers.get(i), 0)},
                        new double[] {reference.sum(numbers.get(i), 1)},
                        new int[] {tokens[0][i]},
                        new int[] {tokens[1][i]});
                PairLosses losses = loss.of(pair, group.size);
                results[i][PairTerms.LOSS] = losses.losses()[0];
                results[i][PairTerms.REWARD] = beta * pair.chosenRatio(0);
                results[i][PairTerms.REWARD + 1] = beta * pair.rejectedRatio(0);
                slopes[0][i] = losses.dChosen()[0] / groups.size();
                slopes[1][i] = losses.dRejected()[0] / groups.size();
            }
            double[] g = new double[pack.rows().length];
            for (Pack.Sequence s : pack.sequences()) {
                Arrays.fill(
                        g, s.firstRow(), s.firstRow() + s.count(), slopes[s.completion()][s.item()]);
            }
            count(packed, results);
            return g;
        }

        private Group group(Batch.Packed packed, int item) {
            return groups.get(packed.groupOf().get(item));
        }

        private void count(Batch.Packed packed, double[][] results) {
            for (int i = 0; i < results.length; i++) {
                group(packed, i).count(results[i]);
            }
            for (Pack.Sequence s : packed.pack().sequences()) {
                group(packed, s.item()).sides[s.completion()].tokens += s.count();
            }
        }

        @Override
        public Optional<PairTerms> pairs(Batch.Packed packed) {
            Pack pack = packed.pack();
            List<Integer> numbers = packed.numbers();
            int[] sequences = new int[4 * numbers.size()];
            double[] logps = new double[pack.rows().length];
            for (Pack.Sequence s : pack.sequences()) {
                sequences[4 * s.item() + 2 * s.completion()] = s.firstRow();
                sequences[4 * s.item() + 2 * s.completion() + 1] = s.count();
                double[] completion = reference.of(numbers.get(s.item()), s.completion());
                System.arraycopy(completion, 0, logps, s.firstRow(), s.count());
            }
            double[] scale = new double[numbers.size()];
            Arrays.setAll(scale, i -> 1.0 / group(packed, i).size.pairs() / groups.size());
            List<PairTerms.Term> terms = new ArrayList<>();
            addTerms(loss, 1, packed, terms);
            return Optional.of(new PairTerms(sequences, logps, scale, beta, terms));
        }

        private void addTerms(PreferenceLoss part, double weight, Batch.Packed packed, List<PairTerms.Term> terms) {
            double[] weights = new double[packed.numbers().size()];
            switch (part) {
                case Sigmoid sigmoid -> {
                    Arrays.fill(weights, weight);
                    terms.add(new PairTerms.Term(PairTerms.Loss.SIGMOID, weights));
                }
                case Sft sft -> {
                    Arrays.setAll(weights, i -> {
                        GroupSize size = group(packed, i).size;
                        return weight * size.pairs() / size.chosenTokens();
                    });
                    terms.add(new PairTerms.Term(PairTerms.Loss.SFT, weights));
                }
                case WeightedSum sum ->
                    sum.terms().forEach(term -> addTerms(term.loss(), weight * term.weight(), packed, terms));
            }
        }

        @Override
        public void take(Batch.Packed packed, double[] results) {
            double[][] rows = new double[packed.numbers().size()][];
            Arrays.setAll(
                    rows, i -> Arrays.copyOfRange(results, i * PairTerms.COLUMNS, (i + 1) * PairTerms.COLUMNS));
            count(packed, rows);
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
