package io.github.jalign.train;

/** What the reference model says of each completion token, item by item. */
final class ReferenceLogps {
    private final double[][][] logps;

    /** @param logps [item][completion][trained token] */
    ReferenceLogps(double[][][] logps) {
        this.logps = logps;
    }

    /** Sum over the trained tokens of one completion, in their order. */
    double sum(int item, int completion) {
        double sum = 0;
        for (double logp : logps[item][completion]) {
            sum += logp;
        }
        return sum;
    }

    /** [trained token], not a copy. */
    double[] of(int item, int completion) {
        return logps[item][completion];
    }

    double[][][] all() {
        return logps;
    }
}
