package io.github.jalign.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.RowId;
import io.github.jalign.errors.JalignException;
import io.github.jalign.model.Activations;
import io.github.jalign.model.CausalLm;
import io.github.jalign.model.Configs;
import io.github.jalign.model.Forward;
import io.github.jalign.model.Head;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelFiles;
import io.github.jalign.model.Parameters;
import io.github.jalign.model.RandomModel;
import io.github.jalign.model.SavedModel;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers of a random model over the cache, against the model run anew for every token. */
final class GeneratorTest {
    private static final int LONGEST = 800;
    /** Windows of 5 on two of three layers, so that old keys of the cache must be left out. */
    private static final Map<String, @Nullable Object> CONFIG = Configs.of(
            "mistral",
            "\"num_key_value_heads\": 4, \"sliding_window\": 5, \"eos_token_id\": 3, \"num_hidden_layers\": 3,"
                    + " \"layer_types\": [\"sliding_attention\", \"full_attention\", \"sliding_attention\"]");

    @TempDir
    Path folder;

    private ModelConfig config;

    @BeforeEach
    void save() {
        config = SavedModel.write(folder, CONFIG, 0.8, 11);
    }

    private static int[] prompt(int length) {
        return RandomModel.tokens(length, 50, length);
    }

    /** The model without a cache, over whole sequences. */
    private final class Plain implements AutoCloseable {
        final Ops ops;
        final CausalLm model;
        final Activations activations;
        final Head head;

        Plain(Backend backend) {
            ops = backend.open(2);
            Parameters parameters =
                    new Parameters(config, ops.allocate("weights", Parameters.specs(config, ops.accumulationDtype())));
            model = new CausalLm(ops, config, parameters, LONGEST);
            try (ModelFolder files = ModelFolder.open(folder)) {
                ModelFiles.load(files, config, parameters, ops);
            }
            model.refresh();
            activations = new Activations(ops, config, LONGEST, Activations.Keep.NOTHING);
            head = new Head(model, LONGEST, false);
            ops.reserve(new Workload(LONGEST, LONGEST, 16, 4, 4, 96, 64, 50, LONGEST, true));
        }

        int[] greedy(int[] prompt, int count) {
            int[] ids = prompt;
            for (int i = 0; i < count; i++) {
                new Forward(model, activations).run(ids, Segments.sequences(ids.length));
                double[] logits = ops.read(head.logits(activations.hidden(ids.length), ids.length - 1));
                int best = 0;
                for (int v = 1; v < logits.length; v++) {
                    best = logits[v] > logits[best] ? v : best;
                }
                ids = Arrays.copyOf(ids, ids.length + 1);
                ids[ids.length - 1] = best;
            }
            return Arrays.copyOfRange(ids, prompt.length, ids.length);
        }

        /** Sum of log-probs of a completion behind its prompt. */
        double score(int[] prompt, int[] completion) {
            int[] ids = Arrays.copyOf(prompt, prompt.length + completion.length);
            System.arraycopy(completion, 0, ids, prompt.length, completion.length);
            int[] rows = new int[completion.length];
            Arrays.setAll(rows, i -> prompt.length - 1 + i);
            new Forward(model, activations).run(ids, Segments.sequences(ids.length));
            double[] statistics = head.forward(activations.hidden(ids.length), rows, completion);
            double sum = 0;
            for (int i = 0; i < rows.length; i++) {
                sum += statistics[i * HeadStatistics.COLUMNS + HeadStatistics.LOGP];
            }
            return sum;
        }

        @Override
        public void close() {
            ops.close();
        }
    }

    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void theCacheGivesWhatTheWholeSequenceGives(Backend backend) {
        try (Generator generator = new Generator(folder, backend, 2, LONGEST);
                Plain plain = new Plain(backend)) {
            for (int length : new int[] {1, 3, 17}) {
                int[] expected = plain.greedy(prompt(length), 30);
                assertTrue(Arrays.stream(expected).distinct().count() > 5, Arrays.toString(expected));
                assertArrayEquals(
                        expected,
                        generator.generate(prompt(length), SamplingOptions.greedy(30), Set.of(), id -> true),
                        "prompt of " + length);
            }
        }
    }

