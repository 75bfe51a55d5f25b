package io.github.jalign.convert;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a byte-level BPE tokenizer cuts a text before merging. llama.cpp knows each by a name ({@code tokenizer.ggml.pre})
 * and cuts in code (llama-vocab.cpp, August 2026); tokenizer.json spells the steps out. The expressions are those of the
 * models' own tokenizer.json.
 *
 * @param names in GGUF files; the first is the one that jalign writes
 * @param ignoreMerges whether a word that is a token stays whole, whatever the merges say
 * @param addBos whether llama.cpp puts the BOS token before a text when a file does not say
 */
record PreTokenizer(List<String> names, List<Step> steps, boolean ignoreMerges, boolean addBos) {
    private static final List<PreTokenizer> ALL = List.of(
            // SmolLM and SmolLM2; StarCoder's is the same
            new PreTokenizer(
                    List.of("smollm", "starcoder"), List.of(new Step.Digits(), new Step.Bytes(true)), false, false),
            new PreTokenizer(List.of("gpt-2", "mpt"), List.of(new Step.Bytes(true)), false, false),
            new PreTokenizer(
                    List.of("llama-bpe", "llama3", "llama-v3"),
                    List.of(new Step.Split(Step.GPT4), new Step.Bytes(false)),
                    true,
                    true),
            // SmolLM3, Phi-4 and others that cut like Llama 3 and merge all words
            new PreTokenizer(
                    List.of("smaug-bpe", "dbrx"),
                    List.of(new Step.Split(Step.GPT4), new Step.Bytes(false)),
                    false,
                    false),
            // Mistral NeMo and later
            new PreTokenizer(
                    List.of("tekken"), List.of(new Step.Split(Step.TEKKEN), new Step.Bytes(false)), true, true),
            // Phi-4-mini
            new PreTokenizer(
                    List.of("gpt-4o"), List.of(new Step.Split(Step.GPT4O), new Step.Bytes(false)), false, false),
            // what llama.cpp does when a file names none; no model's own
            new PreTokenizer(
                    List.of("default"),
                    List.of(
                            new Step.Split("[\\p{P}\\$\\+<=>\\^~\\|]+"),
                            new Step.Split(Step.GPT2_SPACES_OPEN),
                            new Step.Split("\\p{N}+"),
                            new Step.Split("[0-9][0-9][0-9]"),
                            new Step.Bytes(false)),
                    false,
                    false));

    /** One step of tokenizer.json's {@code pre_tokenizer}. */
    sealed interface Step {
        /** GPT-2's expression without its last part, white space before other white space. */
        String GPT2_SPACES_OPEN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)";

        /** Of GPT-4, with up to three digits together. */
        String GPT4 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

        String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
        String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
        String BEFORE = "[^\\r\\n\\p{L}\\p{N}]?";
        String AFTER_WORDS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

        String TEKKEN = BEFORE + UPPER + "*" + LOWER + "+|" + BEFORE + UPPER + "+" + LOWER + "*|\\p{N}" + AFTER_WORDS;

        String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
        String GPT4O = BEFORE + UPPER + "*" + LOWER + "+" + CONTRACTION + "|" + BEFORE + UPPER + "+" + LOWER + "*"
                + CONTRACTION + "|\\p{N}{1,3}" + AFTER_WORDS;

        Map<String, @Nullable Object> toJson();

        /** Every digit by itself. */
        record Digits() implements Step {
            @Override
            public Map<String, @Nullable Object> toJson() {
                return object("Digits", "individual_digits", true);
            }
        }

        /** Matches of an expression, and what lies between them. */
        record Split(String regex) implements Step {
            @Override
            public Map<String, @Nullable Object> toJson() {
                Map<String, @Nullable Object> json = object("Split", "pattern", Map.of("Regex", regex));
                json.put("behavior", "Isolated");
                json.put("invert", false);
                return json;
            }
        }

        /** Bytes as GPT-2's letters, words cut by its expression or not at all. */
        record Bytes(boolean words) implements Step {
            @Override
            public Map<String, @Nullable Object> toJson() {
                Map<String, @Nullable Object> json = object("ByteLevel", "add_prefix_space", false);
                json.put("trim_offsets", true);
                json.put("use_regex", words);
                return json;
            }
        }

        /** The step that a tokenizer.json describes, or null for one that is none of these. */
        static @Nullable Step of(Map<?, ?> json) {
            Object type = json.get("type");
            if ("Digits".equals(type) && Boolean.TRUE.equals(json.get("individual_digits"))) {
                return new Digits();
            }
            if ("ByteLevel".equals(type) && !Boolean.TRUE.equals(json.get("add_prefix_space"))) {
                return new Bytes(!Boolean.FALSE.equals(json.get("use_regex")));
            }
            if ("Split".equals(type)
                    && json.get("pattern") instanceof Map<?, ?> pattern
                    && pattern.get("Regex") instanceof String regex
                    && ("Isolated".equals(json.get("behavior")) && !Boolean.TRUE.equals(json.get("invert"))
                            // what an expression that matches everything gives too
                            || "Removed".equals(json.get("behavior")) && Boolean.TRUE.equals(json.get("invert")))) {
                return new Split(regex);
            }
            return null;
        }

        private static Map<String, @Nullable Object> object(String type, String key, Object value) {
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("type", type);
            json.put(key, value);
            return json;
        }
    }

    /** The name that jalign writes. */
    String ggufName() {
        return names.getFirst();
    }

    /** Null for a name that is none of these. */
    static @Nullable PreTokenizer ofName(String name) {
        for (PreTokenizer p : ALL) {
            if (p.names.contains(name)) {
                return p;
            }
        }
        return null;
    }

    /** Every name that {@link #ofName} knows, for errors. */
    static String allNames() {
        List<String> all = new ArrayList<>();
        for (PreTokenizer p : ALL) {
            all.addAll(p.names);
        }
        return String.join(", ", all);
    }

    /** The one whose steps a tokenizer.json has, or null. */
    static @Nullable PreTokenizer ofJson(@Nullable Object json, boolean ignoreMerges) {
        if (!(json instanceof Map<?, ?> map)) {
            return null;
        }
        List<Step> steps = new ArrayList<>();
        List<?> parts = "Sequence".equals(map.get("type")) && map.get("pretokenizers") instanceof List<?> list
                ? list
                : List.of(map);
        for (Object part : parts) {
            Step step = part instanceof Map<?, ?> object ? Step.of(object) : null;
            if (step == null) {
                return null;
            }
            steps.add(step);
        }
        for (PreTokenizer p : ALL) {
            if (p.steps.equals(steps) && p.ignoreMerges == ignoreMerges) {
                return p;
            }
        }
        return null;
    }

    /** As tokenizer.json has it. */
    Map<String, @Nullable Object> toJson() {
        if (steps.size() == 1) {
            return steps.getFirst().toJson();
        }
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("type", "Sequence");
        json.put("pretokenizers", steps.stream().map(Step::toJson).toList());
        return json;
    }
}
