package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.data.RowId;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.model.Configs;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.RandomModel;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.CountingOps;
import io.github.jalign.ops.Ops;
import io.github.jalign.optim.AdamW;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a step costs in tokens, operations and bytes, counted by a dry run of its code. */
final class TokenCountTest {
    private static final int V = 50;
    private static final int D = 64;
    private static final int F = 12;
    private static final int L = 3;
    /** H·E, and (H + 2K)·E. */
    private static final int QUERIES = 64;
    private static final int PACKED = 96;

    private static ModelConfig config() {
        return Configs.read("llama", "\"num_hidden_layers\": 3, \"num_key_value_heads\": 4");
    }

    private static Item pair(int line, int prompt, int chosen, int rejected) {
        return new Item(
                new RowId("rows", line),
                RandomModel.tokens(prompt, V, line),
                List.of(
                        new Completion(RandomModel.tokens(chosen, V, line + 1), null),
                        new Completion(RandomModel.tokens(rejected, V, line + 2), null)));
    }

    private static void run(Engine engine, List<Item> items, int packTokens) {
        List<Integer> group = new ArrayList<>();
        double[][][] zeros = new double[items.size()][][];
        for (int i = 0; i < items.size(); i++) {
            group.add(i);
            zeros[i] = new double[2][0];
        }
        Objective.Window window =
                new DpoObjective(items, new ReferenceLogps(zeros), new Sigmoid(0.1), 0.1).open(List.of(group));
        for (Batch.Packed packed : Batch.of(List.of(group), items, packTokens).packs(items)) {
            engine.backward(packed.pack(), window.add(packed, engine.forward(packed.pack())));
        }
    }

    /** P = 5, C = 3, R = 4: 12 tokens, where two sequences are 17; 7 rows of the head. */
    @Test
    void aPairComputesItsPromptOnce() {
        try (CountingOps ops = Backend.CPU.plan(1)) {
            run(new Engine(ops, config(), new Engine.Sizes(64, 64, 64), false), List.of(pair(1, 5, 3, 4)), 64);
            assertEquals(5 + 3 + 4, ops.embeddedTokens());
            assertEquals(3 + 4, ops.headRows());
        }
    }

    @Test
    void packingAddsNoTokenAndLosesNone() {
        List<Item> items = List.of(pair(1, 5, 3, 4), pair(2, 1, 9, 2), pair(3, 30, 1, 1));
        for (int packTokens : new int[] {1, 24, 64}) {
            try (CountingOps ops = Backend.CPU.plan(1)) {
                run(new Engine(ops, config(), new Engine.Sizes(64, 64, 64), false), items, packTokens);
                assertEquals(12 + 12 + 32, ops.embeddedTokens());
                assertEquals(7 + 11 + 2, ops.headRows());
            }
        }
    }

    /**
     * A layer's matrices hold D·(H+2K)E + HE·D + 2F·D + D·F elements, each a multiply-add (2) a token forward and two
     * backward. The prompt's 5 queries see 15 keys, the answers' 3 and 4 see 3·5 + 6 and 4·5 + 10: 66 pairs, 4·HE each
     * forward and 10·HE backward. The head multiplies 7 rows. Recomputation runs the layers forward once more.
     */
    @Test
    void operationsAreThoseOfTheFormula() {
        long layers = L * (long) (D * PACKED + QUERIES * D + 2 * F * D + D * F);
        long pairs = 15 + 21 + 30;
        for (boolean recompute : new boolean[] {false, true}) {
            int layerPasses = recompute ? 4 : 3;
            try (CountingOps ops = Backend.REFERENCE.plan(1)) {
                run(new Engine(ops, config(), new Engine.Sizes(64, 64, 64), recompute), List.of(pair(1, 5, 3, 4)), 64);
                assertEquals(layerPasses * 2 * 12 * layers + 3 * 2 * 7 * V * D, ops.linearFlops());
                assertEquals((recompute ? 18 : 14) * pairs * QUERIES * L, ops.attentionFlops());
                assertEquals(12, ops.embeddedTokens());
            }
        }
    }

