package io.github.jalign.convert;

import io.github.jalign.checkpoint.GgufKeys;
import io.github.jalign.checkpoint.GgufValue;
import io.github.jalign.convert.Vocabulary.SpecialIds;
import io.github.jalign.convert.Vocabulary.TokenType;
import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A vocabulary from and to the keys that llama.cpp gives it (llama-vocab.cpp, August 2026). */
final class VocabularyKeys {
    private static final String MODEL = "tokenizer.ggml.model";
    private static final String PRE = "tokenizer.ggml.pre";
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String TYPES = "tokenizer.ggml.token_type";
    private static final String SCORES = "tokenizer.ggml.scores";
    private static final String MERGES = "tokenizer.ggml.merges";
    private static final String ADD_BOS = "tokenizer.ggml.add_bos_token";
    private static final String ADD_EOS = "tokenizer.ggml.add_eos_token";
    private static final String ADD_SPACE = "tokenizer.ggml.add_space_prefix";
    private static final String TEMPLATE = "tokenizer.chat_template";
    private static final String BYTE_LEVEL = "gpt2";
    private static final String SENTENCE_PIECE = "llama";
    private static final String CONVERT_AGAIN = "convert the original model to GGUF again";

    /** Characters of a token; the longest of known vocabularies have 128. */
    private static final int LONGEST_TOKEN = 1024;

    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");

    private final GgufKeys keys;

    private VocabularyKeys(GgufKeys keys) {
        this.keys = keys;
    }

    /** @throws JalignException of kind INPUT when the keys are missing or contradict each other */
    static Vocabulary read(String where, GgufKeys keys) {
        return new VocabularyKeys(keys).read(where);
    }

    private Vocabulary read(String where) {
        String model = keys.text(MODEL);
        if (!BYTE_LEVEL.equals(model) && !SENTENCE_PIECE.equals(model)) {
            throw Refusal.of(
                    model == null ? where : keys.where(MODEL),
                    "the tokenizer must be byte-level BPE or SentencePiece BPE",
                    model == null ? "no " + MODEL : Json.write(model),
                    "gpt2 or llama",
                    "use the model's own Hugging Face folder");
        }
        boolean byteLevel = BYTE_LEVEL.equals(model);
        List<String> tokens = required(where, TOKENS, keys.texts(TOKENS));
        checkTokens(tokens);
        List<TokenType> types = types(tokens);
        PreTokenizer pre = byteLevel ? preTokenizer() : null;
        boolean bosUnasked = pre == null || pre.addBos();
        SpecialIds special = new SpecialIds(
                id("bos", tokens, byteLevel ? null : 1),
                id("eos", tokens, byteLevel ? null : 2),
                id("eot", tokens, null),
                id("unknown", tokens, byteLevel ? null : 0),
                id("padding", tokens, null));
        return new Vocabulary(
                pre,
                tokens,
                types,
                byteLevel ? merges(where, tokens) : List.of(),
                byteLevel ? List.of() : scores(where, tokens),
                flag(ADD_BOS, bosUnasked) && special.bos() != null,
                flag(ADD_EOS, false) && special.eos() != null,
                !byteLevel && flag(ADD_SPACE, true),
                special,
                keys.text(TEMPLATE));
    }

    private void checkTokens(List<String> tokens) {
        Map<String, Integer> seen = HashMap.newHashMap(tokens.size());
        for (int id = 0; id < tokens.size(); id++) {
            String token = tokens.get(id);
            if (token.isEmpty() || token.length() > LONGEST_TOKEN) {
                throw Refusal.of(
                        keys.where(TOKENS),
                        "a token has 1 to " + LONGEST_TOKEN + " characters",
                        token.length() + " characters at id " + id,
                        "1 to " + LONGEST_TOKEN,
                        CONVERT_AGAIN);
            }
            Integer first = seen.putIfAbsent(token, id);
            if (first != null) {
                throw Refusal.of(
                        keys.where(TOKENS),
                        "a token must stand once",
                        Json.write(token) + " at ids " + first + " and " + id,
                        "unique tokens",
                        CONVERT_AGAIN);
            }
        }
    }

    private List<TokenType> types(List<String> tokens) {
        int[] numbers = keys.wholes(TYPES);
        if (numbers == null) {
            return Collections.nCopies(tokens.size(), TokenType.NORMAL);
        }
        requireSize(TYPES, numbers.length, tokens);
        List<TokenType> types = new ArrayList<>(numbers.length);
        for (int id = 0; id < numbers.length; id++) {
            TokenType type = TokenType.ofNumber(numbers[id]);
            if (type == null) {
                throw Refusal.of(
                        keys.where(TYPES),
                        "a token's type must be one that llama.cpp has",
                        numbers[id] + " at id " + id,
                        "1 to " + TokenType.values().length,
                        CONVERT_AGAIN);
            }
            if (type == TokenType.BYTE && !BYTE.matcher(tokens.get(id)).matches()) {
                throw Refusal.of(
                        keys.where(TOKENS),
                        "a token for a byte must spell it",
                        Json.write(tokens.get(id)) + " at id " + id,
                        "<0x00> to <0xFF>",
                        CONVERT_AGAIN);
            }
            types.add(type);
        }
        return types;
    }

