package io.github.jalign.optim;

/**
 * The course of the learning rate (transformers 5, optimization.py): the t-th update, counted from 0, has the base rate
 * times {@link #factor}. With warm-up the first update's rate is 0, as there.
 */
public sealed interface Schedule {
    double factor(int t);

    /** Always 1. */
    record Constant() implements Schedule {
        @Override
        public double factor(int t) {
            return 1;
        }
    }

    /** Rises from 0 over {@code warmup} steps, then stays at 1. */
    record ConstantWithWarmup(int warmup) implements Schedule {
        @Override
        public double factor(int t) {
            return rise(t, warmup);
        }
    }

    /** Rises, then falls in a line to 0 at {@code total}. */
    record Linear(int warmup, int total) implements Schedule {
        @Override
        public double factor(int t) {
            return t < warmup ? rise(t, warmup) : Math.max(0, (total - t) / (double) Math.max(1, total - warmup));
        }
    }

    /** Rises, then falls along half a cosine to 0 at {@code total}. */
    record Cosine(int warmup, int total) implements Schedule {
        @Override
        public double factor(int t) {
            if (t < warmup) {
                return rise(t, warmup);
            }
            double progress = (t - warmup) / (double) Math.max(1, total - warmup);
            return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * 0.5 * 2.0 * progress)));
        }
    }

    private static double rise(int t, int warmup) {
        return t < warmup ? t / (double) Math.max(1, warmup) : 1;
    }
}
