package io.github.jalign.text;

import io.github.jalign.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The named special tokens of a tokenizer folder, as transformers 5.23 reads them (tokenization_utils_base.py):
 * {@code special_tokens_map.json} counts only where {@code tokenizer_config.json} has no {@code added_tokens_decoder}.
 *
 * @param byName {@code bos_token}, {@code eos_token} and so on to the token's text; only those that are set
 */
record SpecialTokens(Map<String, String> byName) {
    private static final List<String> NAMES = List.of(
            "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    static SpecialTokens of(Map<String, @Nullable Object> config, Map<String, @Nullable Object> legacyMap) {
        Map<String, String> byName = new LinkedHashMap<>();
        for (String name : NAMES) {
            put(byName, name, config.get(name));
            if (config.get("added_tokens_decoder") == null) {
                put(byName, name, legacyMap.get(name));
            }
        }
        // Names that only this model knows, such as image_token.
        if (config.get("extra_special_tokens") instanceof Map<?, ?> extra) {
            Json.asObject(extra).forEach((name, token) -> put(byName, name, token));
        }
        return new SpecialTokens(Map.copyOf(byName));
    }

    /** A token is written as its text, or as an object that holds it. */
    private static void put(Map<String, String> byName, String name, @Nullable Object value) {
        if (value instanceof String token) {
            byName.put(name, token);
        } else if (value instanceof Map<?, ?> token && token.get("content") instanceof String content) {
            byName.put(name, content);
        }
    }
}
