package io.github.jalign.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.Shared;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.json.Json;
import io.github.jalign.model.Activations;
import io.github.jalign.model.CausalLm;
import io.github.jalign.model.Forward;
import io.github.jalign.model.Head;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.ModelFiles;
import io.github.jalign.model.Parameters;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real model of 260,000 parameters: logits and text as transformers computes them. */
@Tag("shared")
final class Stories260KTest {
    private final Path folder = Shared.data("stories260K-hf");
    private final Map<String, @Nullable Object> golden =
            Json.asObject((Map<?, ?>) Shared.json(folder.resolve("golden.json")));

    private Map<String, @Nullable Object> part(String name) {
        return Json.asObject((Map<?, ?>) golden.get(name));
    }

    private static int[] ints(@Nullable Object list) {
        return ((List<?>) list).stream().mapToInt(v -> ((Long) v).intValue()).toArray();
    }

    /** Float32 against float32 over 5 layers of sums of at most 172 terms: 1e-4 for logits up to 20. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void logitsOfTheLastPosition(Backend backend) {
        int[] ids = ints(part("logits").get("input_ids"));
        double[] expected = ((List<?>) part("logits").get("last_position"))
                .stream().mapToDouble(v -> ((Number) v).doubleValue()).toArray();
        try (Ops ops = backend.open(2);
                ModelFolder files = ModelFolder.open(folder)) {
            ModelConfig config = ModelConfigReader.read("config.json", files.config());
            Parameters parameters =
                    new Parameters(config, ops.allocate("weights", Parameters.specs(config, ops.accumulationDtype())));
            CausalLm model = new CausalLm(ops, config, parameters, ids.length);
            ModelFiles.load(files, config, parameters, ops);
            model.refresh();
            Activations activations = new Activations(ops, config, ids.length, Activations.Keep.NOTHING);
            Head head = new Head(model, 1, false);
            ops.reserve(new Workload(ids.length, ids.length, 8, 4, 8, 344, 64, 512, 1, true));
            new Forward(model, activations).run(ids, Segments.sequences(ids.length));
            double[] logits = ops.read(head.logits(activations.hidden(ids.length), ids.length - 1));
            assertArrayEquals(expected, logits, 1e-4);
        }
    }

    /** The pinned ids are the prompt and 199 more; the text goes one token further. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void theGreedyStory(Backend backend) {
        int[] prompt = ints(part("greedy").get("prompt_ids"));
        int[] story = ints(part("greedy").get("ids"));
        try (Generator generator = new Generator(folder, backend, 2, 201);
                Tokenizer tokenizer = Tokenizer.load(folder)) {
            int[] answer = generator.generate(prompt, SamplingOptions.greedy(200), Set.of(), id -> true);
            int[] all = IntStream.concat(Arrays.stream(prompt), Arrays.stream(answer)).toArray();
            assertArrayEquals(story, Arrays.copyOf(all, story.length));
            assertEquals(part("greedy").get("text"), tokenizer.decode(all, true));
        }
    }
}
