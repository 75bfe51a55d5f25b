package io.github.jalign.model;

import io.github.jalign.MessageCase;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What jalign says about a model that it cannot use. */
public final class ModelMessages {
    private static final Path FOLDER = Path.of("target", "model-messages");

    private ModelMessages() {}

    public static List<MessageCase> cases() {
        return List.of(
                config("an unknown architecture", Configs.sizes("gpt2"), """
                        config.json: model_type: the architecture must be one that jalign knows
                          found     "gpt2"
                          expected  llama, mistral, smollm3 or phi3
                          do        use a model of the Llama family; other architectures need their own layers"""),
                config("no architecture", Map.of(), """
                        config.json: model_type: the architecture must be one that jalign knows
                          found     no model_type
                          expected  llama, mistral, smollm3 or phi3
                          do        use a model of the Llama family; other architectures need their own layers"""),
                config("another activation", "llama", "\"hidden_act\": \"gelu\"", """
                        config.json: hidden_act: only SwiGLU layers are supported
                          found     gelu
                          expected  silu
                          do        use another model"""),
                config("a size that is not there", Configs.without("llama", "intermediate_size"), """
                        config.json: intermediate_size: the model needs this size
                          found     nothing
                          expected  a whole number of at least 1
                          do        correct config.json, or download the model again"""),
                config("a size with a fraction", "llama", "\"vocab_size\": 50.5", """
                        config.json: vocab_size: the model needs this size
                          found     50.5
                          expected  a whole number of at least 1
                          do        correct config.json, or download the model again"""),
                config("no layers", "llama", "\"num_hidden_layers\": 0", """
                        config.json: num_hidden_layers: the model needs this size
                          found     0
                          expected  a whole number of at least 1
                          do        correct config.json, or download the model again"""),
                config("key/value heads that do not divide", "llama", "\"num_key_value_heads\": 3", """
                        config.json: num_key_value_heads: key/value heads must divide the query heads
                          found     3 for 16 query heads
                          expected  a divisor of 16
                          do        correct config.json"""),
                config("heads that do not divide the width", "llama", "\"hidden_size\": 60", """
                        config.json: head_dim: without head_dim, the heads must divide hidden_size
                          found     hidden_size 60, num_attention_heads 16
                          expected  a multiple, or head_dim
                          do        correct config.json"""),
                config("a third of a head", "phi3", "\"partial_rotary_factor\": 0.3", """
                        config.json: partial_rotary_factor: the turned part of a head must be even and at most head_dim
                          found     0.3 of 4 columns
                          expected  an even number of columns
                          do        correct config.json"""),
                config(
                        "a scaled part of a head",
                        "llama",
                        "\"partial_rotary_factor\": 0.5, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0}",
                        """
                        config.json: partial_rotary_factor: only phi3 turns a part of a head
                          found     0.5 of 4 columns
                          expected  all of them, an even number
                          do        correct config.json"""),
                config("an unknown scaling", "llama", "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}", """
                        config.json: rope_type: the rotary scaling must be one that jalign knows
                          found     "dynamic"
                          expected  default, linear, llama3, yarn, longrope
                          do        use a model with one of them"""),
                config("a scaling that phi3 has not", "phi3", "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0}", """
                        config.json: rope_type: the rotary scaling must be one that jalign knows
                          found     "linear"
                          expected  default, longrope, for phi3
                          do        use a model with one of them"""),
                config("too few divisors", "phi3", "\"rope_scaling\": {\"type\": \"su\", \"short_factor\": [1.0]}", """
                        config.json: short_factor: longrope divides every frequency by a number of its own
                          found     [1.0]
                          expected  a list of 2 numbers above 0
                          do        correct config.json"""),
                config("a scaling without its factor", "llama", "\"rope_scaling\": {\"rope_type\": \"linear\"}", """
                        config.json: factor: this rotary scaling needs it
                          found     nothing
                          expected  a number
                          do        correct config.json"""),
                config("a scaling in a word", "llama", "\"rope_scaling\": \"linear\"", """
                        config.json: rope_scaling: rotary positions are described once for all layers
                          found     "linear"
                          expected  an object with rope_type and numbers
                          do        correct config.json"""),
                config("rotary numbers by kind of layer", "llama", "\"rope_parameters\": {\"full_attention\": {}}", """
                        config.json: rope_parameters: rotary positions are described once for all layers
                          found     {"full_attention":{}}
                          expected  an object with rope_type and numbers
                          do        correct config.json"""),
                config("a base in words", "llama", "\"rope_theta\": \"10000\"", """
                        config.json: rope_theta: this key holds a number
                          found     "10000"
                          expected  a number
                          do        correct config.json"""),
                config("norms without epsilon", "llama", "\"rms_norm_eps\": null", """
                        config.json: rms_norm_eps: the norms need it
                          found     nothing
                          expected  a number
                          do        correct config.json"""),
                config("a flag in words", "llama", "\"tie_word_embeddings\": \"yes\"", """
                        config.json: tie_word_embeddings: this key is a flag
                          found     "yes"
                          expected  true or false
                          do        correct config.json"""),
                config("too few layer types", "mistral", "\"layer_types\": [\"full_attention\"]", """
                        config.json: layer_types: there must be one entry a layer
                          found     1 entries
                          expected  5
                          do        correct config.json"""),
                config("layer types in a word", "smollm3", "\"layer_types\": \"full_attention\"", """
                        config.json: layer_types: this key holds a list
                          found     "full_attention"
                          expected  one entry a layer
                          do        correct config.json"""),
                config("an attention that is not there", "smollm3", types("chunked_attention"), """
                        config.json: layer_types: a layer's attention must be one that jalign knows
                          found     "chunked_attention" without a sliding_window
                          expected  full_attention, or sliding_attention and a sliding_window
                          do        correct config.json, or use another model"""),
                config("a window of no width", "smollm3", types("sliding_attention"), """
                        config.json: layer_types: a layer's attention must be one that jalign knows
                          found     "sliding_attention" without a sliding_window
                          expected  full_attention, or sliding_attention and a sliding_window
                          do        correct config.json, or use another model"""),
                config("no interval", "smollm3", "\"no_rope_layer_interval\": 0", """
                        config.json: no_rope_layer_interval: the model needs this size
                          found     0
                          expected  a whole number of at least 1
                          do        correct config.json, or download the model again"""),
                config("a stop token in words", "llama", "\"eos_token_id\": [2, \"</s>\"]", """
                        config.json: eos_token_id: this key holds token ids
                          found     "</s>"
                          expected  a whole number of at least 0
                          do        correct config.json"""),
                weights("a model with a layer less", "\"num_hidden_layers\": 1", """
                        FOLDER: the tensors must be those of the configuration
                          found     none missing; 9 unexpected, such as model.layers.1.input_layernorm.weight
                          expected  12 tensors of a llama model with 1 layers
                          do        check that config.json and the weights belong together"""),
                weights("a model with biases", "\"num_hidden_layers\": 1, \"mlp_bias\": true", """
                        FOLDER: the tensors must be those of the configuration
                          found     3 missing, such as model.layers.0.mlp.down_proj.bias; 9 unexpected, such as model.layers.1.input_layernorm.weight
                          expected  15 tensors of a llama model with 1 layers
                          do        check that config.json and the weights belong together"""),
                weights("a model with a layer more", "\"num_hidden_layers\": 3", """
                        FOLDER: the tensors must be those of the configuration
                          found     9 missing, such as model.layers.2.input_layernorm.weight; none unexpected
                          expected  30 tensors of a llama model with 3 layers
                          do        check that config.json and the weights belong together"""),
                weights("a wider model", "\"num_hidden_layers\": 2, \"intermediate_size\": 13", """
                        FOLDER: model.layers.0.mlp.gate_proj.weight: a tensor's shape must follow from the configuration
                          found     [12, 64]
                          expected  [13, 64]
                          do        check that config.json and the weights belong together"""));
    }

