package io.github.jalign.data;

import io.github.jalign.json.Json;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rows without a model: a token is a code point, and messages are written out, {@code user: hi} a line. */
record Characters() implements Encoder {
    @Override
    public int[] text(String text) {
        return text.codePoints().toArray();
    }

    @Override
    public int[] chat(
            List<Map<String, @Nullable Object>> messages,
            boolean addGenerationPrompt,
            Map<String, @Nullable Object> variables) {
        StringBuilder text = new StringBuilder();
        for (Map<String, @Nullable Object> message : messages) {
            text.append(message.get("role")).append(": ");
            if (message.get("content") instanceof String content) {
                text.append(content);
            }
            if (message.get("tool_calls") != null) {
                text.append(Json.write(message.get("tool_calls")));
            }
            text.append('\n');
        }
        return text(text.append(addGenerationPrompt ? "assistant: " : "").toString());
    }

    @Override
    public String eosToken() {
        return "";
    }

    @Override
    public boolean hasTemplate() {
        return false;
    }
}
