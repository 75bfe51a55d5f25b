package io.github.jalign.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.json.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What transformers 5.23 makes of a config.json, read off its models: head sizes, frequencies, attention maps. */
final class ModelConfigReaderTest {
    private static final String LLAMA3 =
            "\"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0";

    private static ModelConfig read(String modelType, String more) {
        return Configs.read(modelType, more);
    }

    private static List<Integer> windows(ModelConfig config) {
        return config.layers().stream().map(LayerSpec::window).toList();
    }

    private static List<Boolean> rotary(ModelConfig config) {
        return config.layers().stream().map(LayerSpec::rotary).toList();
    }

    /** Llama 3.2 1B as transformers 4 wrote it, to the last number. */
    @Test
    void aWholeFileOfTransformers4() {
        ModelConfig config = ModelConfigReader.read("config.json", Json.parseObject("config.json", """
                {"architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
                 "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "head_dim": 64,
                 "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 8192,
                 "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama",
                 "num_attention_heads": 32, "num_hidden_layers": 2, "num_key_value_heads": 8, "pretraining_tp": 1,
                 "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0,
                 "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"},
                 "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
                 "transformers_version": "4.45.0.dev0", "use_cache": true, "vocab_size": 128256}"""));
        LayerSpec layer = new LayerSpec(0, true);
        assertEquals(
                new ModelConfig(
                        Architecture.LLAMA, 128256, 2048, 8192, 32, 8, 64, 64, List.of(layer, layer), 1e-5, 500000,
                        new RopeScaling.Llama3(32, 1, 4, 8192), 131072, true, false, false, -1,
                        List.of(128001, 128008, 128009)),
                config);
    }

    /** The same in the words of transformers 5. */
    @Test
    void theTwoFormsOfAFileMeanTheSame() {
        String five = "\"dtype\": \"bfloat16\", \"rope_parameters\": {\"rope_type\": \"llama3\", \"rope_theta\": 300.0, "
                + LLAMA3 + ", \"original_max_position_embeddings\": 32}";
        for (String type : List.of("type", "rope_type")) {
            String four = "\"torch_dtype\": \"bfloat16\", \"rope_theta\": 300, \"rope_scaling\": {\"" + type
                    + "\": \"llama3\", " + LLAMA3 + ", \"original_max_position_embeddings\": 32}";
            assertEquals(read("llama", five), read("llama", four));
        }
        assertEquals(300, read("llama", five).ropeTheta());
    }

    @Test
    void absentKeysMeanWhatEachConfigurationClassSays() {
        record Absent(
                int keyValueHeads, int window, double theta, double eps, int positions, boolean tied, int pad, int eos) {}
        List<Absent> found = List.of("llama", "mistral", "smollm3", "phi3").stream()
                .map(type -> ModelConfigReader.read("config.json", Configs.sizes(type)))
                .map(c -> new Absent(
                        c.numKeyValueHeads(),
                        c.layers().getFirst().window(),
                        c.ropeTheta(),
                        c.rmsNormEps(),
                        c.maxPositionEmbeddings(),
                        c.tieWordEmbeddings(),
                        c.padTokenId(),
                        c.eosTokenIds().getFirst()))
                .toList();
        assertEquals(
                List.of(
                        new Absent(16, 0, 1e4, 1e-6, 2048, false, -1, 2),
                        new Absent(8, 4096, 1e4, 1e-6, 131072, false, -1, 2),
                        new Absent(4, 0, 2e6, 1e-6, 32768, true, 128004, 128001),
                        new Absent(16, 0, 1e4, 1e-5, 4096, false, 32000, 32000)),
                found);
    }

    @Test
    void nullIsNoneAndNotTheDefault() {
        ModelConfig config = read(
                "mistral",
                "\"sliding_window\": null, \"num_key_value_heads\": null, \"head_dim\": null, \"eos_token_id\": null,"
                        + " \"pad_token_id\": null, \"rope_scaling\": null");
        assertEquals(List.of(0, 0, 0, 0, 0), windows(config));
        assertEquals(16, config.numKeyValueHeads());
        assertEquals(4, config.headDim());
        assertEquals(List.of(), config.eosTokenIds());
        assertEquals(-1, config.padTokenId());
        assertEquals(-1, read("smollm3", "\"pad_token_id\": null").padTokenId());
    }

