package io.github.jalign.text;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.text.ControlTokens.Found;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Token ids of a text and back, exactly Hugging Face's. Nothing is cut, padded or downloaded. Threads may share one.
 *
 * <p>One thing differs from transformers on purpose: in a rendered conversation, control tokens are those that the
 * template wrote. A message that contains {@code <|im_end|>} is encoded as those ten characters, so that data cannot
 * end a turn or open another. {@link #encode(Rendered, boolean)} switches that off.
 */
public final class Tokenizer implements AutoCloseable {
    private final String where;
    private final byte[] json;
    private final DjlTokenizer tokenizer;
    private final Map<String, Integer> ids;
    private final int vocabularySize;
    private final SpecialTokens special;
    private final ControlTokens control;
    /** Whether normalising could make a control token out of other characters. */
    private final boolean normalizerMayMakeControlTokens;

    private final @Nullable ChatTemplate chatTemplate;
    private @Nullable PlainDataTokenizer plainData;
    private boolean closed;

    private Tokenizer(String where, byte[] json, SpecialTokens special, @Nullable ChatTemplate chatTemplate) {
        this.where = where;
        this.json = json;
        this.special = special;
        this.chatTemplate = chatTemplate;
        TokenizerFile file = TokenizerFile.parse(where, json);
        ids = file.ids();
        vocabularySize = 1 + ids.values().stream().mapToInt(id -> id).max().orElse(-1);
        control = new ControlTokens(file.added(), special.all());
        normalizerMayMakeControlTokens =
                file.normalizes() && control.tokens().stream().anyMatch(TokenizerFile.AddedToken::normalized);
        try {
            tokenizer = new DjlTokenizer(json);
        } catch (RuntimeException e) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    where,
                    "the tokenizers library must be able to use the file",
                    String.valueOf(e.getMessage()),
                    "a tokenizer.json as Hugging Face's tokenizers library writes it",
                    "take the file from the model's own folder again",
                    e);
        }
    }

    /**
     * Reads {@code tokenizer.json} and, where they exist, {@code tokenizer_config.json}, {@code special_tokens_map.json}
     * and {@code chat_template.jinja} (which goes before the template in the configuration).
     *
     * @throws JalignException of kind INPUT when a file is missing or does not follow its format
     */
    public static Tokenizer load(Path folder) {
        Path file = folder.resolve("tokenizer.json");
        byte[] json = FolderFile.bytes(file);
        if (json == null) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    file.toString(),
                    "a model folder must hold a tokenizer in the tokenizer.json form",
                    "no such file",
                    "tokenizer.json, which save_pretrained of a fast tokenizer writes",
                    "copy it from the model's folder; convert older forms (tokenizer.model, vocab.json) with transformers");
        }
        Path configFile = folder.resolve("tokenizer_config.json");
        Map<String, @Nullable Object> config = readObject(configFile);
        Path legacyFile = folder.resolve("special_tokens_map.json");
        SpecialTokens special = SpecialTokens.of(configFile, config, legacyFile, readObject(legacyFile));
        return new Tokenizer(file.toString(), json, special, chatTemplate(folder, configFile, config));
    }

    private static @Nullable ChatTemplate chatTemplate(
            Path folder, Path configFile, Map<String, @Nullable Object> config) {
        Path file = folder.resolve("chat_template.jinja");
        String own = FolderFile.text(file);
        if (own != null) {
            return ChatTemplate.parse(file.toString(), own);
        }
        return switch (config.get("chat_template")) {
            case null -> null;
            case String source -> ChatTemplate.parse(configFile + ": chat_template", source);
            case List<?> named -> {
                for (Object entry : named) {
                    if (entry instanceof Map<?, ?> pair
                            && "default".equals(pair.get("name"))
                            && pair.get("template") instanceof String source) {
                        yield ChatTemplate.parse(configFile + ": chat_template", source);
                    }
                }
                throw badTemplate(configFile, "a list without a template named default");
            }
            case Object other -> throw badTemplate(configFile, Json.kind(other));
        };
    }

    private static JalignException badTemplate(Path configFile, String found) {
        return new JalignException(
                JalignException.Kind.INPUT,
                configFile + ": chat_template",
                "a chat template must be text, or a list of named texts",
                found,
                "a string, or a list of {\"name\": …, \"template\": …} with the name default",
                "correct the file, or put the template into chat_template.jinja beside it");
    }

    private static Map<String, @Nullable Object> readObject(Path file) {
        String text = FolderFile.text(file);
        return text == null ? Map.of() : Json.parseObject(file.toString(), text);
    }

    /**
     * Exactly Hugging Face's ids: control tokens in the text are control tokens.
     *
     * @param addSpecialTokens whether to add what the tokenizer puts around a text, such as a leading BOS
     */
    public int[] encode(String text, boolean addSpecialTokens) {
        return tokenizer.encode(requireUnicode(text), addSpecialTokens);
    }

    /**
     * The ids of a conversation, without adding special tokens. Control tokens are those that the template wrote; in data
     * they are plain characters. Without such data, exactly Hugging Face's ids.
     */
    public int[] encode(Rendered rendered) {
        return encode(rendered, false);
    }

    /** @param specialTokensInText true: control tokens in data are control tokens too, as in transformers */
    public int[] encode(Rendered rendered, boolean specialTokensInText) {
        requireUnicode(rendered.text());
        if (specialTokensInText || control.tokens().isEmpty() || rendered.data().isEmpty()) {
            return tokenizer.encode(rendered.text(), false);
        }
        Found found = control.find(rendered);
        if (!found.dataHasSome() && !normalizerMayMakeControlTokens) {
            return tokenizer.encode(rendered.text(), false);
        }
        return plainData().encode(rendered.text(), found.template());
    }

    /** Made when first needed: few conversations hold control tokens. */
    private synchronized PlainDataTokenizer plainData() {
        if (closed) {
            throw DjlTokenizer.closed();
        }
        PlainDataTokenizer made = plainData;
        if (made == null) {
            made = new PlainDataTokenizer(where, json, control.tokens());
            plainData = made;
        }
        return made;
    }

    private static String requireUnicode(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (Character.isHighSurrogate(text.charAt(i))
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1))) {
                    i++;
                } else {
                    throw new JalignException(
                            JalignException.Kind.INPUT,
                            "text, character " + i,
                            "text must be valid Unicode",
                            "half of a surrogate pair, \\u%04x".formatted((int) text.charAt(i)),
                            "whole code points",
                            "correct the row; a \\ud83d in JSON needs its second half");
                }
            }
        }
        return text;
    }

    /** Text of ids, exactly Hugging Face's: bytes that are no UTF-8 become U+FFFD. */
    public String decode(int[] ids, boolean skipSpecialTokens) {
        return tokenizer.decode(ids, skipSpecialTokens);
    }

    /** One more than the largest id. */
    public int vocabularySize() {
        return vocabularySize;
    }

    public @Nullable Integer bosId() {
        return id("bos_token");
    }

    public @Nullable Integer eosId() {
        return id("eos_token");
    }

    public @Nullable Integer padId() {
        return id("pad_token");
    }

    public @Nullable String eosToken() {
        return special.byName().get("eos_token");
    }

    private @Nullable Integer id(String name) {
        String token = special.byName().get(name);
        return token == null ? null : ids.get(token);
    }

    /**
     * What transformers hands to a template beside the messages: {@code bos_token}, {@code eos_token}, … and the model's
     * own names, where set. A list of extra special tokens has no names, and is not handed over there either.
     */
    public Map<String, @Nullable Object> templateVariables() {
        return new HashMap<>(special.byName());
    }

    /** The folder's own template, if it has one. */
    public @Nullable ChatTemplate chatTemplate() {
        return chatTemplate;
    }

    /** Waits for calls under way in other threads; later ones throw {@link IllegalStateException}. */
    @Override
    public synchronized void close() {
        closed = true;
        tokenizer.close();
        if (plainData != null) {
            plainData.close();
            plainData = null;
        }
    }
}
