package io.github.jalign.text;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The special tokens that a tokenizer folder names, as transformers 5.23 reads them (tokenization_utils_base.py):
 * {@code special_tokens_map.json} counts only where {@code tokenizer_config.json} has no {@code added_tokens_decoder}.
 *
 * @param byName {@code bos_token}, {@code eos_token} and so on to the token's text; only those that are set
 * @param others those of {@code extra_special_tokens}, formerly {@code additional_special_tokens}, where that is a list;
 *     templates do not see them
 */
record SpecialTokens(Map<String, String> byName, Set<String> others) {
    private static final List<String> NAMES = List.of(
            "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    static SpecialTokens of(
            Path configFile,
            Map<String, @Nullable Object> config,
            Path legacyFile,
            Map<String, @Nullable Object> legacy) {
        Map<String, @Nullable Object> old = config.containsKey("added_tokens_decoder") ? Map.of() : legacy;
        Reader reader = new Reader();
        reader.ownNames(old);
        reader.ownNames(config);
        reader.standardNames(configFile, config);
        reader.extra(configFile, config);
        reader.standardNames(legacyFile, old);
        reader.extra(legacyFile, old);
        return new SpecialTokens(Map.copyOf(reader.byName), Set.copyOf(reader.others));
    }

    /** Every special token's text. */
    Set<String> all() {
        Set<String> all = new HashSet<>(others);
        all.addAll(byName.values());
        return all;
    }

    /** What is read later goes before. */
    private static final class Reader {
        private final Map<String, String> byName = new HashMap<>();
        private final Set<String> others = new HashSet<>();

        /** Names that only this model knows, such as {@code image_token}. Other values, as of add_bos_token, are no tokens. */
        void ownNames(Map<String, @Nullable Object> file) {
            file.forEach((name, value) -> {
                String token = token(value);
                if (token != null && name.endsWith("_token") && !NAMES.contains(name)) {
                    byName.put(name, token);
                }
            });
        }

        void standardNames(Path path, Map<String, @Nullable Object> file) {
            for (String name : NAMES) {
                if (file.get(name) != null) {
                    byName.put(name, requireToken(path + ": " + name, file.get(name)));
                } else if (file.containsKey(name)) {
                    byName.remove(name);
                }
            }
        }

        void extra(Path path, Map<String, @Nullable Object> file) {
            String key = isEmpty(file.get("extra_special_tokens")) ? "additional_special_tokens" : "extra_special_tokens";
            String where = path + ": " + key;
            switch (file.get(key)) {
                case null -> {}
                case Map<?, ?> named ->
                    Json.asObject(named)
                            .forEach((name, token) -> byName.put(name, requireToken(where + "." + name, token)));
                case List<?> list -> list.forEach(token -> others.add(requireToken(where, token)));
                case Object other ->
                    throw invalid(
                            where,
                            "extra special tokens must be a list, or an object of named ones",
                            Json.write(other),
                            "a list of tokens, or an object such as {\"image_token\": \"<image>\"}");
            }
        }

        private static boolean isEmpty(@Nullable Object value) {
            return value == null
                    || value instanceof Map<?, ?> map && map.isEmpty()
                    || value instanceof List<?> list && list.isEmpty();
        }

        /** A token is written as its text, or as an object that holds it. */
        private static @Nullable String token(@Nullable Object value) {
            return switch (value) {
                case String text -> text;
                case Map<?, ?> token when token.get("content") instanceof String content -> content;
                case null, default -> null;
            };
        }

        private static String requireToken(String where, @Nullable Object value) {
            String token = token(value);
            if (token == null) {
                throw invalid(
                        where,
                        "a special token must be text, or an object with a content",
                        Json.write(value),
                        "a token such as \"</s>\" or {\"content\": \"</s>\", …}");
            }
            return token;
        }

        private static JalignException invalid(String where, String rule, String found, String expected) {
            return new JalignException(
                    JalignException.Kind.INPUT,
                    where,
                    rule,
                    found,
                    expected,
                    "correct the file, or take it from the model's own folder again");
        }
    }
}
