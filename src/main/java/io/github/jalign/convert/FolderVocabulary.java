package io.github.jalign.convert;

import io.github.jalign.checkpoint.JsonFile;
import io.github.jalign.convert.Vocabulary.SpecialIds;
import io.github.jalign.convert.Vocabulary.TokenType;
import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The vocabulary of a Hugging Face folder: its tokenizer.json as far as llama.cpp can do the same, else refused. */
final class FolderVocabulary {
    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");
    private static final String ELSEWHERE = "use the model as a Hugging Face folder";

    private final String where;
    private final Map<String, @Nullable Object> root;
    private final Map<String, @Nullable Object> model;
    private final ModelConfig config;
    private final Consumer<String> warnings;

    private FolderVocabulary(
            String where, Map<String, @Nullable Object> root, ModelConfig config, Consumer<String> warnings) {
        this.where = where;
        this.root = root;
        this.model = root.get("model") instanceof Map<?, ?> m ? Json.asObject(m) : Map.of();
        this.config = config;
        this.warnings = warnings;
    }

    /**
     * Reads the tokenizer of a model.
     *
     * @param warnings told what GGUF cannot say
     * @throws JalignException of kind INPUT when llama.cpp has no such tokenizer
     */
    static Vocabulary read(Path folder, ModelConfig config, Consumer<String> warnings) {
        Path file = folder.resolve("tokenizer.json");
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            return new FolderVocabulary(file.toString(), JsonFile.read(file), config, warnings).read(tokenizer);
        }
    }

    private Vocabulary read(Tokenizer tokenizer) {
        if (!"BPE".equals(model.get("type")) || !(model.get("vocab") instanceof Map<?, ?>)) {
            throw refused("the tokenizer must merge byte pairs", Json.write(model.get("type")), "a model of type BPE");
        }
        boolean sentencePiece = Boolean.TRUE.equals(model.get("byte_fallback"));
        Map<String, Integer> ids = ids();
        List<String> tokens = new ArrayList<>();
        for (int id = 0; id < config.vocabularySize(); id++) {
            tokens.add("[PAD" + id + "]"); // as llama.cpp's converter calls what no text gives
        }
        List<TokenType> types = new ArrayList<>(Collections.nCopies(tokens.size(), TokenType.UNUSED));
        ids.forEach((token, id) -> {
            boolean isByte = sentencePiece && BYTE.matcher(token).matches();
            tokens.set(id, token);
            types.set(id, isByte ? TokenType.BYTE : TokenType.NORMAL);
        });
        added(types);
        Object unknown = sentencePiece ? model.get("unk_token") : tokenizer.templateVariables().get("unk_token");
        Integer unknownId = unknown instanceof String text ? ids.get(text) : null;
        if (sentencePiece && unknownId != null) {
            types.set(unknownId, TokenType.UNKNOWN);
        }
        Affixes affixes = affixes(root.get("post_processor"), tokenizer, ids);
        List<String> merges = merges();
        ChatTemplate template = tokenizer.chatTemplate();
        Integer eos = tokenizer.eosId();
        SpecialIds special = new SpecialIds(tokenizer.bosId(), eos, endOfTurn(eos), unknownId, tokenizer.padId());
        return new Vocabulary(
                sentencePiece ? null : preTokenizer(),
                tokens,
                types,
                sentencePiece ? List.of() : merges,
                sentencePiece ? scores(tokens, merges) : List.of(),
                affixes.bos(),
                affixes.eos(),
                sentencePiece && spacePrefix(),
                special,
                template == null ? null : template.source());
    }

    /** Ids by token, of the model's vocabulary and the added tokens. */
    private Map<String, Integer> ids() {
        Map<String, Integer> ids = new HashMap<>();
        Json.asObject((Map<?, ?>) Objects.requireNonNull(model.get("vocab")))
                .forEach((token, id) -> ids.put(token, id(token, id)));
        for (Map<?, ?> token : addedTokens()) {
            String content = String.valueOf(token.get("content"));
            ids.put(content, id(content, token.get("id")));
        }
        Map<Integer, String> byId = new HashMap<>();
        ids.forEach((token, id) -> {
            String other = byId.put(id, token);
            if (other != null) {
                String both = Json.write(token) + " and " + Json.write(other);
                throw refused("an id must be one token's", "id " + id + " of " + both, "unique ids");
            }
        });
        return ids;
    }

    private int id(String token, @Nullable Object value) {
        if (value instanceof Long id && id >= 0 && id < config.vocabularySize()) {
            return id.intValue();
        }
        throw refused(
                "a token's id must be below the model's vocab_size",
                Json.write(value) + " of " + Json.write(token),
                "0 to " + (config.vocabularySize() - 1));
    }

    private List<Map<?, ?>> addedTokens() {
        List<Map<?, ?>> added = new ArrayList<>();
        if (root.get("added_tokens") instanceof List<?> list) {
            list.forEach(entry -> added.add((Map<?, ?>) Objects.requireNonNull(entry))); // the tokenizer was loaded
        }
        return added;
    }

    private void added(List<TokenType> types) {
        List<String> stripping = new ArrayList<>();
        for (Map<?, ?> token : addedTokens()) {
            int id = id(String.valueOf(token.get("content")), token.get("id"));
            types.set(id, Boolean.TRUE.equals(token.get("special")) ? TokenType.CONTROL : TokenType.USER_DEFINED);
            if (Boolean.TRUE.equals(token.get("lstrip"))
                    || Boolean.TRUE.equals(token.get("rstrip"))
                    || Boolean.TRUE.equals(token.get("single_word"))) {
                stripping.add(String.valueOf(token.get("content")));
            }
        }
        if (!stripping.isEmpty() && GgufArchitecture.of(config.architecture()) != GgufArchitecture.PHI3) {
            warnings.accept(stripping.size() + " tokens (" + stripping.getFirst()
                    + " …) take white space beside them along or are whole words only; GGUF cannot say so");
        }
    }

    private List<String> merges() {
        List<String> merges = new ArrayList<>();
        if (!(model.get("merges") instanceof List<?> list)) {
            throw refused("the tokenizer must have merges", Json.kind(model.get("merges")), "a list");
        }
        for (Object merge : list) {
            String text =
                    switch (merge) {
                        case String pair -> pair;
                        case List<?> pair when pair.size() == 2 -> pair.get(0) + " " + pair.get(1);
                        case null, default -> "";
                    };
            if (text.indexOf(' ') <= 0 || text.indexOf(' ') != text.lastIndexOf(' ') || text.endsWith(" ")) {
                throw refused("a merge must be of two tokens without spaces", Json.write(merge), "two tokens");
            }
            merges.add(text);
        }
        return merges;
    }

    /** Minus the rank of the first merge that makes a token: the order of merging is the same. */
    private static List<Float> scores(List<String> tokens, List<String> merges) {
        Map<String, Integer> rankOf = new HashMap<>();
        for (int rank = 0; rank < merges.size(); rank++) {
            rankOf.putIfAbsent(merges.get(rank).replace(" ", ""), rank);
        }
        return tokens.stream()
                .map(token -> -(float) rankOf.getOrDefault(token, merges.size()))
                .toList();
    }

    private PreTokenizer preTokenizer() {
        boolean ignoreMerges = Boolean.TRUE.equals(model.get("ignore_merges"));
        PreTokenizer pre = PreTokenizer.ofJson(root.get("pre_tokenizer"), ignoreMerges);
        if (pre == null) {
            throw refused(
                    "texts must be cut in a way that has a name in llama.cpp",
                    Json.write(root.get("pre_tokenizer")) + (ignoreMerges ? ", ignore_merges" : ""),
                    "the pre_tokenizer of " + PreTokenizer.allNames());
        }
        if (root.get("normalizer") != null) {
            throw refused(
                    "a byte-level tokenizer must take texts as they are",
                    "the normalizer " + Json.write(root.get("normalizer")),
                    "none");
        }
        return pre;
    }

    /** Whether a space is put before a text, in the two ways that tokenizer.json has to say so. */
    private boolean spacePrefix() {
        Object normalizer = root.get("normalizer");
        Object pre = root.get("pre_tokenizer");
        if (normalizer == null && pre instanceof Map<?, ?> metaspace && "Metaspace".equals(metaspace.get("type"))) {
            String scheme = String.valueOf(metaspace.get("prepend_scheme")).toLowerCase(Locale.ROOT);
            if (scheme.equals("first")) {
                warnings.accept("llama.cpp puts a space also before text that follows a special token; this tokenizer"
                        + " only at the beginning (prepend_scheme first)");
            }
            if (Boolean.FALSE.equals(metaspace.get("split"))
                    && TokenizerFiles.SPACE.equals(metaspace.get("replacement"))) {
                return !scheme.equals("never");
            }
        } else if (pre == null && normalizer instanceof Map<?, ?> map) {
            List<?> steps = map.get("normalizers") instanceof List<?> list ? list : List.of(map);
            boolean prepends = steps.size() == 2
                    && steps.getFirst() instanceof Map<?, ?> first
                    && "Prepend".equals(first.get("type"))
                    && TokenizerFiles.SPACE.equals(first.get("prepend"));
            if ((prepends || steps.size() == 1)
                    && steps.getLast() instanceof Map<?, ?> last
                    && "Replace".equals(last.get("type"))
                    && last.get("pattern") instanceof Map<?, ?> pattern
                    && " ".equals(pattern.get("String"))
                    && TokenizerFiles.SPACE.equals(last.get("content"))) {
                return prepends;
            }
        }
        throw refused(
                "a tokenizer in SentencePiece's manner must do with spaces what SentencePiece does",
                "normalizer " + Json.write(normalizer) + ", pre_tokenizer " + Json.write(pre),
                "Prepend and Replace, or Metaspace without split");
    }

    /** What is put around a text. */
    private record Affixes(boolean bos, boolean eos) {}

    private Affixes affixes(@Nullable Object processor, Tokenizer tokenizer, Map<String, Integer> ids) {
        if (processor == null) {
            return new Affixes(false, false);
        }
        if (processor instanceof Map<?, ?> map) {
            if ("ByteLevel".equals(map.get("type"))) {
                return new Affixes(false, false);
            }
            if ("Sequence".equals(map.get("type")) && map.get("processors") instanceof List<?> list) {
                boolean bos = false;
                boolean eos = false;
                for (Object part : list) {
                    Affixes affixes = affixes(part, tokenizer, ids);
                    bos |= affixes.bos();
                    eos |= affixes.eos();
                }
                return new Affixes(bos, eos);
            }
            if ("TemplateProcessing".equals(map.get("type")) && map.get("single") instanceof List<?> single) {
                List<String> parts = single.stream().map(FolderVocabulary::part).toList();
                String bos = name(tokenizer.bosId(), ids);
                String eos = name(tokenizer.eosId(), ids);
                int text = parts.indexOf("");
                boolean plainBefore = parts.subList(0, Math.max(0, text)).equals(text == 1 ? List.of(bos) : List.of());
                boolean plainAfter = parts.subList(text + 1, parts.size())
                        .equals(text + 1 < parts.size() ? List.of(eos) : List.of());
                if (text >= 0 && text <= 1 && plainBefore && plainAfter) {
                    return new Affixes(text == 1, text + 1 < parts.size());
                }
            }
        }
        throw refused(
                "a tokenizer may put bos_token before a text and eos_token behind it, nothing else",
                Json.write(processor),
                "a post_processor of type TemplateProcessing with those");
    }

    /** The special token of a part, or nothing for the text itself. */
    private static String part(@Nullable Object part) {
        return part instanceof Map<?, ?> map && map.get("SpecialToken") instanceof Map<?, ?> token
                ? String.valueOf(token.get("id"))
                : "";
    }

    private static String name(@Nullable Integer id, Map<String, Integer> ids) {
        return ids.entrySet().stream()
                .filter(e -> e.getValue().equals(id))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("(none)");
    }

    /** The first id that ends an answer, where it is not the tokenizer's own; llama.cpp stops at both. */
    private @Nullable Integer endOfTurn(@Nullable Integer eos) {
        return config.eosTokenIds().stream()
                .filter(id -> id >= 0 && id < config.vocabularySize() && !id.equals(eos))
                .findFirst()
                .orElse(null);
    }

    private JalignException refused(String rule, String found, String expected) {
        String brief = found.length() <= 300 ? found : found.substring(0, 300) + "…";
        return Refusal.of(where, rule, brief, expected, ELSEWHERE);
    }
}
