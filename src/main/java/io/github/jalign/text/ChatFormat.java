package io.github.jalign.text;

import io.github.jalign.errors.JalignException;
import io.github.jalign.text.jinja.Space;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Renders message lists as transformers 5.23 does (tokenization_utils_base.py {@code apply_chat_template},
 * chat_template_utils.py {@code render_jinja_template}): a template, the tokenizer's special tokens, and the date that
 * the template's {@code strftime_now} sees. Threads may share one.
 *
 * <p>As there, a message's fields that are null are left out, and a message's reasoning is passed under
 * {@code reasoning_content} and {@code thinking} whichever of {@code reasoning_content}, {@code thinking} and
 * {@code reasoning} names it. {@code tools} and {@code documents} are null unless given.
 */
public final class ChatFormat {
    private static final List<String> REASONING = List.of("reasoning_content", "thinking", "reasoning");
    /** Marks the end of the message to continue; ends with a space to see whether the template trims. */
    private static final String END = "END_OF_THE_MESSAGE_TO_CONTINUE ";

    private final ChatTemplate template;
    private final Map<String, @Nullable Object> specialTokens;
    private final LocalDate date;

    /**
     * @param specialTokens {@link Tokenizer#templateVariables}; their characters count as the template's own
     * @param date the day that the template sees; its time of day is noon
     */
    public ChatFormat(ChatTemplate template, Map<String, @Nullable Object> specialTokens, LocalDate date) {
        this.template = template;
        this.specialTokens = new LinkedHashMap<>(specialTokens);
        this.date = date;
    }

    /**
     * As a recipe has it.
     *
     * @param template the text of one that replaces the tokenizer's own, or null
     * @param date the day that the template sees; null is today
     * @return null when there is no template
     * @throws JalignException of kind INPUT for a template that cannot be read
     */
    public static @Nullable ChatFormat of(Tokenizer tokenizer, @Nullable String template, @Nullable LocalDate date) {
        ChatTemplate parsed =
                template == null ? tokenizer.chatTemplate() : ChatTemplate.parse("chat_template", template);
        LocalDate day = date == null ? LocalDate.now(ZoneId.systemDefault()) : date;
        return parsed == null ? null : new ChatFormat(parsed, tokenizer.templateVariables(), day);
    }

    /**
     * @param messages each with {@code role}, {@code content} and whatever else the template reads; at least one
     * @param addGenerationPrompt whether to end with the header of an answer
     * @param extra further variables: {@code tools}, {@code enable_thinking}, …; they go before special tokens of the
     *     same name
     * @throws JalignException of kind INPUT when the template refuses the conversation
     */
    public Rendered render(
            List<Map<String, @Nullable Object>> messages,
            boolean addGenerationPrompt,
            Map<String, @Nullable Object> extra) {
        if (messages.isEmpty()) {
            throw refused("a conversation must have a message", "no messages", "at least one message");
        }
        Map<String, @Nullable Object> variables = new HashMap<>();
        variables.put("tools", null);
        variables.put("documents", null);
        variables.putAll(extra);
        variables.put("messages", messages.stream().map(ChatFormat::normal).toList());
        variables.put("add_generation_prompt", addGenerationPrompt);
        return template.render(specialTokens, variables, date.atTime(12, 0));
    }

    /**
     * Renders so that a model goes on with the last message: nothing that the template writes after its text is kept.
     *
     * @throws JalignException of kind INPUT also when the last message has no text, or the template changes it
     */
    public Rendered renderContinuing(
            List<Map<String, @Nullable Object>> messages, Map<String, @Nullable Object> extra) {
        List<Map<String, @Nullable Object>> marked = new ArrayList<>(messages);
        Map<String, @Nullable Object> last =
                messages.isEmpty() ? new LinkedHashMap<>() : new LinkedHashMap<>(marked.removeLast());
        String text;
        if (last.get("content") instanceof List<?> parts) {
            List<@Nullable Object> markedParts = new ArrayList<>(parts);
            text = markLastText(markedParts);
            last.put("content", markedParts);
        } else {
            text = last.get("content") instanceof String content ? content : null;
            last.put("content", text + END);
        }
        if (text == null) {
            throw refused(
                    "the message to continue must have text",
                    messages.isEmpty() ? "no messages" : "no text in the content of message " + messages.size(),
                    "a last message with a text to continue");
        }
        marked.add(last);
        Rendered rendered = render(marked, false, extra);
        int end = rendered.text().lastIndexOf(END.strip());
        if (end < 0 || !rendered.text().contains(strip(text))) {
            throw refused(
                    "the message to continue must appear in the conversation",
                    "the template drops or changes the text of the last message",
                    "a template that writes the last message's text as it is");
        }
        if (!rendered.text().startsWith(END, end)) { // the template trims messages
            end = Space.trimEnd(rendered.text(), 0, end);
        }
        return rendered.prefix(end);
    }

    private static String strip(String text) {
        int to = Space.trimEnd(text, 0, text.length());
        return text.substring(Space.skip(text, 0, to), to);
    }

    /** Marks the last part that has a text, and returns that text. */
    private static @Nullable String markLastText(List<@Nullable Object> parts) {
        for (int i = parts.size() - 1; i >= 0; i--) {
            if (parts.get(i) instanceof Map<?, ?> part && part.get("text") instanceof String text) {
                Map<Object, @Nullable Object> copy = new LinkedHashMap<>(part);
                copy.put("text", text + END);
                parts.set(i, copy);
                return text;
            }
        }
        return null;
    }

    private static Map<String, @Nullable Object> normal(Map<String, @Nullable Object> message) {
        Map<String, @Nullable Object> normal = new LinkedHashMap<>();
        for (String name : REASONING) {
            if (message.get(name) != null) {
                normal.put("thinking", message.get(name));
                break;
            }
        }
        Object reasoning = normal.get("thinking");
        message.forEach((name, value) -> {
            if (value != null) {
                normal.put(name, value);
            }
        });
        if (reasoning != null) {
            normal.put("reasoning_content", reasoning);
        }
        return normal;
    }

    private JalignException refused(String rule, String found, String expected) {
        return new JalignException(
                JalignException.Kind.INPUT, template.name(), rule, found, expected, "correct the conversation");
    }
}
