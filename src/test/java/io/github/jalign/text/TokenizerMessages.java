package io.github.jalign.text;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;

/** What can be wrong with a tokenizer's folder, a text or a conversation, and every word that jalign then says. */
public final class TokenizerMessages {
    private static final Path ROOT = Path.of("target/text-messages");
    private static final String GOOD = Json.write(TinyTokenizer.json());
    private static final String BAD_MODEL = "  expected  a tokenizer.json as Hugging Face's tokenizers library writes it\n"
            + "  do        take the file from the model's own folder again";
    private static final String BAD_TOKEN = "  expected  a token such as \"</s>\" or {\"content\": \"</s>\", …}\n"
            + "  do        correct the file, or take it from the model's own folder again";
    private static final String BAD_TEMPLATE =
            "  expected  a string, or a list of {\"name\": …, \"template\": …} with the name default\n"
                    + "  do        correct the file, or put the template into chat_template.jinja beside it";
    private static final String BAD_JSON = "  expected  one JSON value with unique names\n"
            + "  do        correct the file, or make it again with the program that wrote it";
    private static final String BAD_UTF8 = "  expected  text in UTF-8\n"
            + "  do        the file is damaged or in another encoding: take it from the model's own folder again";

    private final List<MessageCase> cases = new ArrayList<>();

    private TokenizerMessages() {}

    public static List<MessageCase> cases() {
        TokenizerMessages all = new TokenizerMessages();
        all.tokenizerFiles();
        all.configurations();
        all.encodings();
        all.texts();
        all.conversations();
        return all.cases;
    }

    private void tokenizerFiles() {
        folder("no tokenizer.json", "missing", Map.of(), """
                tokenizer.json: a model folder must hold a tokenizer in the tokenizer.json form
                  found     no such file
                  expected  tokenizer.json, which save_pretrained of a fast tokenizer writes
                  do        copy it from the model's folder; convert older forms (tokenizer.model, vocab.json) with transformers""");
        file("a tokenizer.json in Python's notation", "python", "{'model': {}}", """
                tokenizer.json: the text must be valid JSON
                  found     Unexpected character (''' (code 39)): was expecting double-quote to start property name (line 1, column 2)
                """ + BAD_JSON);
        file("a tokenizer.json without a model", "no-model", "{}", """
                tokenizer.json: a tokenizer must have a model
                  found     null
                """ + BAD_MODEL);
        file("a vocabulary that is a number", "vocab", "{\"model\": {\"vocab\": 5}}", """
                tokenizer.json: model.vocab must be an object or a list
                  found     a number
                """ + BAD_MODEL);
        file("an id that is text", "id-text", "{\"model\": {\"vocab\": {\"a\": \"0\"}}}", """
                tokenizer.json: a token's id must be a whole number from 0 to 2147483646
                  found     "0"
                """ + BAD_MODEL);
        file("an id beyond 31 bits", "id-large", "{\"model\": {\"vocab\": {\"a\": 2147483647}}}", """
                tokenizer.json: a token's id must be a whole number from 0 to 2147483646
                  found     2147483647
                """ + BAD_MODEL);
        Map<String, @Nullable Object> added = TinyTokenizer.json();
        added.put("added_tokens", List.of(Map.of("id", 5)));
        file("an added token without content", "added", Json.write(added), """
                tokenizer.json: an added token must have an id and a content
                  found     {"id":5}
                """ + BAD_MODEL);
        added.put("added_tokens", List.of(TinyTokenizer.added(-1, "x", true)));
        file("an added token with a negative id", "added-id", Json.write(added), """
                tokenizer.json: a token's id must be a whole number from 0 to 2147483646
                  found     -1
                """ + BAD_MODEL);
        file("a model that the library does not know", "library", "{\"model\":{\"type\":\"X\",\"vocab\":{}}}", """
                tokenizer.json: the tokenizers library must be able to use the file
                  found     data did not match any variant of untagged enum ModelUntagged at line 1 column 33
                """ + BAD_MODEL);
        add("tokenizer.json is a folder", "folder", Map.of("tokenizer.json/x", new byte[0]), Kind.IO, """
                tokenizer.json: the file must be readable
                  found     java.io.IOException: Is a directory
                  expected  a file that this user may read
                  do        check the file and its permissions""");
    }

