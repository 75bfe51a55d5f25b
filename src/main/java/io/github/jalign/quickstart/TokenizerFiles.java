package io.github.jalign.quickstart;

import io.github.jalign.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A byte-level tokenizer in Hugging Face's files. Control tokens have the first ids, then come the bytes, then merges in
 * their order.
 */
final class TokenizerFiles {
    static final String PAD = "<|endoftext|>";
    static final String TURN_START = "<|im_start|>";
    static final String TURN_END = "<|im_end|>";

    /** Their ids are their places. */
    static final List<String> CONTROL = List.of(PAD, TURN_START, TURN_END);

    /** ChatML. */
    private static final String CHAT_TEMPLATE =
            """
            {%- for message in messages -%}
            {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}
            {%- endfor -%}
            {%- if add_generation_prompt -%}
            {{- '<|im_start|>assistant\\n' -}}
            {%- endif -%}
            """;

    private TokenizerFiles() {}

    /** The text of tokenizer.json. */
    static String tokenizer(BytePairs pairs) {
        Map<String, @Nullable Object> root = new LinkedHashMap<>();
        root.put("version", "1.0");
        root.put("truncation", null);
        root.put("padding", null);
        List<Object> added = new ArrayList<>();
        for (int id = 0; id < CONTROL.size(); id++) {
            Map<String, Object> token = new LinkedHashMap<>();
            token.put("id", id);
            token.putAll(controlToken(CONTROL.get(id)));
            added.add(token);
        }
        root.put("added_tokens", added);
        root.put("normalizer", null);
        root.put("pre_tokenizer", byteLevel());
        root.put("post_processor", null);
        root.put("decoder", byteLevel());
        root.put("model", model(pairs));
        return Json.writePretty(root, 1);
    }

    private static Map<String, @Nullable Object> model(BytePairs pairs) {
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("dropout", null);
        model.put("unk_token", null);
        model.put("continuing_subword_prefix", null);
        model.put("end_of_word_suffix", null);
        model.put("fuse_unk", false);
        model.put("byte_fallback", false);
        model.put("ignore_merges", false);
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        CONTROL.forEach(token -> vocabulary.put(token, vocabulary.size()));
        pairs.symbols().forEach(symbol -> vocabulary.put(symbol, vocabulary.size()));
        model.put("vocab", vocabulary);
        model.put(
                "merges",
                pairs.merges().stream().map(m -> m.left() + " " + m.right()).toList());
        return model;
    }

    private static Map<String, Object> byteLevel() {
        Map<String, Object> byteLevel = new LinkedHashMap<>();
        byteLevel.put("type", "ByteLevel");
        byteLevel.put("add_prefix_space", false);
        byteLevel.put("trim_offsets", true);
        byteLevel.put("use_regex", true);
        return byteLevel;
    }

    private static Map<String, Object> controlToken(String content) {
        Map<String, Object> token = new LinkedHashMap<>();
        token.put("content", content);
        token.put("single_word", false);
        token.put("lstrip", false);
        token.put("rstrip", false);
        token.put("normalized", false);
        token.put("special", true);
        return token;
    }

    /** The text of tokenizer_config.json. */
    static String configuration(int maxLength) {
        Map<String, @Nullable Object> config = new LinkedHashMap<>();
        Map<String, Object> added = new LinkedHashMap<>();
        for (int id = 0; id < CONTROL.size(); id++) {
            added.put(String.valueOf(id), controlToken(CONTROL.get(id)));
        }
        config.put("added_tokens_decoder", added);
        config.put("bos_token", null);
        config.put("eos_token", TURN_END);
        config.put("pad_token", PAD);
        config.put("unk_token", null);
        config.put("chat_template", CHAT_TEMPLATE);
        config.put("clean_up_tokenization_spaces", false);
        config.put("model_max_length", maxLength);
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        return Json.writePretty(config, 2);
    }
}
