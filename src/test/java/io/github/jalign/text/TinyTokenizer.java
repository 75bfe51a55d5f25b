package io.github.jalign.text;

import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A byte-level BPE tokenizer in which the id of a byte is the byte, so expected ids can be read off the text. Its two
 * merges spell the control token {@code <s>}, which its post-processor puts before a text.
 */
final class TinyTokenizer {
    /** What merging {@code <} and {@code s} gives. */
    static final int HALF_BOS = 256;

    static final int BOS = 257;
    static final int IM_START = 258;
    static final int IM_END = 259;
    /** The added token {@code jalign}, which tokenizer.json does not mark as special. */
    static final int WORD = 260;

    static final String CONFIG = "{\"bos_token\": \"<s>\", \"eos_token\": \"<|im_end|>\", \"added_tokens_decoder\": {}}";

    private TinyTokenizer() {}

    /** The parsed tokenizer.json, to be changed at will. */
    static Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> vocab = new LinkedHashMap<>();
        int beyond = 256; // GPT-2's byte alphabet: bytes that do not print stand beyond Latin-1, in order
        for (int b = 0; b < 256; b++) {
            boolean prints = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            vocab.put(String.valueOf((char) (prints ? b : beyond++)), b);
        }
        vocab.put("<s", HALF_BOS);
        vocab.put("<s>", BOS);
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("vocab", vocab);
        model.put("merges", new ArrayList<>(List.of("< s", "<s >")));
        Map<String, @Nullable Object> bytes = new LinkedHashMap<>(
                Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", false));
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put(
                "added_tokens",
                new ArrayList<>(List.of(
                        added(BOS, "<s>", true),
                        added(IM_START, "<|im_start|>", true),
                        added(IM_END, "<|im_end|>", true),
                        added(WORD, "jalign", false))));
        json.put("normalizer", null);
        json.put("pre_tokenizer", bytes);
        json.put("post_processor", Json.parse("post-processor", """
                {"type": "TemplateProcessing",
                 "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                 "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                 "special_tokens": {"<s>": {"id": "<s>", "ids": [257], "tokens": ["<s>"]}}}"""));
        json.put("decoder", bytes);
        json.put("model", model);
        return json;
    }

    static Map<String, @Nullable Object> added(int id, String content, boolean special) {
        Map<String, @Nullable Object> token = new LinkedHashMap<>();
        token.put("id", id);
        token.put("content", content);
        token.put("single_word", false);
        token.put("lstrip", false);
        token.put("rstrip", false);
        token.put("normalized", false);
        token.put("special", special);
        return token;
    }

    /** A folder with tokenizer.json and the given tokenizer_config.json. */
    static Path write(Path folder, String config) throws IOException {
        return write(folder, json(), config);
    }

    static Path write(Path folder, Map<String, @Nullable Object> json, String config) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("tokenizer.json"), Json.write(json));
        Files.writeString(folder.resolve("tokenizer_config.json"), config);
        return folder;
    }

    /** The expected ids: of a string its bytes, of a number the number. */
    static int[] ids(Object... parts) {
        List<Integer> ids = new ArrayList<>();
        for (Object part : parts) {
            if (part instanceof Integer id) {
                ids.add(id);
            } else {
                for (byte b : ((String) part).getBytes(StandardCharsets.UTF_8)) {
                    ids.add(b & 0xFF);
                }
            }
        }
        return ids.stream().mapToInt(i -> i).toArray();
    }
}
