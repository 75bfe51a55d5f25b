package io.github.jalign.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.Shared;
import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Workload;
import io.github.jalign.ops.cuda.Emulator;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers from the CUDA backend: steps replayed as a graph, tokens chosen on the device. */
@Tag("emulator")
@Tag("gpu")
final class CudaGenerationTest {
    @AfterEach
    void nothingIsLeft() {
        Emulator.assertNothingLeft();
    }

    private static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(v -> ((Long) v).intValue()).toArray();
    }

    /** The beginning of the pinned story: one ordinary step, one captured, all others replayed. */
    @Test
    void theGreedyStory() {
        var folder = Shared.data("stories260K-hf");
        Map<String, Object> golden = Json.asObject((Map<?, ?>) Shared.json(folder.resolve("golden.json")));
        Map<String, Object> greedy = Json.asObject((Map<?, ?>) golden.get("greedy"));
        int[] prompt = ints(greedy.get("prompt_ids"));
        int[] story = ints(greedy.get("ids"));
        try (Generator generator = new Generator(folder, Backend.CUDA_FLOAT32, 1, 64)) {
            int[] answer = generator.generate(prompt, SamplingOptions.greedy(40), Set.of(), id -> true);
            int[] all = IntStream.concat(Arrays.stream(prompt), Arrays.stream(answer)).toArray();
            assertArrayEquals(Arrays.copyOf(story, all.length), all);
        }
    }

    static Stream<SamplingOptions> options() {
        return Stream.of(
                new SamplingOptions(8, 0, 0, 1, 0, 1, 1),
                new SamplingOptions(8, 0, 0, 1, 0, 1.3, 1),
                new SamplingOptions(8, 1, 0, 1, 0, 1, 2),
                new SamplingOptions(8, 0.7, 40, 1, 0, 1, 3),
                new SamplingOptions(8, 1.5, 0, 0.9, 0, 1.1, 4),
                new SamplingOptions(8, 0.3, 7, 0.5, 0.05, 1, 5),
                new SamplingOptions(8, 2, 0, 1, 0.1, 0.8, 6));
    }

    /** One token; fewer than a warp, than a block's warps of them, than a block; more than a block, no multiple of it. */
    static Stream<Arguments> choices() {
        return IntStream.of(1, 3, 33, 129, 1013)
                .boxed()
                .flatMap(v -> Stream.concat(options(), topsOf(v)).map(options -> Arguments.of(v, options)));
    }

    /** The most probable tokens alone, all but one, exactly all, and more than there are, with what else can be cut. */
    private static Stream<SamplingOptions> topsOf(int vocabulary) {
        return Stream.of(
                new SamplingOptions(8, 1, 1, 1, 0, 1, 7),
                new SamplingOptions(8, 1.2, Math.max(vocabulary - 1, 1), 1, 0, 1, 8),
                new SamplingOptions(8, 1.2, vocabulary, 0.8, 0, 1, 9),
                new SamplingOptions(8, 0.9, vocabulary + 1, 0.8, 0.02, 1.2, 10),
                new SamplingOptions(8, 1, 2 * vocabulary + 300, 1, 1, 1, 11));
    }

    /**
     * The device chooses the token that the host does from the same logits and random numbers. Its exponentials are
     * float32's where the host's are float64's: a draw would have to fall within 2^-22 · V of a border to differ.
     */
    @ParameterizedTest
    @MethodSource("choices")
    void theDeviceChoosesAsTheHost(int vocabulary, SamplingOptions options) {
        Random random = new Random(options.seed());
        int[] prompt = IntStream.of(3, 5, 8, 1012, 0).map(id -> id % vocabulary).toArray();
        Sampler onHost = new Sampler(options, prompt);
        Sampler onDevice = new Sampler(options, prompt);
        try (Ops ops = Backend.CUDA.open(1)) {
            ops.reserve(new Workload(1, 1, 1, 1, 2, 8, 8, vocabulary, 1, true));
            Tensor row = ops.allocate("test", List.of(new TensorSpec("logits", DType.F32, 1, vocabulary))).get("logits");
            for (int i = 0; i < (vocabulary > 500 ? 60 : 20); i++) {
                double[] logits = new double[vocabulary];
                Arrays.setAll(logits, v -> (float) (random.nextInt(4) == 0 ? random.nextInt(5) : random.nextGaussian() * 3));
                ops.write(row, logits);
                assertEquals(onHost.next(logits), onDevice.next(ops, row), "draw " + i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 33, 129})
    @Tag("checked")
    void choosingAccessesWhatItMay(int vocabulary) {
        topsOf(vocabulary).forEach(options -> theDeviceChoosesAsTheHost(vocabulary, options));
    }

    @Test
    void aLogitThatIsNoNumber() {
        try (Ops ops = Backend.CUDA.open(1)) {
            ops.reserve(new Workload(1, 1, 1, 1, 2, 8, 8, 5, 1, true));
            Tensor row = ops.allocate("test", List.of(new TensorSpec("logits", DType.F32, 1, 5))).get("logits");
            ops.write(row, new double[] {1, 2, Double.NaN, 3, 4});
            JalignException e = assertThrows(
                    JalignException.class,
                    () -> new Sampler(SamplingOptions.greedy(1), new int[] {1}).next(ops, row));
            assertEquals(
                    """
                    logits: what a model says of each token must be a number
                      found     NaN for token 2
                      expected  numbers
                      do        check the model's weights; a training run that diverged leaves such a model""",
                    e.getMessage());
        }
    }
}
