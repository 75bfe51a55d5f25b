package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns as ShareGPT exports write them, {@code {"from": "human", "value": …}}, with the roles that LLaMA-Factory
 * documents: human, gpt, system, observation (what a tool answers) and function_call (a call as JSON).
 */
final class ShareGpt {
    private static final String TURN = "{\"from\": \"human\", \"value\": text}";

    private ShareGpt() {}

    /** The turns of a column, after the row's {@code system} message where there is one. */
    static List<Map<String, @Nullable Object>> conversation(Row row, String column) throws BadRowException {
        List<Map<String, @Nullable Object>> messages = new ArrayList<>();
        if (row.get("system") != null && !row.text("system").isEmpty()) {
            messages.add(HumanAssistant.message("system", row.text("system")));
        }
        if (!(row.get(column) instanceof List<?> turns)) {
            throw new BadRowException(
                    column + " must be a list of turns", Json.kind(row.get(column)), "a list of " + TURN);
        }
        if (turns.isEmpty()) {
            throw new BadRowException(column + " must hold at least one turn", "an empty list", "a list of " + TURN);
        }
        for (int i = 0; i < turns.size(); i++) {
            messages.add(turn(column + "[" + i + "]", turns.get(i)));
        }
        return messages;
    }

    /** A column that is one turn. */
    static Map<String, @Nullable Object> turn(Row row, String column) throws BadRowException {
        return turn(column, row.get(column));
    }

    private static Map<String, @Nullable Object> turn(String name, @Nullable Object value) throws BadRowException {
        if (value instanceof Map<?, ?> map
                && map.get("from") instanceof String from
                && map.get("value") instanceof String text) {
            return message(name, from, Row.unicode(name + ".value", text));
        }
        throw new BadRowException(
                name + " must be a turn",
                value instanceof Map<?, ?> map
                        ? "an object of " + Row.list(Json.asObject(map).keySet())
                        : Json.kind(value),
                TURN);
    }

    private static Map<String, @Nullable Object> message(String name, String from, String text) throws BadRowException {
        return switch (from) {
            case "human", "user" -> HumanAssistant.message("user", text);
            case "gpt", "assistant" -> HumanAssistant.message("assistant", text);
            case "system" -> HumanAssistant.message("system", text);
            case "observation", "tool" -> HumanAssistant.message("tool", text);
            case "function_call" -> call(name, text);
            default -> throw new BadRowException(
                    name + ".from must be a known speaker", from, "human, gpt, system, observation or function_call");
        };
    }

    private static Map<String, @Nullable Object> call(String name, String json) throws BadRowException {
        Map<String, @Nullable Object> function;
        try {
            function = Json.parseObject(name + ".value", json);
        } catch (JalignException e) {
            throw new BadRowException(name + ".value must be a call in JSON", e, "{\"name\": …, \"arguments\": …}");
        }
        Map<String, @Nullable Object> call = new LinkedHashMap<>();
        call.put("type", "function");
        call.put("function", function);
        Map<String, @Nullable Object> message = new LinkedHashMap<>();
        message.put("role", "assistant");
        message.put("content", "");
        message.put("tool_calls", List.of(call));
        return message;
    }
}