    /** 512 tokens of a prompt are run at once: as many, one more, and some in a second piece. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void longPromptsAreReadInPieces(Backend backend) {
        try (Generator generator = new Generator(folder, backend, 2, LONGEST);
                Plain plain = new Plain(backend)) {
            for (int length : new int[] {512, 513, 700}) {
                assertArrayEquals(
                        plain.greedy(prompt(length), 2),
                        generator.generate(prompt(length), SamplingOptions.greedy(2), Set.of(), id -> true),
                        "prompt of " + length);
            }
        }
    }

    @Test
    void anAnswerEndsBeforeAStopToken() {
        try (Generator generator = new Generator(folder, Backend.CPU, 1, LONGEST)) {
            int[] whole = generator.generate(prompt(4), SamplingOptions.greedy(30), Set.of(), id -> true);
            int stop = whole[12];
            int first = 0;
            while (whole[first] != stop) {
                first++;
            }
            List<Integer> heard = new ArrayList<>();
            int[] answer = generator.generate(prompt(4), SamplingOptions.greedy(30), Set.of(stop, 49), heard::add);
            assertArrayEquals(Arrays.copyOf(whole, first), answer);
            assertEquals(Arrays.stream(answer).boxed().toList(), heard);
            assertArrayEquals(
                    new int[0],
                    generator.generate(prompt(4), SamplingOptions.greedy(30), Set.of(whole[0]), id -> true));
        }
    }

    @Test
    void aListenerStopsAfterTheTokenItHeard() {
        try (Generator generator = new Generator(folder, Backend.CPU, 1, LONGEST)) {
            int[] whole = generator.generate(prompt(4), SamplingOptions.greedy(9), Set.of(), id -> true);
            assertEquals(9, whole.length);
            List<Integer> heard = new ArrayList<>();
            int[] answer = generator.generate(prompt(4), SamplingOptions.greedy(9), Set.of(), id -> {
                heard.add(id);
                return heard.size() < 5;
            });
            assertArrayEquals(Arrays.copyOf(whole, 5), answer);
            assertEquals(5, heard.size());
        }
    }

    @Test
    void aSeedMakesAnAnswer() {
        try (Generator generator = new Generator(folder, Backend.CPU, 1, LONGEST)) {
            int[] seven = sampled(generator, 7);
            assertFalse(Arrays.equals(seven, sampled(generator, 8)));
            assertArrayEquals(seven, sampled(generator, 7));
        }
        try (Generator generator = new Generator(folder, Backend.CPU, 3, LONGEST)) {
            int[] seven = sampled(generator, 7);
            try (Generator other = new Generator(folder, Backend.CPU, 1, 60)) {
                assertArrayEquals(seven, sampled(other, 7));
            }
        }
    }

    private static int[] sampled(Generator generator, long seed) {
        return generator.generate(
                prompt(4), new SamplingOptions(40, 1.5, 20, 0.95, 0, 1, seed), Set.of(), id -> true);
    }

    /** As many tokens as were planned for, and not one more. */
    @Test
    void promptAndAnswerFillThePlan() {
        try (Generator generator = new Generator(folder, Backend.CPU, 1, 20)) {
            assertEquals(
                    7, generator.generate(prompt(13), SamplingOptions.greedy(7), Set.of(), id -> true).length);
            JalignException e = assertThrows(
                    JalignException.class,
                    () -> generator.generate(prompt(14), SamplingOptions.greedy(7), Set.of(), id -> true));
            assertEquals("prompt", e.where());
        }
    }

