package io.github.jalign.loss;

/**
 * What losses see of some preference pairs: sums over completion tokens, one entry a pair.
 *
 * @param chosen log π(chosen | prompt) under the policy
 * @param rejected log π(rejected | prompt) under the policy
 * @param referenceChosen the same under the reference
 * @param referenceRejected the same under the reference
 * @param chosenTokens tokens that {@code chosen} sums over
 * @param rejectedTokens tokens that {@code rejected} sums over
 */
public record Pairs(
        double[] chosen,
        double[] rejected,
        double[] referenceChosen,
        double[] referenceRejected,
        int[] chosenTokens,
        int[] rejectedTokens) {
    public int count() {
        return chosen.length;
    }

    /** log π/π_ref of pair i's chosen completion. */
    public double chosenRatio(int i) {
        return chosen[i] - referenceChosen[i];
    }

    /** log π/π_ref of pair i's rejected completion. */
    public double rejectedRatio(int i) {
        return rejected[i] - referenceRejected[i];
    }
}
