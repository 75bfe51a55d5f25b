package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.data.RowId;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.model.Architecture;
import io.github.jalign.model.LayerSpec;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.RandomModel;
import io.github.jalign.model.RopeScaling;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.optim.AdamW;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What may change no number: neighbours in a pack, packs, threads, recomputation; and sharing a prompt beyond rounding.
 * Once on a tiny model that has everything, once on one whose sizes are no multiple of any tile, with rows longer than
 * one.
 */
final class InvarianceTest {
    private static final double BETA = 0.3;
    private static final int PACK_TOKENS = 512;

    /** Heads of 12 columns, a window of 37, biases; 131 tokens of vocabulary. */
    private static ModelConfig odd() {
        return new ModelConfig(
                Architecture.LLAMA, 131, 52, 70, 4, 2, 12, 12,
                List.of(new LayerSpec(0, true), new LayerSpec(37, true)),
                1e-5, 10000, new RopeScaling.Unscaled(), 512, false, true, true, -1, List.of(2));
    }

    static Stream<Arguments> models() {
        return Stream.of(odd(), RandomModel.everything())
                .flatMap(config -> Stream.of(Backend.REFERENCE, Backend.CPU).map(backend -> Arguments.of(config, backend)));
    }

    static Stream<ModelConfig> configs() {
        return Stream.of(odd(), RandomModel.everything());
    }

    /** Prompt and answers of each row: for the odd model 299, 9, 66 and 200 tokens as one pair, else few. */
    private static List<Item> items(ModelConfig config) {
        int[][] lengths = config.maxPositionEmbeddings() > 64
                ? new int[][] {{130, 70, 99}, {4, 3, 2}, {1, 64, 1}, {65, 6, 129}}
                : new int[][] {{13, 7, 9}, {4, 3, 2}, {1, 6, 1}};
        List<Item> items = new ArrayList<>();
        for (int[] n : lengths) {
            int seed = 100 * items.size();
            items.add(new Item(
                    new RowId("rows", items.size() + 1),
                    RandomModel.tokens(n[0], config.vocabularySize(), seed),
                    List.of(
                            new Completion(RandomModel.tokens(n[1], config.vocabularySize(), seed + 1), null),
                            new Completion(RandomModel.tokens(n[2], config.vocabularySize(), seed + 2), null))));
        }
        return items;
    }

    private static Engine engine(Ops ops, ModelConfig config, boolean recompute) {
        Engine engine = new Engine(ops, config, new Engine.Sizes(600, 600, 300), recompute);
        RandomModel.fill(ops, engine.model().parameters(), 0.2, 5);
        engine.model().refresh();
        return engine;
    }

    /** All statistics of each completion's rows: [item][completion][row · COLUMNS]. */
    private static double[][][] statistics(Engine engine, List<Item> items) {
        Pack pack = Pack.of(items);
        double[] all = engine.forward(pack);
        double[][][] parts = new double[items.size()][2][];
        for (Pack.Sequence s : pack.sequences()) {
            parts[s.item()][s.completion()] = Arrays.copyOfRange(
                    all,
                    s.firstRow() * HeadStatistics.COLUMNS,
                    (s.firstRow() + s.count()) * HeadStatistics.COLUMNS);
        }
        return parts;
    }

    @ParameterizedTest
    @MethodSource("models")
    void neighboursInAPackChangeNoBit(ModelConfig config, Backend backend) {
        List<Item> items = items(config);
        try (Ops ops = backend.open(2)) {
            Engine engine = engine(ops, config, false);
            double[][][] together = statistics(engine, items);
            double[][][] backwards = statistics(engine, items.reversed());
            for (int i = 0; i < items.size(); i++) {
                double[][] alone = statistics(engine, List.of(items.get(i)))[0];
                for (int c = 0; c < 2; c++) {
                    assertArrayEquals(alone[c], together[i][c], "item " + i + " completion " + c);
                    assertArrayEquals(alone[c], backwards[items.size() - 1 - i][c], "item " + i + " completion " + c);
                }
            }
        }
    }

    /** The pack in which each answer stands behind a prompt of its own, as TRL computes it. */
    private static Pack twoSequences(Item item) {
        int[] prompt = item.prompt();
        int rows = Pack.rows(item);
        int[] tokens = new int[prompt.length + Pack.tokens(item)];
        int[] rowsOfHidden = new int[rows];
        int[] targets = new int[rows];
        List<Pack.Sequence> sequences = new ArrayList<>();
        int at = 0;
        int row = 0;
        for (int c = 0; c < 2; c++) {
            int[] ids = item.completions().get(c).ids();
            System.arraycopy(prompt, 0, tokens, at, prompt.length);
            at += prompt.length;
            sequences.add(new Pack.Sequence(0, c, row, ids.length));
            for (int id : ids) {
                rowsOfHidden[row] = at - 1;
                targets[row++] = id;
                tokens[at++] = id;
            }
        }
        return new Pack(
                tokens, Segments.sequences(item.length(0), item.length(1)), rowsOfHidden, targets, sequences);
    }

