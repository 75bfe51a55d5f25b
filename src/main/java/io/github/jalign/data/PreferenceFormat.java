package io.github.jalign.data;

import static io.github.jalign.data.HumanAssistant.message;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.data.Example.Tokens;
import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rows with a chosen and a rejected completion: {@code chosen}, {@code rejected} and perhaps {@code prompt}, as text or
 * as message lists, or {@code prompt_ids}, {@code chosen_ids}, {@code rejected_ids}. Without a prompt of the same kind
 * the two columns hold whole dialogues, and the prompt is what they share.
 */
record PreferenceFormat(DatasetFormat format, ImplicitPrompt implicitPrompt) implements RowFormat {
    private static final String ACCEPTED =
            "chosen and rejected, with or without prompt, or prompt_ids, chosen_ids and rejected_ids";

    @Override
    public Example example(Row row) throws BadRowException {
        if (row.has("prompt_ids") || row.has("chosen_ids") || row.has("rejected_ids")) {
            return tokens(row);
        }
        if (!row.has("chosen") || !row.has("rejected")) {
            throw new BadRowException("a preference row needs its columns", row.names(), ACCEPTED);
        }
        boolean text = row.isText("chosen");
        if (text != row.isText("rejected")) {
            throw new BadRowException(
                    "chosen and rejected must be of one kind",
                    Json.kind(row.get("chosen")) + " and " + Json.kind(row.get("rejected")),
                    "text in both, or message lists in both");
        }
        if (!text) {
            return chat(row);
        }
        return switch (format) {
            case AUTO -> text(row);
            case MESSAGES -> HumanAssistant.chat(text(row), variables(row));
        };
    }

    private static Tokens tokens(Row row) throws BadRowException {
        int[] prompt = row.ids("prompt_ids");
        return new Tokens(prompt, List.of(completion(row, "chosen_ids"), completion(row, "rejected_ids")));
    }

    static Completion completion(Row row, String column) throws BadRowException {
        int[] ids = row.ids(column);
        if (ids.length == 0) {
            throw new BadRowException(column + " must hold at least one token", "an empty list", "token ids");
        }
        return new Completion(ids, null);
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

    private static Chat chat(Row row) throws BadRowException {
        List<Map<String, @Nullable Object>> chosen = row.messages("chosen");
        List<Map<String, @Nullable Object>> rejected = row.messages("rejected");
        Map<String, @Nullable Object> variables = variables(row);
        boolean textPrompt = row.has("prompt") && row.isText("prompt");
        if (row.has("prompt") && !textPrompt) {
            return new Chat(row.messages("prompt"), List.of(chosen, rejected), variables);
        }
        int split = Prefix.ofMessages(chosen, rejected);
        if (split > 0) {
            return new Chat(
                    chosen.subList(0, split),
                    List.of(chosen.subList(split, chosen.size()), rejected.subList(split, rejected.size())),
                    variables);
        }
        if (textPrompt && "assistant".equals(chosen.getFirst().get("role"))) {
            return new Chat(List.of(message("user", row.text("prompt"))), List.of(chosen, rejected), variables);
        }
        throw new BadRowException(
                "chosen and rejected must begin with the same messages",
                "they differ from the first one on",
                "conversations that share their prompt, or a prompt column");
    }

    /** What the chat template sees beside the messages. */
    static Map<String, @Nullable Object> variables(Row row) throws BadRowException {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>();
        Object tools = row.get("tools");
        if (tools instanceof String json) {
            try {
                tools = Json.parse("tools", json);
            } catch (JalignException e) {
                throw new BadRowException("tools must be valid JSON", e, "a list of tools, or its JSON text");
            }
        }
        if (tools instanceof List<?> list) {
            variables.put("tools", list);
        } else if (tools != null) {
            throw new BadRowException("tools must be a list", Json.kind(tools), "a list of tools, or its JSON text");
        }
        Object more = row.get("chat_template_kwargs");
        if (more instanceof Map<?, ?> map) {
            variables.putAll(Json.asObject(map));
        } else if (more != null) {
            throw new BadRowException("chat_template_kwargs must be an object", Json.kind(more), "names and values");
        }
        return variables;
    }
}