    /** Forward only, as the reference is scored: a third of the products, no backward. */
    @Test
    void theReferencePassIsForwardOnly() {
        List<Item> items = List.of(pair(1, 5, 3, 4), pair(2, 1, 9, 2));
        try (CountingOps ops = Backend.CPU.plan(1)) {
            Engine engine = new Engine(ops, config(), new Engine.Sizes(64, 64, 64), false);
            ReferenceCache.compute(engine, items, 64, done -> {});
            long forward = ops.linearFlops();
            run(engine, items, 64);
            assertEquals(3 * forward, ops.linearFlops() - forward);
            assertEquals(2 * 24, ops.embeddedTokens());
        }
    }

    static Stream<Arguments> engines() {
        return Stream.of(Backend.REFERENCE, Backend.CPU)
                .flatMap(backend -> Stream.of(1, 3)
                        .flatMap(threads -> Stream.of(false, true)
                                .map(recompute -> Arguments.of(backend, threads, recompute))));
    }

    /** Equal to the byte, after a step that used everything. */
    @ParameterizedTest
    @MethodSource("engines")
    void plannedBytesAreThoseThatARunTakes(Backend backend, int threads, boolean recompute) {
        Engine.Sizes sizes = new Engine.Sizes(77, 41, 39);
        MemoryPlan plan = MemoryPlan.of(backend, threads, config(), sizes, recompute, Long.MAX_VALUE);
        try (Ops ops = backend.open(threads)) {
            Engine engine = new Engine(ops, config(), sizes, recompute);
            RandomModel.fill(ops, engine.model().parameters(), 0.1, 1);
            engine.model().refresh();
            run(engine, List.of(pair(1, 5, 3, 4), pair(2, 1, 9, 2), pair(3, 30, 1, 1)), 77);
            AdamW optimizer = engine.optimizer(new AdamW.Settings(0.9, 0.999, 1e-8, 0));
            optimizer.step(1, 1e-3, AdamW.clippingFactor(optimizer.gradientNorm(), 1));
            engine.model().refresh();
            assertEquals(plan.bytes(), ops.peakBytes());
            assertEquals(plan.bytes(), ops.allocatedBytes());
        }
        assertEquals(plan.bytes(), plan.parts().values().stream().mapToLong(Long::longValue).sum());
        assertEquals(recompute, plan.recompute());
    }

    /** Four ranges of the parameters: weights, gradients and two moments. */
    @Test
    void partsOfThePlan() {
        ModelConfig config = config();
        MemoryPlan plan =
                MemoryPlan.of(Backend.CPU, 1, config, new Engine.Sizes(64, 64, 64), null, Long.MAX_VALUE);
        assertEquals(
                List.of(
                        "weights",
                        "gradients",
                        "first moment",
                        "second moment",
                        "rotary tables",
                        "activations",
                        "norms of rows",
                        "scratch",
                        "token ids",
                        "activation gradients",
                        "head",
                        "logits",
                        "head rows",
                        "workspace"),
                List.copyOf(plan.parts().keySet()));
        for (String part : List.of("weights", "gradients", "first moment", "second moment")) {
            assertEquals(4 * config.parameterCount(), plan.parts().get(part), part);
        }
        assertEquals(2 * 64 * 2 * 4L, plan.parts().get("rotary tables"));
    }

    @Test
    void recomputationIsChosenWhenOnlyItFits() {
        Engine.Sizes sizes = new Engine.Sizes(64, 64, 64);
        MemoryPlan kept = MemoryPlan.of(Backend.CPU, 1, config(), sizes, false, Long.MAX_VALUE);
        MemoryPlan again = MemoryPlan.of(Backend.CPU, 1, config(), sizes, true, Long.MAX_VALUE);
        long beside = 512L << 20;
        assertEquals(false, MemoryPlan.of(Backend.CPU, 1, config(), sizes, null, kept.bytes() + beside).recompute());
        assertEquals(true, MemoryPlan.of(Backend.CPU, 1, config(), sizes, null, kept.bytes() + beside - 1).recompute());
        assertEquals(true, MemoryPlan.of(Backend.CPU, 1, config(), sizes, null, again.bytes() + beside).recompute());
    }
}
