package io.github.jalign.data;

import static io.github.jalign.data.HumanAssistant.message;

import io.github.jalign.data.Example.Text;
import io.github.jalign.json.Json;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * TRL's own columns: {@code chosen}, {@code rejected} and perhaps {@code prompt}, as text or as message lists. Without
 * a prompt of the same kind the two columns hold whole dialogues, and the prompt is what they share. UltraFeedback
 * binarised, cai-conversation-harmless and hh-rlhf have these columns too.
 */
record TrlPairs(DatasetFormat format, ImplicitPrompt implicitPrompt) implements PreferenceSchema {
    @Override
    public String name() {
        return "TRL preference rows";
    }

    @Override
    public List<String> columns() {
        return List.of("chosen", "rejected");
    }

    @Override
    public String describe(Row row) {
        boolean prompt = row.has("prompt");
        if (row.get("chosen") instanceof String chosen) {
            return !prompt && HumanAssistant.matches(chosen)
                    ? "hh-rlhf (chosen and rejected dialogues as text)"
                    : name() + " (" + (prompt ? "prompt, " : "") + "chosen, rejected as text)";
        }
        if (prompt && row.get("prompt") instanceof String) {
            return (row.has("revision_response") ? "cai-conversation-harmless" : "UltraFeedback binarised")
                    + " (prompt as text, chosen and rejected as messages)";
        }
        return name() + " (" + (prompt ? "prompt, " : "") + "chosen, rejected as messages)";
    }

    @Override
    public List<Example> ranked(Row row) throws BadRowException {
        boolean text = row.isText("chosen");
        if (text != row.isText("rejected")) {
            throw new BadRowException(
                    "chosen and rejected must be of one kind",
                    Json.kind(row.get("chosen")) + " and " + Json.kind(row.get("rejected")),
                    "text in both, or message lists in both");
        }
        return List.of(text ? text(row) : chat(row));
    }

    private Text text(Row row) throws BadRowException {
        String chosen = row.text("chosen");
        String rejected = row.text("rejected");
        if (row.has("prompt")) {
            return new Text(row.text("prompt"), List.of(chosen, rejected));
        }
        boolean dialogue = format == DatasetFormat.MESSAGES && HumanAssistant.matches(chosen);
        if (implicitPrompt == ImplicitPrompt.TRL && !dialogue) {
            return Prefix.ofCharacters(chosen, rejected);
        }
        int end = HumanAssistant.promptEnd(chosen, rejected);
        if (end < 0) {
            throw new BadRowException(
                    "text without a prompt column must share an assistant's turn",
                    "no \"\\n\\nAssistant:\" in the beginning that chosen and rejected share",
                    "hh-rlhf text, a prompt column, or implicit_prompt: trl, which cuts where the characters diverge");
        }
        return new Text(chosen.substring(0, end), List.of(chosen.substring(end), rejected.substring(end)));
    }

    private static Example.Chat chat(Row row) throws BadRowException {
        List<Map<String, @Nullable Object>> chosen = row.messages("chosen");
        List<Map<String, @Nullable Object>> rejected = row.messages("rejected");
        Map<String, @Nullable Object> variables = row.templateVariables();
        boolean textPrompt = row.has("prompt") && row.isText("prompt");
        if (row.has("prompt") && !textPrompt) {
            return new Example.Chat(row.messages("prompt"), List.of(chosen, rejected), variables);
        }
        boolean answersOnly = textPrompt && "assistant".equals(chosen.getFirst().get("role"));
        if (answersOnly && Prefix.ofMessages(chosen, rejected) == 0) {
            return new Example.Chat(
                    List.of(message("user", row.text("prompt"))), List.of(chosen, rejected), variables);
        }
        return Prefix.chat("chosen and rejected", chosen, rejected, variables);
    }
}