    /** Shared prompts against sequences one by one: 2e-6 of a log-prob in float32, 1e-12 in float64, and so of a sum. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void scoresAreSumsOfLogProbs(Backend backend) {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            items.add(new Item(
                    new RowId("rows", i + 1),
                    prompt(40 + i),
                    List.of(
                            new Completion(RandomModel.tokens(1 + 3 * i, 50, i), null),
                            new Completion(RandomModel.tokens(40 - i, 50, 50 + i), null))));
        }
        double bound = backend == Backend.REFERENCE ? 1e-12 : 2e-6;
        try (Ops ops = backend.open(2);
                Generator generator = new Generator(folder, ops, LONGEST, config -> {});
                Plain plain = new Plain(backend)) {
            long before = ops.allocatedBytes();
            double[][] scores = generator.score(items);
            for (int i = 0; i < items.size(); i++) {
                for (int c = 0; c < 2; c++) {
                    Item item = items.get(i);
                    double expected =
                            plain.score(item.prompt(), item.completions().get(c).ids());
                    assertEquals(expected, scores[i][c], bound * Math.abs(expected));
                }
            }
            assertArrayEquals(scores, generator.score(items));
            int[] answer = generator.generate(prompt(4), SamplingOptions.greedy(9), Set.of(), id -> true);
            assertArrayEquals(plain.greedy(prompt(4), 9), answer);
            assertEquals(before, ops.allocatedBytes());
        }
    }

    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void closeGivesAllMemoryBack(Backend backend) {
        Ops ops = backend.open(2);
        try (Generator generator = new Generator(folder, ops, LONGEST, config -> {})) {
            generator.generate(prompt(600), SamplingOptions.greedy(3), Set.of(), id -> true);
            assertTrue(ops.allocatedBytes() > config.parameterCount() * ops.dtype().bytes());
        }
        assertEquals(0, ops.allocatedBytes());
    }

    @Test
    void aModelThatCannotBeLoadedTakesNoMemory() throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": 3}");
        Path weights = folder.resolve("model.safetensors");
        Files.move(weights, folder.resolve("elsewhere"));
        SavedModel.write(
                folder.resolve("narrow"), Configs.of("mistral", "\"num_hidden_layers\": 3, \"num_key_value_heads\": 2"), 0.3, 11);
        Files.copy(folder.resolve("narrow").resolve("model.safetensors"), weights);
        Ops ops = Backend.CPU.open(1);
        JalignException e = assertThrows(JalignException.class, () -> new Generator(folder, ops, LONGEST, config -> {}));
        assertEquals(folder + ": model.layers.0.self_attn.k_proj.weight", e.where());
        assertEquals(0, ops.allocatedBytes());
        assertTrue(ops.peakBytes() > 0);
    }

    private GenerationDefaults defaults(String json) throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), json);
        return GenerationDefaults.read(folder, config);
    }

    @Test
    void defaultsComeFromTheModelFolder() throws IOException {
        GenerationDefaults silent = new GenerationDefaults(0, 50, 1, 0, 1, Set.of(3), List.of());
        assertEquals(silent, GenerationDefaults.read(folder, config));
        assertEquals(silent, defaults("{\"temperature\": 0.6}"));
        assertEquals(
                new GenerationDefaults(0.6, 7, 0.9, 0.05, 1.1, Set.of(4, 5), List.of()),
                defaults("{\"do_sample\": true, \"temperature\": 0.6, \"top_k\": 7, \"top_p\": 0.9, \"min_p\": 0.05,"
                        + " \"repetition_penalty\": 1.1, \"eos_token_id\": [4, 5]}"));
        assertEquals(
                new GenerationDefaults(1, 50, 1, 0, 1, Set.of(4), List.of()),
                defaults("{\"do_sample\": true, \"eos_token_id\": 4}"));
    }

    @Test
    void whatTheModelFolderAsksForInVainIsNamed() throws IOException {
        assertEquals(
                List.of("no_repeat_ngram_size", "num_beams", "typical_p"),
                defaults("{\"num_beams\": 4, \"typical_p\": 0.9, \"no_repeat_ngram_size\": 3, \"epsilon_cutoff\": 0.0,"
                                + " \"guidance_scale\": 1, \"suppress_tokens\": [], \"bad_words_ids\": null}")
                        .ignored());
    }
}
