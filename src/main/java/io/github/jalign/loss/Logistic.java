package io.github.jalign.loss;

/** The logistic function and its logarithm, accurate at both ends. */
final class Logistic {
    private Logistic() {}

    static double sigmoid(double x) {
        double e = Math.exp(-Math.abs(x));
        return x >= 0 ? 1 / (1 + e) : e / (1 + e);
    }

    static double logSigmoid(double x) {
        return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
    }
}