    private PreTokenizer preTokenizer() {
        String name = keys.text(PRE);
        PreTokenizer pre = PreTokenizer.ofName(name == null ? "default" : name);
        if (pre == null) {
            throw Refusal.of(
                    keys.where(PRE),
                    "the way to cut texts must be one that jalign knows",
                    Json.write(name),
                    PreTokenizer.allNames(),
                    "use the model's own Hugging Face folder");
        }
        return pre;
    }

    private List<String> merges(String where, List<String> tokens) {
        List<String> merges = required(where, MERGES, keys.texts(MERGES));
        Set<String> known = new HashSet<>(tokens);
        for (int i = 0; i < merges.size(); i++) {
            String merge = merges.get(i);
            int space = merge.indexOf(' ', 1);
            if (space < 0
                    || !known.contains(merge.substring(0, space))
                    || !known.contains(merge.substring(space + 1))
                    || !known.contains(merge.substring(0, space) + merge.substring(space + 1))) {
                throw Refusal.of(
                        keys.where(MERGES),
                        "a merge must make a token of two",
                        Json.write(merge) + " at index " + i,
                        "two tokens with a space between, which make a third",
                        CONVERT_AGAIN);
            }
        }
        return merges;
    }

    private List<Float> scores(String where, List<String> tokens) {
        float[] scores = keys.numbers(SCORES);
        if (scores == null) {
            throw missing(where, SCORES);
        }
        requireSize(SCORES, scores.length, tokens);
        List<Float> all = new ArrayList<>(scores.length);
        for (int id = 0; id < scores.length; id++) {
            if (Float.isNaN(scores[id])) {
                throw Refusal.of(
                        keys.where(SCORES), "a score must be a number", "NaN at id " + id, "a number", CONVERT_AGAIN);
            }
            all.add(scores[id]);
        }
        return all;
    }

    private void requireSize(String key, int size, List<String> tokens) {
        if (size != tokens.size()) {
            throw Refusal.of(
                    keys.where(key),
                    "there must be one element a token",
                    size + " elements for " + tokens.size() + " tokens",
                    tokens.size() + " elements",
                    CONVERT_AGAIN);
        }
    }

    private @Nullable Integer id(String name, List<String> tokens, @Nullable Integer absent) {
        String key = "tokenizer.ggml." + name + "_token_id";
        Long id = keys.whole(key);
        if (id == null) {
            return absent == null || absent >= tokens.size() ? null : absent;
        }
        if (id < 0 || id >= tokens.size()) {
            throw Refusal.of(
                    keys.where(key),
                    "a special token must be in the vocabulary",
                    "id " + id,
                    "an id below " + tokens.size(),
                    CONVERT_AGAIN);
        }
        return id.intValue();
    }

    private boolean flag(String key, boolean absent) {
        Boolean flag = keys.flag(key);
        return flag == null ? absent : flag;
    }

    private static <T> T required(String where, String key, @Nullable T value) {
        if (value == null) {
            throw missing(where, key);
        }
        return value;
    }

    private static JalignException missing(String where, String key) {
        return Refusal.of(
                where,
                "the file must hold the key " + key,
                "no such key",
                "a whole model with its tokenizer",
                CONVERT_AGAIN);
    }

    /** Adds a vocabulary to the keys of a file. */
    static void write(Vocabulary vocabulary, Map<String, GgufValue> keys) {
        PreTokenizer pre = vocabulary.preTokenizer();
        keys.put(MODEL, new GgufValue.Text(pre != null ? BYTE_LEVEL : SENTENCE_PIECE));
        keys.put(PRE, new GgufValue.Text(pre != null ? pre.ggufName() : "default"));
        keys.put(TOKENS, new GgufValue.Texts(vocabulary.tokens()));
        keys.put(
                TYPES,
                new GgufValue.Wholes(
                        vocabulary.types().stream().map(TokenType::number).toList()));
        if (pre != null) {
            keys.put(MERGES, new GgufValue.Texts(vocabulary.merges()));
        } else {
            keys.put(SCORES, new GgufValue.Reals(vocabulary.scores()));
        }
        SpecialIds special = vocabulary.special();
        putId(keys, "bos", special.bos());
        putId(keys, "eos", special.eos());
        putId(keys, "eot", special.eot());
        putId(keys, "unknown", special.unknown());
        putId(keys, "padding", special.padding());
        keys.put(ADD_BOS, new GgufValue.Flag(vocabulary.addBos()));
        keys.put(ADD_EOS, new GgufValue.Flag(vocabulary.addEos()));
        keys.put(ADD_SPACE, new GgufValue.Flag(vocabulary.addSpacePrefix()));
        String template = vocabulary.chatTemplate();
        if (template != null) {
            keys.put(TEMPLATE, new GgufValue.Text(template));
        }
    }

    private static void putId(Map<String, GgufValue> keys, String name, @Nullable Integer id) {
        if (id != null) {
            keys.put("tokenizer.ggml." + name + "_token_id", new GgufValue.Whole(id));
        }
    }
}
