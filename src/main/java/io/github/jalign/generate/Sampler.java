package io.github.jalign.generate;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Chooses tokens from logits as transformers 5.23 does (generation/utils.py {@code _get_logits_processor}): repetition
 * penalty, then, unless the best is always taken, temperature, top-k, top-p and min-p.
 */
final class Sampler {
    private final SamplingOptions options;
    private final SplittableRandom random;
    /** Ids of the prompt and of the answer so far. */
    private final BitSet seen = new BitSet();

    Sampler(SamplingOptions options, int[] prompt) {
        this.options = options;
        this.random = new SplittableRandom(options.seed());
        Arrays.stream(prompt).forEach(seen::set);
    }

    /**
     * Chooses on the device where that can be.
     *
     * @param logits [1, V]
     * @throws JalignException of kind NUMERIC when one of them is not a number
     */
    int next(Ops ops, Tensor logits) {
        Optional<Ops.TokenSampler> device = ops.tokenSampler();
        if (device.isEmpty()) {
            return next(ops.read(logits));
        }
        double penalty = options.repetitionPenalty();
        double temperature = options.temperature();
        int id = device.get()
                .sample(
                        logits,
                        penalty == 1 ? new int[0] : seen.stream().toArray(),
                        penalty,
                        temperature,
                        options.topK(),
                        options.topP(),
                        options.minP(),
                        temperature == 0 ? 0 : random.nextDouble());
        if (id < 0) {
            requireNumbers(ops.read(logits));
            throw new IllegalStateException("the device found a logit that is no number");
        }
        seen.set(id);
        return id;
    }

    /**
     * @param raw [V] logits
     * @throws JalignException of kind NUMERIC when one of them is not a number
     */
    int next(double[] raw) {
        requireNumbers(raw);
        double[] logits = options.repetitionPenalty() == 1 ? raw : penalised(raw);
        int id = options.temperature() == 0 ? best(logits) : drawn(logits);
        seen.set(id);
        return id;
    }

    private static void requireNumbers(double[] logits) {
        for (int v = 0; v < logits.length; v++) {
            if (Double.isNaN(logits[v])) {
                throw new JalignException(
                        JalignException.Kind.NUMERIC,
                        "logits",
                        "what a model says of each token must be a number",
                        "NaN for token " + v,
                        "numbers",
                        "check the model's weights; a training run that diverged leaves such a model");
            }
        }
    }

    private double[] penalised(double[] raw) {
        double[] logits = raw.clone();
        seen.stream()
                .forEach(id -> logits[id] = logits[id] < 0
                        ? logits[id] * options.repetitionPenalty()
                        : logits[id] / options.repetitionPenalty());
        return logits;
    }

    private static int best(double[] logits) {
        int best = 0;
        for (int v = 1; v < logits.length; v++) {
            if (logits[v] > logits[best]) {
                best = v;
            }
        }
        return best;
    }

    private int drawn(double[] logits) {
        int candidates = options.topK() == 0 ? logits.length : Math.min(options.topK(), logits.length);
        double[] ascending = largest(logits, candidates);
        double[] p = softmax(ascending);
        int kept = aboveMinP(p, nucleus(p));
        double total = Arrays.stream(p, 0, kept).sum();
        double at = random.nextDouble() * total;
        int rank = 0;
        while (rank < kept - 1 && (at -= p[rank]) >= 0) {
            rank++;
        }
        return token(logits, ascending, candidates - 1 - rank);
    }

    /** The {@code count} largest values, ascending. */
    private static double[] largest(double[] values, int count) {
        double[] largest;
        if (count == values.length) {
            largest = values.clone();
        } else {
            PriorityQueue<Double> queue = new PriorityQueue<>(count);
            for (double v : values) {
                if (queue.size() < count) {
                    queue.add(v);
                } else if (v > queue.element()) {
                    queue.remove();
                    queue.add(v);
                }
            }
            largest = queue.stream().mapToDouble(v -> v).toArray();
        }
        Arrays.sort(largest);
        return largest;
    }

    /** The token whose logit stands at {@code place}; of tokens with equal logits the lower ids are the better. */
    private static int token(double[] logits, double[] ascending, int place) {
        double value = ascending[place];
        int betterEquals = 0;
        while (place + betterEquals + 1 < ascending.length && ascending[place + betterEquals + 1] == value) {
            betterEquals++;
        }
        int id = 0;
        while (logits[id] != value || betterEquals-- > 0) {
            id++;
        }
        return id;
    }

    /** Probabilities, the largest first. */
    private double[] softmax(double[] ascending) {
        int count = ascending.length;
        double max = ascending[count - 1];
        double[] p = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            p[i] = Math.exp((ascending[count - 1 - i] - max) / options.temperature());
            sum += p[i];
        }
        for (int i = 0; i < count; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** How many of the best tokens are kept: at least one, and no more once their sum reaches top-p. */
    private int nucleus(double[] p) {
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += p[i];
            if (sum >= options.topP()) {
                return i + 1;
            }
        }
        return p.length;
    }

    /** How many of the first {@code kept} tokens are probable enough beside the best. */
    private int aboveMinP(double[] p, int kept) {
        int above = kept;
        while (above > 1 && p[above - 1] < options.minP() * p[0]) {
            above--;
        }
        return above;
    }
}
