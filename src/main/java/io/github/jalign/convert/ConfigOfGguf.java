package io.github.jalign.convert;

import io.github.jalign.checkpoint.Gguf;
import io.github.jalign.checkpoint.GgufKeys;
import io.github.jalign.convert.Vocabulary.SpecialIds;
import io.github.jalign.json.Json;
import io.github.jalign.model.Architecture;
import io.github.jalign.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The keys of a GGUF file as {@code config.json} and {@code generation_config.json}. */
final class ConfigOfGguf {
    private static final String ARCHITECTURE = "general.architecture";

    /** Layers without rotary positions in SmolLM3: every fourth; llama.cpp knows no other interval. */
    private static final int NO_ROPE_INTERVAL = 4;

    private ConfigOfGguf() {}

    static GgufArchitecture architecture(Gguf gguf) {
        GgufKeys keys = gguf.keys();
        String name = keys.text(ARCHITECTURE);
        GgufArchitecture architecture = name == null ? null : GgufArchitecture.of(name);
        if (architecture == null) {
            throw Refusal.of(
                    name == null ? gguf.where() : keys.where(ARCHITECTURE),
                    "the architecture must be one that jalign knows",
                    name == null ? "no " + ARCHITECTURE : Json.write(name),
                    "llama, smollm3 or phi3",
                    "use a model of the Llama family");
        }
        Long parts = keys.whole("split.count");
        if (parts != null && parts > 1) {
            throw Refusal.of(
                    gguf.where(),
                    "the model must be in one file",
                    "one of " + parts + " parts",
                    "a file with all tensors",
                    "merge the parts first: llama-gguf-split --merge FIRST OUT");
        }
        return architecture;
    }

