package io.github.jalign.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.Shared;
import io.github.jalign.checkpoint.GgmlType;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.generate.Generator;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.json.Json;
import io.github.jalign.model.Activations;
import io.github.jalign.model.CausalLm;
import io.github.jalign.model.Forward;
import io.github.jalign.model.Head;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.ModelFiles;
import io.github.jalign.model.Parameters;
import io.github.jalign.model.RandomModel;
import io.github.jalign.model.SavedModel;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files that jalign writes, in llama.cpp: the same ids, logits and answers. Needs {@code -Djalign.llama_cpp=PYTHON} (see
 * {@link LlamaCpp}) and {@code -Djalign.smollm2=FOLDER}, SmolLM2-135M-Instruct.
 */
@Tag("long")
class LlamaCppTest {
    private static final ConvertListener SILENT = new ConvertListener() {
        @Override
        public void written(int done, int total) {}

        @Override
        public void warned(String message) {}
    };

    @TempDir
    private Path temporary = Path.of("");

    private static Path smolLm2() {
        String folder = System.getProperty("jalign.smollm2", "");
        assertTrue(Files.exists(Path.of(folder, "model.safetensors")), "-Djalign.smollm2 must name the built model folder");
        return Path.of(folder);
    }

    private static List<String> texts(String golden) {
        Map<?, ?> file = (Map<?, ?>) Shared.json(Shared.data("golden/tokenizers/" + golden + ".json.gz"));
        List<String> texts = new ArrayList<>();
        ((List<?>) Objects.requireNonNull(file.get("cases"))).forEach(c -> texts.add((String) ((Map<?, ?>) c).get("text")));
        return texts;
    }

    private Path export(Path folder, GgmlType type) {
        Path file = temporary.resolve(folder.getFileName() + "-" + type + ".gguf");
        GgufExport.run(folder, file, type, SILENT);
        return file;
    }

