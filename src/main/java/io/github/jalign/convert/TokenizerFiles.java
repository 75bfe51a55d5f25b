package io.github.jalign.convert;

import io.github.jalign.convert.Vocabulary.SpecialIds;
import io.github.jalign.convert.Vocabulary.TokenType;
import io.github.jalign.json.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A vocabulary of a GGUF file as {@code tokenizer.json} and {@code tokenizer_config.json}. */
final class TokenizerFiles {
    /** What SentencePiece writes for a space. */
    static final String SPACE = "\u2581";

    /**
     * In Phi-3's tokenizer, tokens take the white space behind them along. GGUF has no place for that; llama.cpp knows
     * it from the model's name, and these are the exceptions there and here.
     */
    private static final Set<String> PHI3_PLAIN = Set.of("<unk>", "<s>", "<|endoftext|>");

    private final Vocabulary vocabulary;
    private final GgufArchitecture architecture;

    TokenizerFiles(Vocabulary vocabulary, GgufArchitecture architecture) {
        this.vocabulary = vocabulary;
        this.architecture = architecture;
    }

    /** The text of tokenizer.json. */
    String tokenizer() {
        PreTokenizer pre = vocabulary.preTokenizer();
        Map<String, @Nullable Object> root = new LinkedHashMap<>();
        root.put("version", "1.0");
        root.put("truncation", null);
        root.put("padding", null);
        root.put("added_tokens", addedTokens());
        root.put("normalizer", pre != null ? null : spacesToLetters());
        root.put("pre_tokenizer", pre != null ? pre.toJson() : null);
        root.put("post_processor", postProcessor());
        root.put("decoder", pre != null ? byteDecoder() : lettersToSpaces());
        root.put("model", model());
        return Json.writePretty(root, 2);
    }

    private List<Object> addedTokens() {
        List<Object> added = new ArrayList<>();
        for (int id = 0; id < vocabulary.tokens().size(); id++) {
            TokenType type = vocabulary.types().get(id);
            boolean isAdded =
                    switch (type) {
                        case CONTROL, USER_DEFINED, UNKNOWN -> true;
                        case NORMAL, UNUSED, BYTE -> false;
                    };
            if (isAdded) {
                String content = vocabulary.tokens().get(id);
                Map<String, @Nullable Object> token = new LinkedHashMap<>();
                token.put("id", id);
                token.put("content", content);
                token.put("single_word", false);
                token.put("lstrip", false);
                token.put("rstrip", takesSpaceAlong(content));
                token.put("normalized", false);
                token.put("special", type != TokenType.USER_DEFINED);
                added.add(token);
            }
        }
        return added;
    }

    private boolean takesSpaceAlong(String token) {
        return architecture == GgufArchitecture.PHI3 && !vocabulary.byteLevel() && !PHI3_PLAIN.contains(token);
    }

    private Map<String, @Nullable Object> model() {
        PreTokenizer pre = vocabulary.preTokenizer();
        boolean byteLevel = pre != null;
        Integer unknown = vocabulary.special().unknown();
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("dropout", null);
        model.put("unk_token", byteLevel || unknown == null ? null : vocabulary.tokens().get(unknown));
        model.put("continuing_subword_prefix", null);
        model.put("end_of_word_suffix", null);
        model.put("fuse_unk", !byteLevel);
        model.put("byte_fallback", !byteLevel);
        model.put("ignore_merges", pre != null && pre.ignoreMerges());
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (int id = 0; id < vocabulary.tokens().size(); id++) {
            if (vocabulary.types().get(id) != TokenType.UNUSED) {
                ids.put(vocabulary.tokens().get(id), id);
            }
        }
        model.put("vocab", ids);
        model.put("merges", byteLevel ? pairs() : mergesOfScores(ids));
        return model;
    }

    private List<Object> pairs() {
        List<Object> pairs = new ArrayList<>(vocabulary.merges().size());
        for (String merge : vocabulary.merges()) {
            int space = merge.indexOf(' ', 1);
            pairs.add(List.of(merge.substring(0, space), merge.substring(space + 1)));
        }
        return pairs;
    }

    /**
     * Every way to make a token of two, the highest score first; among those of one token, by the ids of its parts. This
     * is how transformers converts SentencePiece models (convert_slow_tokenizer.py, SentencePieceExtractor).
     */
    private List<Object> mergesOfScores(Map<String, Integer> ids) {
        record Merge(String left, String right, float score, int leftId, int rightId) {}
        List<Merge> merges = new ArrayList<>();
        Map<String, Integer> parts = new HashMap<>(ids);
        parts.values().removeIf(id -> vocabulary.types().get(id) != TokenType.NORMAL);
        List<Merge> ofToken = new ArrayList<>();
        ids.forEach((token, id) -> {
            if (vocabulary.types().get(id) == TokenType.NORMAL) {
                for (int i = token.offsetByCodePoints(0, 1); i < token.length(); i = token.offsetByCodePoints(i, 1)) {
                    Integer left = parts.get(token.substring(0, i));
                    Integer right = parts.get(token.substring(i));
                    if (left != null && right != null) {
                        ofToken.add(new Merge(
                                token.substring(0, i), token.substring(i), vocabulary.scores().get(id), left, right));
                    }
                }
                ofToken.sort(Comparator.comparingInt(Merge::leftId).thenComparingInt(Merge::rightId));
                merges.addAll(ofToken);
                ofToken.clear();
            }
        });
        merges.sort(Comparator.comparing(Merge::score).reversed());
        List<Object> pairs = new ArrayList<>(merges.size());
        for (Merge m : merges) {
            pairs.add(List.of(m.left(), m.right()));
        }
        return pairs;
    }