    private void configurations() {
        config("a configuration that is a list", "config-list", "[]", """
                tokenizer_config.json: the text must be valid JSON
                  found     the document is an array, not an object
                """ + BAD_JSON);
        config("a token that is a number", "eos-number", "{\"eos_token\": 5}", """
                tokenizer_config.json: eos_token: a special token must be text, or an object with a content
                  found     5
                """ + BAD_TOKEN);
        config("a token's object without content", "eos-object", "{\"eos_token\": {\"lstrip\": false}}", """
                tokenizer_config.json: eos_token: a special token must be text, or an object with a content
                  found     {"lstrip":false}
                """ + BAD_TOKEN);
        config("a named extra token that is null", "extra-null", "{\"extra_special_tokens\": {\"image_token\": null}}", """
                tokenizer_config.json: extra_special_tokens.image_token: a special token must be text, or an object with a content
                  found     null
                """ + BAD_TOKEN);
        config("a listed extra token that is a number", "extra-list", "{\"additional_special_tokens\": [\"a\", 7]}", """
                tokenizer_config.json: additional_special_tokens: a special token must be text, or an object with a content
                  found     7
                """ + BAD_TOKEN);
        config("extra tokens that are text", "extra-text", "{\"extra_special_tokens\": \"<x>\"}", """
                tokenizer_config.json: extra_special_tokens: extra special tokens must be a list, or an object of named ones
                  found     "<x>"
                  expected  a list of tokens, or an object such as {"image_token": "<image>"}
                  do        correct the file, or take it from the model's own folder again""");
        folder(
                "a token in special_tokens_map.json that is a list",
                "legacy",
                Map.of("tokenizer.json", GOOD, "special_tokens_map.json", "{\"pad_token\": []}"),
                """
                special_tokens_map.json: pad_token: a special token must be text, or an object with a content
                  found     []
                """ + BAD_TOKEN);
        config("a template that is a number", "template-number", "{\"chat_template\": 5}", """
                tokenizer_config.json: chat_template: a chat template must be text, or a list of named texts
                  found     a number
                """ + BAD_TEMPLATE);
        config(
                "named templates without a default",
                "template-list",
                "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"x\"}, {\"name\": \"default\"}]}",
                """
                tokenizer_config.json: chat_template: a chat template must be text, or a list of named texts
                  found     a list without a template named default
                """ + BAD_TEMPLATE);
    }

    private void encodings() {
        byte[] latin1 = "{\"é\": 1}".getBytes(StandardCharsets.ISO_8859_1);
        byte[] good = GOOD.getBytes(StandardCharsets.UTF_8);
        add("tokenizer.json in Latin-1", "utf-tokenizer", Map.of("tokenizer.json", latin1), Kind.INPUT, """
                tokenizer.json: the text must be valid UTF-8
                  found     0xe9 at byte 3, which is none
                """ + BAD_UTF8);
        Map<String, byte[]> config = Map.of("tokenizer.json", good, "tokenizer_config.json", latin1);
        add("tokenizer_config.json in Latin-1", "utf-config", config, Kind.INPUT, """
                tokenizer_config.json: the text must be valid UTF-8
                  found     0xe9 at byte 3, which is none
                """ + BAD_UTF8);
        byte[] cut = {'a', (byte) 0xF0, (byte) 0x9F};
        Map<String, byte[]> template = Map.of("tokenizer.json", good, "chat_template.jinja", cut);
        add("a template cut inside a character", "utf-template", template, Kind.INPUT, """
                chat_template.jinja: the text must be valid UTF-8
                  found     0xf0 at byte 2, which is none
                """ + BAD_UTF8);
    }

