package io.github.jalign.text;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What jalign itself reads in a tokenizer.json: the vocabulary and the tokens added to it. The rest is the library's.
 *
 * @param ids every token's id
 * @param added the added tokens in file order
 * @param normalizes whether the file names a normaliser
 */
record TokenizerFile(Map<String, Integer> ids, List<AddedToken> added, boolean normalizes) {

    /**
     * A token that is looked for in the text before the model sees it.
     *
     * @param special a control token, as opposed to one more word
     * @param normalized looked for in the normalised text
     */
    record AddedToken(int id, String content, boolean special, boolean normalized) {}

    static TokenizerFile parse(String where, byte[] json) {
        Map<String, @Nullable Object> root = root(where, json);
        Map<String, Integer> ids = new HashMap<>();
        Object vocab = model(where, root).get("vocab");
        switch (vocab) {
            case Map<?, ?> vocabulary -> vocabulary.forEach((token, id) -> {
                ids.put(String.valueOf(token), id(where, id));
            });
            case List<?> pieces -> { // Unigram: the id is the place in the list
                for (int i = 0; i < pieces.size(); i++) {
                    if (pieces.get(i) instanceof List<?> piece
                            && !piece.isEmpty()
                            && piece.getFirst() instanceof String token) {
                        ids.put(token, i);
                    }
                }
            }
            case null, default ->
                throw invalid(where, "model.vocab must be an object or a list", Json.kind(vocab));
        }
        List<AddedToken> added = new ArrayList<>();
        for (Object entry : root.get("added_tokens") instanceof List<?> list ? list : List.of()) {
            if (entry instanceof Map<?, ?> token
                    && token.get("id") != null
                    && token.get("content") instanceof String content) {
                int id = id(where, token.get("id"));
                added.add(new AddedToken(
                        id,
                        content,
                        Boolean.TRUE.equals(token.get("special")),
                        Boolean.TRUE.equals(token.get("normalized"))));
                ids.put(content, id);
            } else {
                throw invalid(where, "an added token must have an id and a content", Json.write(entry));
            }
        }
        return new TokenizerFile(Map.copyOf(ids), List.copyOf(added), root.get("normalizer") != null);
    }

    /**
     * The same tokenizer with some tokens under other names, in the vocabulary and among the added tokens: their own
     * strings are then plain text to it. The post-processor, which may know tokens by name, is left out.
     *
     * @param names old name to new name
     */
    static byte[] rename(String where, byte[] json, Map<String, String> names) {
        Map<String, @Nullable Object> root = root(where, json);
        root.put("post_processor", null);
        Map<String, @Nullable Object> model = model(where, root);
        if (model.get("unk_token") instanceof String unknown) {
            model.put("unk_token", names.getOrDefault(unknown, unknown));
        }
        switch (model.get("vocab")) {
            case Map<?, ?> vocabulary -> {
                Map<String, @Nullable Object> renamed = new LinkedHashMap<>();
                Json.asObject(vocabulary).forEach((token, id) -> renamed.put(names.getOrDefault(token, token), id));
                model.put("vocab", renamed);
            }
            case List<?> pieces -> {
                List<@Nullable Object> renamed = new ArrayList<>();
                for (Object piece : pieces) {
                    if (piece instanceof List<?> pair && pair.getFirst() instanceof String token) {
                        List<@Nullable Object> copy = new ArrayList<>(pair);
                        copy.set(0, names.getOrDefault(token, token));
                        renamed.add(copy);
                    } else {
                        renamed.add(piece);
                    }
                }
                model.put("vocab", renamed);
            }
            case null, default -> throw invalid(where, "model.vocab must be an object or a list", "neither");
        }
        if (model.get("merges") instanceof List<?> merges) {
            model.put("merges", merges.stream().filter(m -> !touches(m, names)).toList());
        }
        if (root.get("added_tokens") instanceof List<?> added) {
            for (Object entry : added) {
                if (entry instanceof Map<?, ?> token && token.get("content") instanceof String content) {
                    Json.asObject(token).put("content", names.getOrDefault(content, content));
                }
            }
        }
        return Json.write(root).getBytes(StandardCharsets.UTF_8);
    }

    /** Whether a merge, written as "a b" or as a pair, uses or makes a token that has another name now. */
    private static boolean touches(@Nullable Object merge, Map<String, String> names) {
        List<?> parts = merge instanceof String text ? List.of(text.split(" ", 2)) : (List<?>) merge;
        if (parts == null || parts.size() != 2) {
            return false;
        }
        String left = String.valueOf(parts.get(0));
        String right = String.valueOf(parts.get(1));
        return names.containsKey(left) || names.containsKey(right) || names.containsKey(left + right);
    }

    private static int id(String where, @Nullable Object value) {
        if (value instanceof Long id && id >= 0 && id < Integer.MAX_VALUE) {
            return id.intValue();
        }
        throw invalid(where, "a token's id must be a whole number from 0 to 2147483646", Json.write(value));
    }

    private static Map<String, @Nullable Object> root(String where, byte[] json) {
        return Json.parseObject(where, FolderFile.decode(where, json));
    }

    private static Map<String, @Nullable Object> model(String where, Map<String, @Nullable Object> root) {
        if (root.get("model") instanceof Map<?, ?> model) {
            return Json.asObject(model);
        }
        throw invalid(where, "a tokenizer must have a model", Json.kind(root.get("model")));
    }

    private static JalignException invalid(String where, String rule, String found) {
        return new JalignException(
                JalignException.Kind.INPUT,
                where,
                rule,
                found,
                "a tokenizer.json as Hugging Face's tokenizers library writes it",
                "take the file from the model's own folder again");
    }
}
