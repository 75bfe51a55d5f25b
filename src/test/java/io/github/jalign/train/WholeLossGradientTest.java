package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.RowId;
import io.github.jalign.loss.PreferenceLoss;
import io.github.jalign.loss.Sft;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.loss.WeightedSum;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.RandomModel;
import io.github.jalign.ops.reference.ReferenceOps;
import io.github.jalign.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The loss of a whole step in float64: its gradient against central differences, and what may not change it. */
final class WholeLossGradientTest {
    private final ReferenceOps ops = new ReferenceOps();

    @AfterEach
    void close() {
        ops.close();
    }

    private static final List<Item> ITEMS = List.of(
            item(1, new int[] {5, 9, 3, 11}, new int[] {3, 3, 8}, new int[] {7, 2}),
            item(2, new int[] {4}, new int[] {12}, new int[] {6, 5, 4, 3, 12}),
            item(3, new int[] {10, 2, 2, 6, 1, 3, 9}, new int[] {0, 11}, new int[] {1, 8, 2}));

    private static Item item(long line, int[] prompt, int[] chosen, int[] rejected) {
        return new Item(
                new RowId("rows", line),
                prompt,
                List.of(new Completion(chosen, null), new Completion(rejected, null)));
    }

    static Stream<Arguments> cases() {
        PreferenceLoss sum = new WeightedSum(
                List.of(new WeightedSum.Term(new Sigmoid(0.5), 1), new WeightedSum.Term(new Sft(), 0.5)));
        return Stream.of(
                Arguments.of(RandomModel.everything(), new Sigmoid(0.5)),
                Arguments.of(RandomModel.everything(), sum),
                Arguments.of(RandomModel.tied(), new Sigmoid(0.5)));
    }

    private Engine engine(ModelConfig config, boolean recompute) {
        Engine engine = new Engine(ops, config, new Engine.Sizes(64, 64, 64), recompute);
        RandomModel.fill(ops, engine.model().parameters(), 0.4, 5);
        return engine;
    }

    private static ReferenceLogps reference() {
        double[][][] logps = ITEMS.stream()
                .map(i -> i.completions().stream()
                        .map(c -> {
                            double[] values = new double[c.ids().length];
                            Arrays.fill(values, -2.5);
                            return values;
                        })
                        .toArray(double[][]::new))
                .toArray(double[][][]::new);
        return new ReferenceLogps(logps);
    }

    /** Loss of one step over all items; adds to the gradients when asked. */
    private static double loss(Engine engine, PreferenceLoss loss, List<List<Integer>> groups, int packTokens, boolean backward) {
        Objective.Window window = new DpoObjective(ITEMS, reference(), loss, 0.5).open(groups);
        for (Batch.Packed packed : Batch.of(groups, ITEMS, packTokens).packs(ITEMS)) {
            double[] g = window.add(packed, engine.forward(packed.pack()));
            if (backward) {
                engine.backward(packed.pack(), g);
            }
        }
        return Arrays.stream(window.losses()).sum();
    }

    /**
     * Random directions d through all parameters. Truncation is h²/6 times the third derivative along d, which for
     * these models is below 1e3·Σ|d·g|; with h = 1e-5 that leaves 2e-8·Σ|d·g|, and rounding 1e-16/h less.
     */
    @ParameterizedTest
    @MethodSource("cases")
    void directionalDerivative(ModelConfig config, PreferenceLoss loss) {
        Engine engine = engine(config, false);
        List<List<Integer>> groups = List.of(List.of(0, 1, 2));
        loss(engine, loss, groups, 1000, true);
        SplittableRandom random = new SplittableRandom(3);
        Tensor weights = engine.weights().flat();
        double[] start = ops.read(weights);
        double[] gradient = ops.read(engine.gradients().arena().flat());
        for (int trial = 0; trial < 3; trial++) {
            double[] direction = new double[start.length];
            double slope = 0;
            double magnitude = 0;
            for (int i = 0; i < start.length; i++) {
                direction[i] = random.nextGaussian();
                slope += direction[i] * gradient[i];
                magnitude += Math.abs(direction[i] * gradient[i]);
            }
            double h = 1e-5;
            double up = moved(engine, loss, groups, start, direction, h);
            double down = moved(engine, loss, groups, start, direction, -h);
            assertEquals((up - down) / (2 * h), slope, 2e-8 * magnitude);
        }
    }