    /** The same sums in another order: at most 96 terms in each of 4 products a layer, so about 4 · 96 · 2^-24 a layer. */
    @TestFactory
    Stream<DynamicTest> logitsOfEveryKindOfModel() {
        Map<String, Map<String, @Nullable Object>> configs = TinyFolder.configs();
        configs.put("llama, yarn with attention_factor", TinyFolder.yarn(", \"attention_factor\": 1.5"));
        configs.put("llama, yarn with mscale", TinyFolder.yarn(", \"mscale\": 1.0, \"mscale_all_dim\": 0.5"));
        return configs.entrySet().stream().map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
            Path folder = TinyFolder.write(temporary.resolve(e.getKey().replaceAll("\\W+", "-")), e.getValue());
            int[] ids = RandomModel.tokens(40, TinyFolder.VOCABULARY - 2, 5);
            double[] expected = logits(folder, ids);
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            double[] found =
                    new LlamaCpp(export(folder, GgmlType.F32)).logits(ids).answers().getFirst();
            assertArrayEquals(expected, found, largest * 5 * 4 * 96 * 0x1p-24);
        }));
    }

    private static double[] logits(Path folder, int[] ids) {
        try (Ops ops = Backend.REFERENCE.open(1);
                ModelFolder files = ModelFolder.open(folder)) {
            ModelConfig config = ModelConfigReader.read("config.json", files.config());
            Parameters parameters =
                    new Parameters(config, ops.allocate("weights", Parameters.specs(config, ops.accumulationDtype())));
            CausalLm model = new CausalLm(ops, config, parameters, ids.length);
            ModelFiles.load(files, config, parameters, ops);
            model.refresh();
            Activations activations = new Activations(ops, config, ids.length, Activations.Keep.NOTHING);
            Head head = new Head(model, 1, false);
            ops.reserve(new Workload(
                    ids.length,
                    ids.length,
                    config.numAttentionHeads(),
                    config.numKeyValueHeads(),
                    config.headDim(),
                    2 * config.intermediateSize(),
                    config.hiddenSize(),
                    config.vocabularySize(),
                    1,
                    true));
            new Forward(model, activations).run(ids, Segments.sequences(ids.length));
            return ops.read(head.logits(activations.hidden(ids.length), ids.length - 1));
        }
    }

    @Test
    void smolLm2AnswersAlike() throws Exception {
        Path folder = smolLm2();
        List<int[]> prompts = new ArrayList<>();
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            for (String question : List.of(
                    "What is the capital of France?", "Write a haiku about the sea.", "Why is the sky blue?")) {
                prompts.add(tokenizer.encode(
                        "<|im_start|>user\n" + question + "<|im_end|>\n<|im_start|>assistant\n", false));
            }
        }
        List<int[]> expected = new ArrayList<>();
        try (Generator generator = new Generator(folder, Backend.CPU, 2, 128)) {
            for (int[] prompt : prompts) {
                expected.add(generator.generate(prompt, SamplingOptions.greedy(48), Set.of(), id -> true));
            }
        }
        // Types with fewer bits may go another way where two tokens are nearly as likely; the first ones must not.
        for (Map.Entry<GgmlType, Integer> e :
                Map.of(GgmlType.F32, 48, GgmlType.F16, 8, GgmlType.BF16, 8, GgmlType.Q8_0, 8).entrySet()) {
            int tokens = e.getValue();
            LlamaCpp llama = new LlamaCpp(export(folder, e.getKey()));
            prompts.forEach(prompt -> llama.greedy(prompt, tokens));
            List<double[]> answers = llama.answers();
            for (int i = 0; i < prompts.size(); i++) {
                assertArrayEquals(
                        Arrays.copyOf(expected.get(i), tokens), LlamaCpp.ids(answers.get(i)), e.getKey() + ", prompt " + i);
            }
        }
    }

    @Test
    void stories260KGoesOnAlike() throws Exception {
        Path folder = Shared.data("stories260K-hf");
        int[] expected;
        int[] prompt;
        try (Tokenizer tokenizer = Tokenizer.load(folder);
                Generator generator = new Generator(folder, Backend.CPU, 1, 128)) {
            prompt = tokenizer.encode("Once upon a time", true);
            expected = generator.generate(prompt, SamplingOptions.greedy(100), Set.of(), id -> true);
        }
        LlamaCpp llama = new LlamaCpp(export(folder, GgmlType.F32)).greedy(prompt, 100);
        assertArrayEquals(expected, LlamaCpp.ids(llama.answers().getFirst()));
    }

    /** SmolLM's vocabulary, cut in every way that has a name. */
    @TestFactory
    Stream<DynamicTest> idsOfEveryWayToCut() {
        return Stream.of("smollm", "gpt-2", "llama-bpe", "smaug-bpe", "tekken", "gpt-4o", "default")
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    PreTokenizer pre = Objects.requireNonNull(PreTokenizer.ofName(name));
                    Path folder = tiny("smollm", "llama", name, json -> {
                        json.put("pre_tokenizer", pre.toJson());
                        Json.asObject((Map<?, ?>) Objects.requireNonNull(json.get("model")))
                                .put("ignore_merges", pre.ignoreMerges());
                    });
                    assertSameIds(folder, texts("smollm"));
                }));
    }

    @Test
    void idsOfPhi3() throws Exception {
        assertSameIds(tiny("phi3-mini", "phi3", "phi3", json -> {}), texts("phi3-mini"));
    }

    @Test
    void idsOfStories260K() throws Exception {
        List<String> texts = new ArrayList<>();
        Map<?, ?> golden = (Map<?, ?>) Shared.json(Shared.data("stories260K-hf").resolve("golden.json"));
        ((List<?>) Objects.requireNonNull(golden.get("encode"))).forEach(c -> texts.add((String) ((Map<?, ?>) c).get("text")));
        assertSameIds(Shared.data("stories260K-hf"), texts);
    }

    /** A real tokenizer, changed, before random weights of 32 columns. */
    private Path tiny(
            String tokenizer, String type, String name, Consumer<Map<String, @Nullable Object>> change)
            throws IOException {
        Path source = Shared.data("tokenizers/" + tokenizer);
        Path folder = temporary.resolve(name);
        Map<String, @Nullable Object> json = Json.asObject((Map<?, ?>) Shared.json(source.resolve("tokenizer.json")));
        change.accept(json);
        int size;
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("tokenizer.json"), Json.write(json));
        Files.copy(source.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
        try (Tokenizer loaded = Tokenizer.load(folder)) {
            size = loaded.vocabularySize();
        }
        SavedModel.write(
                folder,
                TinyFolder.config(
                        type,
                        "\"vocab_size\": %d, \"hidden_size\": 32, \"num_hidden_layers\": 1, \"sliding_window\": null"
                                .formatted(size)),
                0.1,
                1);
        return folder;
    }

    private void assertSameIds(Path folder, List<String> texts) throws Exception {
        LlamaCpp llama = new LlamaCpp(export(folder, GgmlType.F16));
        texts.forEach(text -> llama.encode(text, false));
        texts.forEach(text -> llama.encode(text, true));
        List<double[]> answers = llama.answers();
        List<String> differing = new ArrayList<>();
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            for (int i = 0; i < texts.size(); i++) {
                for (boolean around : new boolean[] {false, true}) {
                    int[] expected = tokenizer.encode(texts.get(i), around);
                    int[] found = LlamaCpp.ids(answers.get(around ? texts.size() + i : i));
                    if (!Arrays.equals(expected, found)) {
                        differing.add("%s: %s instead of %s"
                                .formatted(Json.write(texts.get(i)), Arrays.toString(found), Arrays.toString(expected)));
                    }
                }
            }
        }
        assertEquals(List.of(), differing);
    }
}
