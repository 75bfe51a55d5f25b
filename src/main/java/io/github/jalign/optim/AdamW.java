package io.github.jalign.optim;

import io.github.jalign.ops.AdamWStep;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.TensorArena;
import java.util.List;

/**
 * AdamW over flat arenas (Loshchilov and Hutter 2019; torch.optim.AdamW): weights, gradients and both moments in the
 * same layout, decayed elements first.
 */
public final class AdamW {
    /** The scalars that stay the same from step to step. */
    public record Settings(double beta1, double beta2, double epsilon, double weightDecay) {}

    private final Ops ops;
    private final Settings settings;
    private final TensorArena weights;
    private final TensorArena gradients;
    private final TensorArena first;
    private final TensorArena second;
    private final long decayEnd;

    /** @param decayEnd the element where weight decay ends; norms and biases lie behind it */
    public AdamW(
            Ops ops,
            Settings settings,
            TensorArena weights,
            TensorArena gradients,
            TensorArena first,
            TensorArena second,
            long decayEnd) {
        this.ops = ops;
        this.settings = settings;
        this.weights = weights;
        this.gradients = gradients;
        this.first = first;
        this.second = second;
        this.decayEnd = decayEnd;
    }

    /** The L2 norm of all gradients. */
    public double gradientNorm() {
        return Math.sqrt(ops.sumOfSquares(gradients.flat()));
    }

    /**
     * What gradients are multiplied by so that their norm is at most {@code max} (torch.nn.utils.clip_grad_norm_).
     *
     * @param max 0 clips nothing
     */
    public static double clippingFactor(double norm, double max) {
        return max == 0 ? 1 : Math.min(1, max / (norm + 1e-6));
    }

    /**
     * One update.
     *
     * @param t how many there have been, this one included
     */
    public void step(int t, double learningRate, double gradientScale) {
        long end = weights.bytes() / weights.flat().dtype().bytes();
        for (Range range : List.of(new Range(0, decayEnd, settings.weightDecay()), new Range(decayEnd, end, 0))) {
            ops.adamW(
                    weights.range(range.from, range.to),
                    gradients.range(range.from, range.to),
                    first.range(range.from, range.to),
                    second.range(range.from, range.to),
                    new AdamWStep(
                            learningRate,
                            settings.beta1(),
                            settings.beta2(),
                            settings.epsilon(),
                            range.decay,
                            gradientScale,
                            t));
        }
    }

    private record Range(long from, long to, double decay) {}

    /** Forgets the gradients of the last step. */
    public void clearGradients() {
        ops.fill(gradients.flat(), 0);
    }
}
