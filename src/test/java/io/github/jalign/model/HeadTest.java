package io.github.jalign.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.CountingOps;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.api.Test;

/** How many rows of logits are held at once is nobody's business. */
final class HeadTest {
    private static final int TOKENS = 61;
    private static final int ROWS = 37;

    /** What a head says of 37 rows out of 61, and the gradients it leaves. */
    private record Result(double[] statistics, double[] dhidden, double[] dweights) {}

    private static Result run(Backend backend, int chunk) {
        ModelConfig config = Configs.read("llama", "\"vocab_size\": 131, \"num_hidden_layers\": 1");
        try (Ops ops = backend.open(2)) {
            Parameters parameters = parameters(ops, config);
            RandomModel.fill(ops, parameters, 0.2, 3);
            CausalLm model = new CausalLm(ops, config, parameters, TOKENS);
            Activations activations = new Activations(ops, config, TOKENS, Activations.Keep.ALL);
            Head head = new Head(model, ROWS, true, chunk);
            ops.reserve(new Workload(TOKENS, TOKENS, 16, 16, 4, 192, 64, 131, chunk, true));
            new Forward(model, activations)
                    .run(RandomModel.tokens(TOKENS, 131, 4), Segments.sequences(TOKENS));
            int[] rows = IntStream.range(0, ROWS).map(i -> i + i / 2).toArray();
            double[] g = IntStream.range(0, ROWS).mapToDouble(i -> Math.cos(i) / ROWS).toArray();
            double[] statistics =
                    head.forward(activations.hidden(TOKENS), rows, RandomModel.tokens(ROWS, 131, 5));
            Parameters gradients = parameters(ops, config);
            head.backward(g, activations.dhidden(TOKENS), gradients);
            return new Result(
                    statistics,
                    ops.read(activations.dhidden(TOKENS)),
                    ops.read(gradients.arena().flat()));
        }
    }

    private static Parameters parameters(Ops ops, ModelConfig config) {
        return new Parameters(config, ops.allocate("weights", Parameters.specs(config, ops.accumulationDtype())));
    }

    /**
     * What belongs to a row comes from that row alone: equal bits. Gradients of weights are sums over 37 rows, cut
     * elsewhere: an error of at most 37 units in the last place of the largest term.
     */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void chunksOfLogitsChangeNoRow(Backend backend) {
        Result whole = run(backend, ROWS);
        double unit = backend == Backend.REFERENCE ? 0x1p-53 : 0x1p-24;
        double largest = Arrays.stream(whole.dweights).map(Math::abs).max().orElseThrow();
        for (int chunk : new int[] {1, 5, 36}) {
            Result cut = run(backend, chunk);
            assertArrayEquals(whole.statistics, cut.statistics);
            assertArrayEquals(whole.dhidden, cut.dhidden);
            assertArrayEquals(whole.dweights, cut.dweights, ROWS * unit * largest);
        }
    }

    /** 256 MiB of float32 logits over 128,256 tokens: 523 rows. */
    @Test
    void chunksHoldAQuarterOfAGibibyte() {
        ModelConfig config = Configs.read("llama", "\"vocab_size\": 128256");
        assertEquals(523, Head.chunkRows(config, DType.F32, 4096));
        assertEquals(261, Head.chunkRows(config, DType.F64, 4096));
        assertEquals(100, Head.chunkRows(config, DType.F32, 100));
        assertEquals(1, Head.chunkRows(Configs.read("llama", "\"vocab_size\": 100000000"), DType.F32, 4096));
    }

    /** Logits of a chunk, all other slots of every row. */
    @Test
    void aHeadTakesWhatItsChunkNeeds() {
        ModelConfig config = Configs.read("llama", "\"num_hidden_layers\": 1");
        try (CountingOps ops = Backend.CPU.plan(1)) {
            CausalLm model = new CausalLm(ops, config, parameters(ops, config), 8);
            new Head(model, 64, true, 64);
            long whole = ops.bytesByPurpose().get("logits");
            new Head(model, 64, true, 16);
            long cut = ops.bytesByPurpose().get("logits") - whole;
            assertEquals(48 * 50 * 4, whole - cut);
        }
    }
}
