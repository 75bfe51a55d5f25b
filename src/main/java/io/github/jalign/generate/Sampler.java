package io.github.jalign.generate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Chooses tokens from logits: temperature, then top-k, then top-p, as transformers orders its warpers. */
final class Sampler {
    private final SamplingOptions options;
    private final SplittableRandom random;

    Sampler(SamplingOptions options) {
        this.options = options;
        this.random = new SplittableRandom(options.seed());
    }

    /** @param logits [V] */
    int next(double[] logits) {
        if (options.temperature() == 0) {
            return best(logits);
        }
        int[] order = IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -logits[i]))
                .mapToInt(Integer::intValue)
                .limit(options.topK() == 0 ? logits.length : options.topK())
                .toArray();
        double[] p = softmax(logits, order);
        int kept = nucleus(p);
        double total = Arrays.stream(p, 0, kept).sum();
        double at = random.nextDouble() * total;
        for (int i = 0; i < kept; i++) {
            at -= p[i];
            if (at < 0) {
                return order[i];
            }
        }
        return order[kept - 1];
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

    private double[] softmax(double[] logits, int[] order) {
        double max = logits[order[0]];
        double[] p = new double[order.length];
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp((logits[order[i]] - max) / options.temperature());
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
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
}
