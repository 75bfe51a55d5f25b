package io.github.jalign.cli;

import io.github.jalign.data.Prompt;
import io.github.jalign.errors.JalignException;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A model's tokenizer with the template and variables that the flags set: from conversations to token ids. */
final class Prompting implements AutoCloseable {
    private final Path model;
    private final Tokenizer tokenizer;
    private final @Nullable ChatFormat format;
    private final Map<String, @Nullable Object> variables;
    private final @Nullable String system;

    Prompting(Path model, PromptFlags flags) {
        this.model = model;
        this.variables = flags.variables();
        this.system = flags.system();
        this.tokenizer = Tokenizer.load(model);
        boolean made = false;
        try {
            this.format = flags.format(tokenizer);
            made = true;
        } finally {
            if (!made) {
                tokenizer.close();
            }
        }
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    /** The text itself, with what the tokenizer puts around it. */
    int[] text(String text) {
        return tokenizer.encode(text, true);
    }

    /** A question by itself, behind the system message that was asked for. */
    int[] question(String text) {
        return conversation(opening(text));
    }

    private List<Map<String, @Nullable Object>> opening(String text) {
        List<Map<String, @Nullable Object>> messages = new ArrayList<>(opening());
        messages.add(message("user", text));
        return messages;
    }

    /** What stands before the user's first message: the system message that was asked for, if one was. */
    List<Map<String, @Nullable Object>> opening() {
        return system == null ? List.of() : List.of(message("system", system));
    }

    /** Messages and the beginning of an answer. */
    int[] conversation(List<Map<String, @Nullable Object>> messages) {
        return conversation(messages, Map.of());
    }

    /**
     * Messages and the beginning of an answer; where the last message is the assistant's, that one is gone on with, as in
     * transformers' text-generation pipeline.
     *
     * @param more variables, which go before those of the flags
     */
    private int[] conversation(List<Map<String, @Nullable Object>> messages, Map<String, @Nullable Object> more) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(variables);
        all.putAll(more);
        boolean goOn = !messages.isEmpty() && "assistant".equals(messages.getLast().get("role"));
        ChatFormat chosen = requireFormat();
        return tokenizer.encode(
                goOn ? chosen.renderContinuing(messages, all) : chosen.render(messages, true, all));
    }

    /**
     * The prompt of a file's row.
     *
     * @param raw whether text is continued as it is
     */
    int[] of(Prompt prompt, boolean raw) {
        return switch (prompt) {
            case Prompt.Text text -> raw ? text(text.text()) : question(text.text());
            case Prompt.Chat chat -> {
                if (raw) {
                    throw new JalignException(
                            JalignException.Kind.USAGE,
                            "--raw",
                            "messages need the chat template",
                            chat.row() + " with messages",
                            "prompts of text",
                            "leave --raw out");
                }
                List<Map<String, @Nullable Object>> messages = new ArrayList<>();
                if (!"system".equals(chat.messages().getFirst().get("role"))) {
                    messages.addAll(opening());
                }
                messages.addAll(chat.messages());
                yield conversation(messages, chat.variables());
            }
        };
    }

    /** @throws JalignException of kind USAGE for a model without a template */
    ChatFormat requireFormat() {
        if (format == null) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    model.toString(),
                    "a conversation needs the model's chat template",
                    "a model without one",
                    "chat_template.jinja, or chat_template in tokenizer_config.json",
                    "give one with --chat_template, or add --raw to continue the text itself");
        }
        return format;
    }

    static Map<String, @Nullable Object> message(String role, String content) {
        Map<String, @Nullable Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