    private Map<String, @Nullable Object> spacesToLetters() {
        Map<String, @Nullable Object> replace = replace(" ", SPACE);
        if (!vocabulary.addSpacePrefix()) {
            return replace;
        }
        return object("Sequence", "normalizers", List.of(object("Prepend", "prepend", SPACE), replace));
    }

    private Map<String, @Nullable Object> lettersToSpaces() {
        List<Object> steps = new ArrayList<>();
        steps.add(replace(SPACE, " "));
        steps.add(Map.of("type", "ByteFallback"));
        steps.add(Map.of("type", "Fuse"));
        if (vocabulary.addSpacePrefix()) {
            Map<String, @Nullable Object> strip = object("Strip", "content", " ");
            strip.put("start", 1);
            strip.put("stop", 0);
            steps.add(strip);
        }
        return object("Sequence", "decoders", steps);
    }

    private static Map<String, @Nullable Object> replace(String from, String to) {
        Map<String, @Nullable Object> replace = object("Replace", "pattern", Map.of("String", from));
        replace.put("content", to);
        return replace;
    }

    private static Map<String, @Nullable Object> byteDecoder() {
        Map<String, @Nullable Object> decoder = object("ByteLevel", "add_prefix_space", true);
        decoder.put("trim_offsets", true);
        decoder.put("use_regex", true);
        return decoder;
    }

    /** What is put around a text; null for nothing. */
    private @Nullable Map<String, @Nullable Object> postProcessor() {
        Integer bos = vocabulary.addBos() ? vocabulary.special().bos() : null;
        Integer eos = vocabulary.addEos() ? vocabulary.special().eos() : null;
        if (bos == null && eos == null) {
            return null;
        }
        Map<String, @Nullable Object> processor =
                object("TemplateProcessing", "single", around(bos, "A", 0, eos));
        List<Object> pair = new ArrayList<>(around(bos, "A", 0, eos));
        pair.addAll(around(bos, "B", 1, eos));
        processor.put("pair", pair);
        Map<String, @Nullable Object> tokens = new LinkedHashMap<>();
        for (Integer id : new Integer[] {bos, eos}) {
            if (id != null) {
                String token = vocabulary.tokens().get(id);
                Map<String, @Nullable Object> entry = new LinkedHashMap<>();
                entry.put("id", token);
                entry.put("ids", List.of(id.longValue()));
                entry.put("tokens", List.of(token));
                tokens.put(token, entry);
            }
        }
        processor.put("special_tokens", tokens);
        return processor;
    }

    private List<Object> around(@Nullable Integer bos, String sequence, long type, @Nullable Integer eos) {
        List<Object> parts = new ArrayList<>();
        if (bos != null) {
            parts.add(part("SpecialToken", vocabulary.tokens().get(bos), type));
        }
        parts.add(part("Sequence", sequence, type));
        if (eos != null) {
            parts.add(part("SpecialToken", vocabulary.tokens().get(eos), type));
        }
        return parts;
    }

    private static Map<String, Object> part(String kind, String id, long type) {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("id", id);
        part.put("type_id", type);
        return Map.of(kind, part);
    }

    private static Map<String, @Nullable Object> object(String type, String key, Object value) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("type", type);
        object.put(key, value);
        return object;
    }

    /** The text of tokenizer_config.json. */
    String configuration(int maxPositions) {
        SpecialIds special = vocabulary.special();
        Map<String, @Nullable Object> config = new LinkedHashMap<>();
        if (vocabulary.byteLevel()) {
            config.put("add_prefix_space", false);
        }
        putToken(config, "bos_token", special.bos());
        putToken(config, "eos_token", special.eos());
        putToken(config, "pad_token", special.padding());
        putToken(config, "unk_token", special.unknown());
        config.put("clean_up_tokenization_spaces", false);
        config.put("model_max_length", maxPositions);
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        if (vocabulary.chatTemplate() != null) {
            config.put("chat_template", vocabulary.chatTemplate());
        }
        return Json.writePretty(config, 2);
    }

    private void putToken(Map<String, @Nullable Object> config, String name, @Nullable Integer id) {
        if (id != null) {
            config.put(name, vocabulary.tokens().get(id));
        }
    }
}
