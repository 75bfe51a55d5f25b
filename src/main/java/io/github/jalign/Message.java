package io.github.jalign;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One turn of a conversation, as chat templates read it.
 *
 * @param role who speaks: {@code system}, {@code user}, {@code assistant}, or what else the model's template knows
 * @param content what they say
 */
public record Message(String role, String content) {

    /**
     * Instructions for the whole conversation.
     *
     * @param content the instructions
     * @return a turn of the role {@code system}
     */
    public static Message system(String content) {
        return new Message("system", content);
    }

    /**
     * What the human says.
     *
     * @param content the text
     * @return a turn of the role {@code user}
     */
    public static Message user(String content) {
        return new Message("user", content);
    }

    /**
     * What the model says.
     *
     * @param content the text
     * @return a turn of the role {@code assistant}
     */
    public static Message assistant(String content) {
        return new Message("assistant", content);
    }

    static List<Map<String, @Nullable Object>> values(List<Message> messages) {
        return messages.stream().map(Message::value).toList();
    }

    private Map<String, @Nullable Object> value() {
        Map<String, @Nullable Object> value = new LinkedHashMap<>();
        value.put("role", role);
        value.put("content", content);
        return value;
    }
}