    private static String types(String last) {
        return "\"layer_types\": [\"full_attention\", \"full_attention\", \"full_attention\", \"full_attention\", \""
                + last + "\"]";
    }

    private static MessageCase config(String name, String modelType, String more, String message) {
        return config(name, Configs.of(modelType, more), message);
    }

    private static MessageCase config(String name, Map<String, @Nullable Object> config, String message) {
        return new MessageCase(
                name, () -> ModelConfigReader.read("config.json", config), JalignException.Kind.INPUT, message);
    }

    /** Loads a llama of two layers as something else. */
    private static MessageCase weights(String name, String more, String message) {
        Path folder = FOLDER.resolve("two-layers");
        return new MessageCase(
                name,
                () -> {
                    SavedModel.write(folder, Configs.of("llama", "\"num_hidden_layers\": 2"), 0.1, 1);
                    load(folder, Configs.read("llama", more));
                },
                JalignException.Kind.INPUT,
                message.replace("FOLDER", folder.toString()));
    }

    private static void load(Path folder, ModelConfig config) {
        try (Ops ops = Backend.REFERENCE.open(1);
                ModelFolder files = ModelFolder.open(folder)) {
            Parameters parameters =
                    new Parameters(config, ops.allocate("weights", Parameters.specs(config, ops.accumulationDtype())));
            ModelFiles.load(files, config, parameters, ops);
        }
    }
}