    /**
     * A shared prompt sums the same products, keys of prompt and answer apart: 1e-12 in float64 is n·2^-53 with 40 terms
     * to spare for n of 229 keys; float32 has 2^-24 a step, and 2e-6 is 34 of them for log-probs near 5 and above.
     * Gradients of both are sums over 299 and 429 tokens: n·ε of the largest.
     */
    @ParameterizedTest
    @MethodSource("models")
    void aSharedPromptIsTwoSequences(ModelConfig config, Backend backend) {
        boolean exact = backend == Backend.REFERENCE;
        try (Ops ops = backend.open(2)) {
            Engine engine = engine(ops, config, false);
            for (Item item : items(config)) {
                Result shared = forwardAndBackward(ops, engine, Pack.of(List.of(item)));
                Result apart = forwardAndBackward(ops, engine, twoSequences(item));
                for (int row = 0; row < Pack.rows(item); row++) {
                    double a = apart.statistics[row * HeadStatistics.COLUMNS + HeadStatistics.LOGP];
                    double b = shared.statistics[row * HeadStatistics.COLUMNS + HeadStatistics.LOGP];
                    assertEquals(a, b, exact ? 1e-12 : 2e-6 * Math.max(1, Math.abs(a)), "row " + row);
                }
                double largest = Arrays.stream(apart.gradients).map(Math::abs).max().orElseThrow();
                assertTrue(largest > 0);
                assertArrayEquals(
                        apart.gradients, shared.gradients, 429 * (exact ? 0x1p-53 : 0x1p-24) * largest);
            }
        }
    }

