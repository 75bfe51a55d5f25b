package io.github.jalign.ops;

/**
 * The scalars of one AdamW update (Loshchilov and Hutter 2019; torch.optim.AdamW):
 * g' = scale·g; w -= lr·decay·w; m = β1·m + (1-β1)·g'; v = β2·v + (1-β2)·g'²;
 * w -= lr/(1-β1^t) · m / (sqrt(v)/sqrt(1-β2^t) + ε).
 *
 * @param gradientScale multiplies every gradient: the clipping coefficient
 * @param t how many updates there have been, this one included
 */
public record AdamWStep(
        double learningRate, double beta1, double beta2, double epsilon, double weightDecay, double gradientScale, int t) {

    /**
     * What a float32 backend multiplies by, derived in float64 and rounded once: w = decay·w - rate · m / (root·sqrt(v) + ε),
     * with rest = 1 - β.
     */
    public record Scalars(
            float gradientScale, float beta1, float beta2, float rest1, float rest2, float decay, float root, float eps, float rate) {}

    public Scalars scalars() {
        return new Scalars(
                (float) gradientScale,
                (float) beta1,
                (float) beta2,
                (float) (1 - beta1),
                (float) (1 - beta2),
                (float) (1 - learningRate * weightDecay),
                (float) (1 / Math.sqrt(biasCorrection2())),
                (float) epsilon,
                (float) (learningRate / biasCorrection1()));
    }

    public double biasCorrection1() {
        return 1 - Math.pow(beta1, t);
    }

    public double biasCorrection2() {
        return 1 - Math.pow(beta2, t);
    }
}