    /** Every single parameter, at the bounds of torch.autograd.gradcheck: 1e-5 absolute, 1e-3 relative. */
    @ParameterizedTest
    @MethodSource("cases")
    void everyParameter(ModelConfig config, PreferenceLoss loss) {
        Engine engine = engine(config, false);
        List<List<Integer>> groups = List.of(List.of(0, 1, 2));
        loss(engine, loss, groups, 1000, true);
        for (Map.Entry<String, Tensor> e : engine.gradients().named().entrySet()) {
            Tensor weight = engine.model().parameters().named().get(e.getKey());
            double[] analytic = ops.read(e.getValue());
            double[] start = ops.read(weight);
            double largest = 0;
            for (int i = 0; i < start.length; i += Math.max(1, start.length / 9)) {
                double[] moved = start.clone();
                moved[i] += 1e-6;
                ops.write(weight, moved);
                double up = loss(engine, loss, groups, 1000, false);
                moved[i] -= 2e-6;
                ops.write(weight, moved);
                double down = loss(engine, loss, groups, 1000, false);
                double numeric = (up - down) / 2e-6;
                assertEquals(numeric, analytic[i], 1e-8 + 1e-5 * Math.abs(numeric), e.getKey() + " element " + i);
            }
            ops.write(weight, start);
            for (double g : analytic) {
                largest = Math.max(largest, Math.abs(g));
            }
            assertTrue(largest > 0, e.getKey() + " has no gradient at all");
        }
    }

    private double moved(
            Engine engine,
            PreferenceLoss loss,
            List<List<Integer>> groups,
            double[] start,
            double[] direction,
            double h) {
        double[] values = new double[start.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = start[i] + h * direction[i];
        }
        ops.write(engine.weights().flat(), values);
        double result = loss(engine, loss, groups, 1000, false);
        ops.write(engine.weights().flat(), start);
        return result;
    }

    /** Sums of a few thousand float64 terms in another order: relative error below n·2^-53, about 1e-12. */
    @ParameterizedTest
    @MethodSource("cases")
    void packsGroupsOrderAndRecomputationDoNotMatter(ModelConfig config, PreferenceLoss loss) {
        Engine engine = engine(config, false);
        double value = loss(engine, loss, List.of(List.of(0, 1, 2)), 1000, true);
        double[] gradient = ops.read(engine.gradients().arena().flat());
        record Variant(List<List<Integer>> groups, int packTokens, boolean recompute) {}
        for (Variant v : List.of(
                new Variant(List.of(List.of(0, 1, 2)), 1, false),
                new Variant(List.of(List.of(2, 0, 1)), 16, false),
                new Variant(List.of(List.of(0, 1, 2)), 1000, true))) {
            Engine other = engine(config, v.recompute);
            assertEquals(value, loss(other, loss, v.groups, v.packTokens, true), 1e-12 * Math.abs(value));
            double[] otherGradient = ops.read(other.gradients().arena().flat());
            double scale = Arrays.stream(gradient).map(Math::abs).max().orElseThrow();
            assertArrayEquals(gradient, otherGradient, 1e-12 * scale);
        }
    }

    /** For losses that are a mean over pairs, three groups of one and one group of three are the same step. */
    @ParameterizedTest
    @MethodSource("cases")
    void batchTimesAccumulationIsOneNumber(ModelConfig config, PreferenceLoss loss) {
        if (!(loss instanceof Sigmoid)) {
            return;
        }
        Engine engine = engine(config, false);
        double value = loss(engine, loss, List.of(List.of(0, 1, 2)), 1000, false);
        assertEquals(
                value,
                loss(engine, loss, List.of(List.of(0), List.of(1), List.of(2)), 1000, false),
                1e-14 * Math.abs(value));
    }
}
