package io.github.jalign.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every loss: its gradient against central differences, its value at policy = reference, and that it may be evaluated in parts. */
final class LossGradientTest {
    private static final int[] CHOSEN_TOKENS = {3, 7, 2};
    private static final int[] REJECTED_TOKENS = {5, 1, 9};

    static Stream<PreferenceLoss> losses() {
        return Stream.of(
                new Sigmoid(0.1),
                new Sigmoid(2.5),
                new Sft(),
                new WeightedSum(List.of(
                        new WeightedSum.Term(new Sigmoid(0.3), 0.8), new WeightedSum.Term(new Sft(), 0.2))));
    }

    private static Pairs pairs(double[] chosen, double[] rejected) {
        return new Pairs(
                chosen,
                rejected,
                new double[] {-10, -21, -7},
                new double[] {-12, -5, -33},
                CHOSEN_TOKENS,
                REJECTED_TOKENS);
    }

    private static double mean(PreferenceLoss loss, double[] chosen, double[] rejected) {
        return Arrays.stream(loss.of(pairs(chosen, rejected), new GroupSize(3, 12)).losses()).sum() / 3;
    }

    /** Central differences: truncation h²/6·|f'''| and rounding ε·|f|/h are both below 1e-8 at h = 1e-4 for |f| below 100. */
    @ParameterizedTest
    @MethodSource("losses")
    void gradientIsTheSlopeOfTheMeanLoss(PreferenceLoss loss) {
        double[] chosen = {-9, -25, -6.5};
        double[] rejected = {-13, -4, -30};
        PairLosses result = loss.of(pairs(chosen, rejected), new GroupSize(3, 12));
        double h = 1e-4;
        for (int i = 0; i < 3; i++) {
            double[] up = chosen.clone();
            double[] down = chosen.clone();
            up[i] += h;
            down[i] -= h;
            assertEquals((mean(loss, up, rejected) - mean(loss, down, rejected)) / (2 * h), result.dChosen()[i], 1e-8);
            up = rejected.clone();
            down = rejected.clone();
            up[i] += h;
            down[i] -= h;
            assertEquals((mean(loss, chosen, up) - mean(loss, chosen, down)) / (2 * h), result.dRejected()[i], 1e-8);
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void aGroupMayBeEvaluatedPairByPair(PreferenceLoss loss) {
        double[] chosen = {-9, -25, -6.5};
        double[] rejected = {-13, -4, -30};
        Pairs all = pairs(chosen, rejected);
        PairLosses whole = loss.of(all, new GroupSize(3, 12));
        for (int i = 0; i < 3; i++) {
            Pairs one = new Pairs(
                    new double[] {chosen[i]},
                    new double[] {rejected[i]},
                    new double[] {all.referenceChosen()[i]},
                    new double[] {all.referenceRejected()[i]},
                    new int[] {CHOSEN_TOKENS[i]},
                    new int[] {REJECTED_TOKENS[i]});
            PairLosses part = loss.of(one, new GroupSize(3, 12));
            assertEquals(whole.losses()[i], part.losses()[0]);
            assertEquals(whole.dChosen()[i], part.dChosen()[0]);
            assertEquals(whole.dRejected()[i], part.dRejected()[0]);
        }
    }

    @Test
    void sigmoidOfEqualModelsIsLnTwo() {
        Pairs equal = new Pairs(
                new double[] {-4}, new double[] {-9}, new double[] {-4}, new double[] {-9}, new int[] {1}, new int[] {1});
        assertEquals(Math.log(2), new Sigmoid(0.7).of(equal, new GroupSize(1, 1)).losses()[0]);
    }

    /** Chosen ratio 1 - 2 = -1, rejected ratio -3 + 1 = -2, margin 1: -log σ(0.5) = log(1 + e^-0.5). */
    @Test
    void sigmoidByHand() {
        Pairs pair = new Pairs(
                new double[] {1}, new double[] {-3}, new double[] {2}, new double[] {-1}, new int[] {1}, new int[] {1});
        assertEquals(Math.log(1 + Math.exp(-0.5)), new Sigmoid(0.5).of(pair, new GroupSize(1, 1)).losses()[0], 1e-15);
    }

    @Test
    void sigmoidIsExactFarFromZero() {
        Pairs pair = new Pairs(
                new double[] {-2000, 0}, new double[] {0, -2000}, new double[2], new double[2], new int[2], new int[2]);
        PairLosses result = new Sigmoid(1).of(pair, new GroupSize(2, 2));
        assertEquals(2000, result.losses()[0]);
        assertEquals(0.0, result.losses()[1], 0);
        assertEquals(-0.5, result.dChosen()[0]);
        assertEquals(-0.0, result.dChosen()[1]);
    }
}