    private void texts() {
        text("a first half of a surrogate pair", "ab\ud83d", """
                text, character 2: text must be valid Unicode
                  found     half of a surrogate pair, \\ud83d
                  expected  whole code points
                  do        correct the row; a \\ud83d in JSON needs its second half""");
        text("a second half after a whole pair", "🙂\ude42", """
                text, character 2: text must be valid Unicode
                  found     half of a surrogate pair, \\ude42
                  expected  whole code points
                  do        correct the row; a \\ud83d in JSON needs its second half""");
    }

    private void text(String name, String text, String message) {
        String folder = "text-" + cases.size();
        cases.add(new MessageCase("tokenizer: " + name, () -> {
            try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizer.write(ROOT.resolve(folder), "{}"))) {
                tokenizer.encode(Rendered.ofData(text));
            }
        }, Kind.INPUT, message));
    }

    private void conversations() {
        conversation("a conversation without messages", () -> ChatFormatTest.format("x").render(List.of(), false, Map.of()), """
                chat.jinja: a conversation must have a message
                  found     no messages
                  expected  at least one message
                  do        correct the conversation""");
        conversation("nothing to continue", () -> ChatFormatTest.format("x").renderContinuing(List.of(), Map.of()), """
                chat.jinja: the message to continue must have text
                  found     no messages
                  expected  a last message with a text to continue
                  do        correct the conversation""");
        List<Map<String, @Nullable Object>> calls = List.of(
                Map.of("role", "user", "content", "hi"), Map.of("role", "assistant", "content", List.of(Map.of("image", "i"))));
        conversation("a continued message without text", () -> ChatFormatTest.format("x").renderContinuing(calls, Map.of()), """
                chat.jinja: the message to continue must have text
                  found     no text in the content of message 2
                  expected  a last message with a text to continue
                  do        correct the conversation""");
        List<Map<String, @Nullable Object>> answer = List.of(Map.of("role", "assistant", "content", "ab"));
        conversation(
                "a template that changes the continued message",
                () -> ChatFormatTest.format("{{ messages[0].content | replace('a', 'b') }}")
                        .renderContinuing(answer, Map.of()),
                """
                chat.jinja: the message to continue must appear in the conversation
                  found     the template drops or changes the text of the last message
                  expected  a template that writes the last message's text as it is
                  do        correct the conversation""");
    }

    private void conversation(String name, Executable action, String message) {
        cases.add(new MessageCase("conversation: " + name, action, Kind.INPUT, message));
    }

    private void file(String name, String folder, String tokenizerJson, String message) {
        folder(name, folder, Map.of("tokenizer.json", tokenizerJson), message);
    }

    private void config(String name, String folder, String config, String message) {
        folder(name, folder, Map.of("tokenizer.json", GOOD, "tokenizer_config.json", config), message);
    }

    private void folder(String name, String folder, Map<String, String> files, String message) {
        Map<String, byte[]> bytes = new LinkedHashMap<>();
        files.forEach((file, text) -> bytes.put(file, text.getBytes(StandardCharsets.UTF_8)));
        add(name, folder, bytes, Kind.INPUT, message);
    }

    /** @param message without the folder, which goes before it */
    private void add(String name, String folder, Map<String, byte[]> files, Kind kind, String message) {
        Path path = ROOT.resolve(folder);
        cases.add(new MessageCase("tokenizer: " + name, () -> {
            write(path, files);
            Tokenizer.load(path).close();
        }, kind, path + "/" + message));
    }

    private static void write(Path folder, Map<String, byte[]> files) throws IOException {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path path = folder.resolve(file.getKey());
            Files.createDirectories(Objects.requireNonNull(path.getParent()));
            Files.write(path, file.getValue());
        }
    }
}