    @Test
    void aHeadMayBeWiderThanItsShare() {
        assertEquals(4, read("llama", "").headDim());
        ModelConfig wide = read("llama", "\"head_dim\": 6");
        assertEquals(List.of(6, 6, 96), List.of(wide.headDim(), wide.rotaryDim(), wide.queryWidth()));
    }

    @Test
    void scalingsOfRotaryFrequencies() {
        assertEquals(new RopeScaling.Unscaled(), read("llama", "\"rope_scaling\": {}").ropeScaling());
        assertEquals(
                new RopeScaling.Linear(2), read("llama", "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}").ropeScaling());
        assertEquals(
                new RopeScaling.Unscaled(),
                read("llama", "\"rope_scaling\": {\"type\": \"linear\", \"rope_type\": \"default\", \"factor\": 2}")
                        .ropeScaling());
    }

    /** 2π/f below length/high stays, above length/low is divided, between is mixed: 0.576056 as transformers prints it. */
    @Test
    void theOriginalLengthOfLlama3ScalingStandsInThreePlaces() {
        String scaling = "\"max_position_embeddings\": 64, \"rope_scaling\": {\"rope_type\": \"llama3\", " + LLAMA3;
        ModelConfig model = read("llama", scaling + "}");
        assertEquals(new RopeScaling.Llama3(8, 1, 4, 64), model.ropeScaling());
        assertEquals(1, model.ropeScaling().scale(0, 1, false));
        assertEquals(0.01 / 8, model.ropeScaling().scale(0, 0.01, false));
        String inside = scaling + ", \"original_max_position_embeddings\": 32}";
        assertEquals(new RopeScaling.Llama3(8, 1, 4, 32), read("llama", inside).ropeScaling());
        RopeScaling outside = read("llama", inside + ", \"original_max_position_embeddings\": 16").ropeScaling();
        assertEquals(new RopeScaling.Llama3(8, 1, 4, 16), outside);
        assertEquals(0.576056, outside.scale(0, 1, false), 5e-7);
    }

    @Test
    void rotaryNumbersInBothFormsAreReadAsTransformers5ReadsThem() {
        String five = "\"rope_parameters\": {\"rope_theta\": 500.0, \"rope_type\": \"default\"}";
        ModelConfig both =
                read("llama", "\"rope_theta\": 100, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}, " + five);
        assertEquals(new RopeScaling.Linear(2), both.ropeScaling());
        assertEquals(100, both.ropeTheta());
        ModelConfig empty = read("llama", "\"rope_theta\": 100, \"rope_scaling\": {}, " + five);
        assertEquals(500, empty.ropeTheta());
        assertEquals(100, read("llama", "\"rope_theta\": 100, \"rope_parameters\": {\"rope_type\": \"default\"}").ropeTheta());
    }

    @Test
    void onlyPhi3TurnsAPartOfAHead() {
        assertEquals(2, read("phi3", "\"partial_rotary_factor\": 0.5").rotaryDim());
        assertEquals(
                2,
                read("phi3", "\"rope_parameters\": {\"partial_rotary_factor\": 0.5}, \"partial_rotary_factor\": 1.0")
                        .rotaryDim());
        assertEquals(4, read("llama", "\"partial_rotary_factor\": 0.5").rotaryDim());
        assertEquals(4, read("mistral", "\"rope_parameters\": {\"partial_rotary_factor\": 0.5}").rotaryDim());
    }

    @Test
    void onlyLlamaAndSmolLm3HaveBiases() {
        for (Architecture architecture : Architecture.values()) {
            ModelConfig config = read(architecture.modelType(), "\"attention_bias\": true, \"mlp_bias\": true");
            boolean biases = architecture == Architecture.LLAMA || architecture == Architecture.SMOLLM3;
            assertEquals(List.of(biases, biases), List.of(config.attentionBias(), config.mlpBias()), architecture.name());
        }
    }

