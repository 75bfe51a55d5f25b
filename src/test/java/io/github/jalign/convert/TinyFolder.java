package io.github.jalign.convert;

import io.github.jalign.convert.Vocabulary.SpecialIds;
import io.github.jalign.convert.Vocabulary.TokenType;
import io.github.jalign.json.Json;
import io.github.jalign.model.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Model folders small enough for every build: random float32 weights, a tokenizer of bytes and a few merges. */
public final class TinyFolder {
    /** Ids 0 to 2; then come 256 bytes, then what the merges make, then two that no text gives. */
    static final List<String> CONTROL = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");

    static final List<String> MERGES = List.of("t h", "th e", "Ġ the", "i n", "Ġ a", "1 2");
    static final int VOCABULARY = CONTROL.size() + 256 + MERGES.size() + 2;

    static final String TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";

    private TinyFolder() {}

    /** One of each kind of model that has a name in llama.cpp; by a name of what is special. */
    static Map<String, Map<String, @Nullable Object>> configs() {
        Map<String, Map<String, @Nullable Object>> all = new LinkedHashMap<>();
        all.put("llama, grouped queries, tied", config("llama", "\"num_key_value_heads\": 2, \"tie_word_embeddings\": true"));
        all.put("llama, untied, biases", config("llama", "\"attention_bias\": true, \"mlp_bias\": true"));
        all.put("llama, wide heads", config("llama", "\"head_dim\": 24, \"num_key_value_heads\": 1"));
        all.put("llama, linear scaling", config("llama", """
                "rope_scaling": {"type": "linear", "factor": 2.5}"""));
        all.put("llama, llama3 scaling", config("llama", """
                "rope_theta": 500000, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 32}"""));
        all.put("llama, yarn without betas", yarn(""));
        all.put("llama, yarn with betas of zero", yarn(", \"beta_fast\": 0, \"beta_slow\": 0"));
        all.put("mistral", config("mistral", "\"sliding_window\": null, \"num_key_value_heads\": 2"));
        all.put("smollm3", config("smollm3", "\"num_hidden_layers\": 5, \"num_key_value_heads\": 2, \"rope_theta\": 5e6"));
        all.put("phi3", config("phi3", "\"sliding_window\": null"));
        all.put("phi3, partly rotated", config("phi3", "\"sliding_window\": null, \"partial_rotary_factor\": 0.75"));
        for (String name : List.of("su", "yarn", "longrope")) {
            all.put("phi3, " + name, longrope(name));
        }
        return all;
    }

    /** @param more inside the scaling */
    static Map<String, @Nullable Object> yarn(String more) {
        return config("llama", """
                "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32%s}"""
                .formatted(more));
    }

    /** @param name one of the three that Phi-3's scaling has had */
    static Map<String, @Nullable Object> longrope(String name) {
        return config("phi3", """
                "sliding_window": null, "original_max_position_embeddings": 32, "rope_scaling": {"type": "%s",
                "long_factor": [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
                "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]}""".formatted(name));
    }

    /** @param more an object's inside, which overrides */
    public static Map<String, @Nullable Object> config(String type, String more) {
        Map<String, @Nullable Object> config = Json.parseObject("config", """
                {"model_type": "%s", "vocab_size": %d, "hidden_size": 64, "intermediate_size": 96,
                 "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 128,
                 "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}"""
                .formatted(type, VOCABULARY));
        config.putAll(Json.parseObject("more", "{" + more + "}"));
        return config;
    }

    /** A byte-level vocabulary, cut as SmolLM cuts. */
    static Vocabulary vocabulary() {
        List<String> tokens = new ArrayList<>(CONTROL);
        List<TokenType> types = new ArrayList<>(Collections.nCopies(CONTROL.size(), TokenType.CONTROL));
        int beyond = 256; // GPT-2's byte alphabet: bytes that do not print stand beyond Latin-1, in order
        for (int b = 0; b < 256; b++) {
            boolean prints = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            tokens.add(String.valueOf((char) (prints ? b : beyond++)));
        }
        MERGES.forEach(merge -> tokens.add(merge.replace(" ", "")));
        types.addAll(Collections.nCopies(tokens.size() - types.size(), TokenType.NORMAL));
        while (tokens.size() < VOCABULARY) {
            tokens.add("[PAD" + tokens.size() + "]");
            types.add(TokenType.UNUSED);
        }
        return new Vocabulary(
                Objects.requireNonNull(PreTokenizer.ofName("smollm")),
                tokens,
                types,
                MERGES,
                List.of(),
                false,
                false,
                false,
                new SpecialIds(1, 2, null, null, 0),
                TEMPLATE);
    }

    public static Path write(Path folder, Map<String, @Nullable Object> config) throws IOException {
        SavedModel.write(folder, config, 0.1, 7);
        TokenizerFiles files = new TokenizerFiles(vocabulary(), GgufArchitecture.LLAMA);
        Files.writeString(folder.resolve("tokenizer.json"), files.tokenizer());
        Files.writeString(folder.resolve("tokenizer_config.json"), files.configuration(128));
        return folder;
    }
}