    /** The switch of LongRoPE lies between the lengths of a pair's sequences: each has positions of its own. */
    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "CPU"})
    void aPairOnBothSidesOfASwitchIsTwoSequences(Backend backend) {
        ModelConfig config = new ModelConfig(
                Architecture.PHI3, 131, 52, 70, 4, 2, 12, 12,
                List.of(new LayerSpec(0, true), new LayerSpec(37, true)),
                1e-5, 10000,
                new RopeScaling.LongRope(List.of(1.0, 1.1, 1.2, 1.3, 1.4, 1.5), List.of(2.0, 3.0, 4.0, 5.0, 6.0, 7.0), 1.25, 129),
                512, false, true, true, -1, List.of(2));
        Item item = items(config).getLast(); // 71 and 194 tokens
        Item separated = item.separatedAcross(config.ropeScaling().switchLength());
        assertEquals(List.of(71, 194), List.of(separated.length(0), separated.length(1)));
        try (Ops ops = backend.open(2)) {
            Engine engine = engine(ops, config, false);
            Result found = forwardAndBackward(ops, engine, Pack.of(List.of(separated)));
            Result expected = forwardAndBackward(ops, engine, twoSequences(item));
            assertArrayEquals(expected.statistics, found.statistics);
            assertArrayEquals(expected.gradients, found.gradients);
            for (int c = 0; c < 2; c++) { // and each as if the other were not there
                Item alone = new Item(item.row(), item.prompt(), List.of(item.completions().get(c)));
                Pack.Sequence s = Pack.of(List.of(separated)).sequences().get(c);
                double[] statistics = engine.forward(Pack.of(List.of(alone)));
                for (int row = 0; row < s.count(); row++) {
                    double a = statistics[row * HeadStatistics.COLUMNS + HeadStatistics.LOGP];
                    double b = found.statistics[(s.firstRow() + row) * HeadStatistics.COLUMNS + HeadStatistics.LOGP];
                    double bound = backend == Backend.REFERENCE ? 1e-12 : 2e-6; // as for a shared prompt, above
                    assertEquals(a, b, bound * Math.max(1, Math.abs(a)), "completion " + c + " row " + row);
                }
            }
            assertThrows(IllegalArgumentException.class, () -> engine.forward(Pack.of(List.of(item))));
        }
    }

    private record Result(double[] statistics, double[] gradients) {}

    /** As though the loss were a sum of cosines times log-probs. */
    private static Result forwardAndBackward(Ops ops, Engine engine, Pack pack) {
        ops.fill(engine.gradients().arena().flat(), 0);
        double[] statistics = engine.forward(pack);
        double[] g = new double[pack.rows().length];
        for (int i = 0; i < g.length; i++) {
            g[i] = Math.cos(i) / g.length;
        }
        engine.backward(pack, g);
        return new Result(statistics, ops.read(engine.gradients().arena().flat()));
    }

    /** Everything that two training steps leave. */
    private record Trained(List<Double> losses, double[] gradients, double[] weights, double[] moments) {
        void assertSameBits(Trained other) {
            assertEquals(losses, other.losses);
            assertArrayEquals(gradients, other.gradients);
            assertArrayEquals(weights, other.weights);
            assertArrayEquals(moments, other.moments);
        }
    }

    private static Trained train(ModelConfig config, int threads, boolean recompute) {
        List<Item> items = items(config);
        try (Ops ops = Backend.CPU.open(threads)) {
            Engine engine = engine(ops, config, recompute);
            ReferenceLogps reference = ReferenceCache.compute(engine, items, PACK_TOKENS, done -> {});
            RandomModel.fill(ops, engine.model().parameters(), 0.2, 6);
            engine.model().refresh();
            Objective objective = new DpoObjective(items, reference, new Sigmoid(BETA), BETA);
            AdamW optimizer = engine.optimizer(new AdamW.Settings(0.9, 0.999, 1e-8, 0.1));
            List<Double> losses = new ArrayList<>();
            for (int step = 1; step <= 2; step++) {
                optimizer.clearGradients();
                losses.add(step(engine, items, objective, PACK_TOKENS));
                double norm = optimizer.gradientNorm();
                losses.add(norm);
                optimizer.step(step, 1e-3, AdamW.clippingFactor(norm, 1));
                engine.model().refresh();
            }
            return new Trained(
                    losses,
                    ops.read(engine.gradients().arena().flat()),
                    ops.read(engine.weights().flat()),
                    ops.read(engine.secondMoment().arena().flat()));
        }
    }

    private static double step(Engine engine, List<Item> items, Objective objective, int packTokens) {
        Objective.Window window = objective.open(groups(items));
        for (Batch.Packed packed : Batch.of(groups(items), items, packTokens).packs(items)) {
            engine.backward(packed.pack(), window.add(packed, engine.forward(packed.pack())));
        }
        return Arrays.stream(window.losses()).sum();
    }

    /** Two to a group. */
    private static List<List<Integer>> groups(List<Item> items) {
        List<List<Integer>> groups = new ArrayList<>();
        for (int i = 0; i < items.size(); i += 2) {
            groups.add(i + 1 < items.size() ? List.of(i, i + 1) : List.of(i));
        }
        return groups;
    }

    @ParameterizedTest
    @MethodSource("configs")
    void threadsChangeNoBit(ModelConfig config) {
        Trained one = train(config, 1, false);
        train(config, 2, false).assertSameBits(one);
        train(config, 3, false).assertSameBits(one);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void recomputationChangesNoBit(ModelConfig config) {
        train(config, 2, true).assertSameBits(train(config, 2, false));
    }

    /** The reference pass cuts packs where it likes, and yet every log-ratio is 0 and the loss is ln 2. */
    @ParameterizedTest
    @MethodSource("models")
    void aPolicyThatIsItsReferenceLosesLn2(ModelConfig config, Backend backend) {
        List<Item> items = items(config);
        try (Ops ops = backend.open(2)) {
            Engine engine = engine(ops, config, false);
            ReferenceLogps reference = ReferenceCache.compute(engine, items, 40, done -> {});
            Objective.Window window =
                    new DpoObjective(items, reference, new Sigmoid(BETA), BETA).open(groups(items));
            for (Batch.Packed packed : Batch.of(groups(items), items, PACK_TOKENS).packs(items)) {
                window.add(packed, engine.forward(packed.pack()));
            }
            assertEquals((float) Math.log(2), (float) Arrays.stream(window.losses()).sum());
            for (Map<String, Double> metrics : window.metrics()) {
                for (String key : List.of("rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies")) {
                    assertEquals(0.0, metrics.get(key), key);
                }
            }
            for (int i = 0; i < items.size(); i++) {
                double[][] parts = statistics(engine, items.subList(i, i + 1))[0];
                for (int c = 0; c < 2; c++) {
                    double[] logps = new double[parts[c].length / HeadStatistics.COLUMNS];
                    for (int row = 0; row < logps.length; row++) {
                        logps[row] = parts[c][row * HeadStatistics.COLUMNS + HeadStatistics.LOGP];
                    }
                    assertArrayEquals(reference.all()[i][c], logps);
                }
            }
        }
    }

    /** AdamW moves every weight by about lr whatever its gradient: a step that trains nothing would go unnoticed above. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void everyTensorIsTrained(Backend backend) {
        ModelConfig config = odd();
        List<Item> items = items(config);
        try (Ops ops = backend.open(2)) {
            Engine engine = engine(ops, config, false);
            ReferenceLogps reference = ReferenceCache.compute(engine, items, PACK_TOKENS, done -> {});
            step(engine, items, new DpoObjective(items, reference, new Sigmoid(BETA), BETA), PACK_TOKENS);
            engine.gradients().named().forEach((name, tensor) ->
                    assertTrue(Arrays.stream(ops.read(tensor)).anyMatch(g -> g != 0), name));
        }
    }
}