    /** config.json, in the order and with the names of transformers. */
    static Map<String, @Nullable Object> config(
            Gguf gguf, GgufArchitecture architecture, SpecialIds special, DType dtype) {
        ArchitectureKeys keys = new ArchitectureKeys(gguf.where(), gguf.keys(), architecture);
        int hidden = keys.requiredSize("embedding_length");
        int heads = keys.requiredSize("attention.head_count");
        Integer keyLength = keys.size("attention.key_length");
        Integer valueLength = keys.size("attention.value_length");
        int headDim = keyLength != null ? keyLength : hidden / heads;
        boolean sameLength = valueLength == null || valueLength == headDim;
        requirePlain(gguf, "attention.value_length", sameLength, valueLength, headDim);
        Integer rotary = keys.size("rope.dimension_count");
        int rotaryDim = rotary == null ? headDim : rotary;
        boolean partial = architecture == GgufArchitecture.PHI3;
        requirePlain(gguf, "rope.dimension_count", partial || rotaryDim == headDim, rotaryDim, headDim);
        for (String none : List.of("expert_count", "expert_used_count")) {
            Integer count = keys.size(none);
            requirePlain(gguf, none, count == null || count == 0, count, 0);
        }
        Integer window = keys.size("attention.sliding_window");
        boolean windowed = window != null && window > 0;
        Architecture name = switch (architecture) {
            case LLAMA -> windowed ? Architecture.MISTRAL : Architecture.LLAMA;
            case SMOLLM3 -> Architecture.SMOLLM3;
            case PHI3 -> Architecture.PHI3;
        };
        requirePlain(gguf, "attention.sliding_window", name != Architecture.SMOLLM3 || !windowed, window, 0);
        int maxPositions = keys.requiredSize("context_length");
        Double base = keys.number("rope.freq_base");
        double theta = base == null ? 10_000 : base;
        Integer keyValueHeads = keys.size("attention.head_count_kv");
        Integer rows = keys.size("vocab_size");
        long vocabulary = gguf.entry("token_embd.weight").shape().getFirst();
        boolean sameRows = rows == null || rows == vocabulary;
        requireAgreement(gguf, "vocab_size", sameRows, rows, vocabulary + " rows of token_embd.weight");
        int layers = keys.requiredSize("block_count");
        requireAgreement(gguf, "block_count", layers < gguf.tensors().size(), layers, "fewer layers than tensors");

        Map<String, @Nullable Object> config = new LinkedHashMap<>();
        config.put("architectures", List.of(name.className()));
        config.put("model_type", name.modelType());
        if (name == Architecture.LLAMA || name == Architecture.SMOLLM3) {
            config.put("attention_bias", gguf.tensors().containsKey("blk.0.attn_q.bias"));
            config.put("mlp_bias", gguf.tensors().containsKey("blk.0.ffn_gate.bias"));
        }
        config.put("attention_dropout", 0.0);
        putIds(config, special);
        config.put("hidden_act", "silu");
        config.put("hidden_size", hidden);
        if (keyLength != null) {
            config.put("head_dim", headDim);
        }
        config.put("intermediate_size", keys.requiredSize("feed_forward_length"));
        config.put("max_position_embeddings", maxPositions);
        config.put("num_attention_heads", heads);
        config.put("num_hidden_layers", layers);
        config.put("num_key_value_heads", keyValueHeads == null ? heads : keyValueHeads);
        config.put("rms_norm_eps", keys.requiredNumber("attention.layer_norm_rms_epsilon"));
        Map<String, @Nullable Object> rope = RotaryKeys.read(gguf, keys, rotaryDim, theta, maxPositions);
        if (partial) {
            // transformers' Phi-3 looks for the original length here, whatever the scaling
            String original = "original_max_position_embeddings";
            config.put(original, rope == null ? maxPositions : rope.remove(original));
            config.put("partial_rotary_factor", (double) rotaryDim / headDim);
        }
        config.put("rope_scaling", rope);
        config.put("rope_theta", theta);
        if (name == Architecture.MISTRAL || name == Architecture.PHI3) {
            config.put("sliding_window", windowed ? window : null);
        }
        if (name == Architecture.SMOLLM3) {
            List<Integer> rotates = new ArrayList<>();
            for (int i = 0; i < layers; i++) {
                rotates.add((i + 1) % NO_ROPE_INTERVAL == 0 ? 0 : 1);
            }
            config.put("layer_types", Collections.nCopies(layers, "full_attention"));
            config.put("no_rope_layer_interval", NO_ROPE_INTERVAL);
            config.put("no_rope_layers", rotates);
            config.put("use_sliding_window", false);
        }
        config.put("tie_word_embeddings", !gguf.tensors().containsKey("output.weight"));
        config.put("torch_dtype", dtype.torchName());
        config.put("use_cache", true);
        config.put("vocab_size", vocabulary);
        keys.requireAllAsked();
        return config;
    }

    static Map<String, @Nullable Object> generationConfig(SpecialIds special) {
        Map<String, @Nullable Object> config = new LinkedHashMap<>();
        config.put("_from_model_config", true);
        putIds(config, special);
        return config;
    }

    private static void putIds(Map<String, @Nullable Object> config, SpecialIds special) {
        config.put("bos_token_id", special.bos());
        Integer eot = special.eot();
        Integer eos = special.eos();
        config.put("eos_token_id", eos != null && eot != null && !eot.equals(eos) ? List.of(eos, eot) : eos);
        config.put("pad_token_id", special.padding());
    }

    private static void requirePlain(
            Gguf gguf, String key, boolean plain, @Nullable Object found, @Nullable Object expected) {
        if (!plain) {
            throw Refusal.of(
                    gguf.keys().where(gguf.keys().text(ARCHITECTURE) + "." + key),
                    "the model must be a plain one of the Llama family",
                    String.valueOf(found),
                    String.valueOf(expected),
                    "use the model's own Hugging Face folder");
        }
    }

    private static void requireAgreement(
            Gguf gguf, String key, boolean agrees, @Nullable Object found, Object expected) {
        if (!agrees) {
            throw Refusal.of(
                    gguf.keys().where(gguf.keys().text(ARCHITECTURE) + "." + key),
                    "the key must agree with the tensors",
                    String.valueOf(found),
                    expected.toString(),
                    "convert the original model to GGUF again");
        }
    }
}