    @Test
    void windowsOfMistralAndPhi3() {
        assertEquals(List.of(3, 3, 3, 3, 3), windows(read("mistral", "\"sliding_window\": 3")));
        assertEquals(List.of(3, 3, 3, 3, 3), windows(read("phi3", "\"sliding_window\": 3")));
        String types = "\"sliding_window\": 3, \"layer_types\": [\"full_attention\", \"sliding_attention\","
                + " \"sliding_attention\", \"full_attention\", \"sliding_attention\"]";
        assertEquals(List.of(0, 3, 3, 0, 3), windows(read("mistral", types)));
        assertEquals(List.of(3, 3, 3, 3, 3), windows(read("phi3", types)));
        assertEquals(List.of(0, 0, 0, 0, 0), windows(read("llama", types)));
    }

    @Test
    void smolLm3LeavesEveryFourthLayerUnturned() {
        assertEquals(List.of(true, true, true, false, true), rotary(read("smollm3", "")));
        assertEquals(List.of(true, false, true, false, true), rotary(read("smollm3", "\"no_rope_layer_interval\": 2")));
        assertEquals(List.of(false, false, false, false, false), rotary(read("smollm3", "\"no_rope_layer_interval\": 1")));
        assertEquals(
                List.of(false, true, true, false, true),
                rotary(read("smollm3", "\"no_rope_layers\": [0, 1, 1, 0, 1, 0, 0], \"no_rope_layer_interval\": 2")));
        assertEquals(List.of(true, true, true, true, true), rotary(read("llama", "\"no_rope_layers\": [0, 0, 0, 0, 0]")));
    }

    @Test
    void windowsOfSmolLm3() {
        String nope = "\"no_rope_layers\": [0, 1, 1, 0, 1]";
        String window = ", \"sliding_window\": 3";
        String use = ", \"use_sliding_window\": true";
        String types = ", \"layer_types\": [\"full_attention\", \"sliding_attention\", \"full_attention\","
                + " \"full_attention\", \"sliding_attention\"]";
        assertEquals(List.of(3, 0, 0, 3, 0), windows(read("smollm3", nope + window + use)));
        assertEquals(List.of(0, 0, 0, 0, 0), windows(read("smollm3", nope + window)));
        assertEquals(List.of(0, 0, 0, 0, 0), windows(read("smollm3", nope + use)));
        assertEquals(List.of(0, 3, 0, 0, 3), windows(read("smollm3", nope + window + use + types)));
        assertEquals(List.of(0, 3, 0, 0, 3), windows(read("smollm3", nope + window + types)));
    }

    @ParameterizedTest
    @CsvSource({"5, 5", "0, 0", "-1, 49", "null, -1"})
    void aNegativePaddingTokenCountsFromTheEnd(String written, int id) {
        assertEquals(id, read("llama", "\"pad_token_id\": " + written).padTokenId());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[3, 4]", "[3]", "3"})
    void stopTokensAreOneIdOrAList(String written) {
        List<Integer> expected = written.length() > 3 ? List.of(3, 4) : List.of(3);
        assertEquals(expected, read("llama", "\"eos_token_id\": " + written).eosTokenIds());
    }

    /** 50·64 embeddings, twice; a layer 64·(64 + 2·8 + 64) + 3·64·12 + 2·64; the last norm. Biases: 80 + 64 + 24 + 64. */
    @Test
    void parametersAreCounted() {
        String grouped = "\"num_key_value_heads\": 2";
        int layer = 64 * (64 + 2 * 8 + 64) + 3 * 64 * 12 + 2 * 64;
        assertEquals(2 * 50 * 64 + 5 * layer + 64, read("llama", grouped).parameterCount());
        assertEquals(50 * 64 + 5 * layer + 64, read("smollm3", grouped).parameterCount());
        String biases = ", \"attention_bias\": true, \"mlp_bias\": true";
        assertEquals(
                2 * 50 * 64 + 5 * (layer + 80 + 64 + 24 + 64) + 64, read("llama", grouped + biases).parameterCount());
    }
}
