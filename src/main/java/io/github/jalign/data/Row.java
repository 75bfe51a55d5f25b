package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The columns of a row, read as the types that formats ask for. */
record Row(Map<String, @Nullable Object> columns) {
    private static final String MESSAGES = "a list of {\"role\": text, \"content\": text}";

    boolean has(String column) {
        return columns.containsKey(column);
    }

    @Nullable Object get(String column) {
        return columns.get(column);
    }

    /** Whether the column is text; a message list is the only other thing it may be. */
    boolean isText(String column) throws BadRowException {
        return switch (columns.get(column)) {
            case String s -> true;
            case List<?> l -> false;
            case null, default -> throw wrong(column, "must be text or a list of messages", "text, or " + MESSAGES);
        };
    }

    String text(String column) throws BadRowException {
        if (columns.get(column) instanceof String text) {
            return unicode(column, text);
        }
        throw wrong(column, "must be text", "text");
    }

    Map<String, @Nullable Object> object(String column) throws BadRowException {
        if (columns.get(column) instanceof Map<?, ?> map) {
            return Json.asObject(map);
        }
        throw wrong(column, "must be an object", "an object");
    }

    /** At least one message of any form. */
    List<Map<String, @Nullable Object>> objects(String column) throws BadRowException {
        if (!(columns.get(column) instanceof List<?> list)) {
            throw wrong(column, "must be a list of messages", MESSAGES);
        }
        if (list.isEmpty()) {
            throw new BadRowException(column + " must hold at least one message", "an empty list", MESSAGES);
        }
        List<Map<String, @Nullable Object>> objects = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            if (!(list.get(i) instanceof Map<?, ?> map)) {
                throw new BadRowException(
                        column + "[" + i + "] must be a message", Json.kind(list.get(i)), MESSAGES);
            }
            objects.add(Json.asObject(map));
        }
        return objects;
    }

    /** At least one message, each with a role. */
    List<Map<String, @Nullable Object>> messages(String column) throws BadRowException {
        List<Map<String, @Nullable Object>> messages = objects(column);
        for (int i = 0; i < messages.size(); i++) {
            requireMessage(column + "[" + i + "]", messages.get(i));
        }
        return messages;
    }

    private static void requireMessage(String name, Map<String, @Nullable Object> message)
            throws BadRowException {
        if (!(message.get("role") instanceof String role)) {
            throw new BadRowException(name + " must have a role", members(message, "role"), MESSAGES);
        }
        unicode(name + ".role", role);
        Object content = message.get("content");
        if (content instanceof String text) {
            unicode(name + ".content", text);
        } else if (content != null || message.get("tool_calls") == null) {
            throw new BadRowException(name + ".content must be text", members(message, "content"), MESSAGES);
        }
    }

    /** What the chat template sees beside the messages: {@code tools}, and what {@code chat_template_kwargs} holds. */
    Map<String, @Nullable Object> templateVariables() throws BadRowException {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>();
        Object tools = columns.get("tools");
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
        Object more = columns.get("chat_template_kwargs");
        if (more instanceof Map<?, ?> map) {
            variables.putAll(Json.asObject(map));
        } else if (more != null) {
            throw new BadRowException("chat_template_kwargs must be an object", Json.kind(more), "names and values");
        }
        return variables;
    }

    private static String members(Map<String, @Nullable Object> message, String wanted) {
        return message.containsKey(wanted)
                ? Json.kind(message.get(wanted))
                : "only " + list(message.keySet());
    }

    /** Token ids: integers from 0 that fit 31 bits. */
    int[] ids(String column) throws BadRowException {
        return integers(column, 0, "a token id", "a list of token ids, whole numbers from 0");
    }

    /** Labels: token ids, or −100 for tokens that the loss leaves out. */
    int[] labels(String column) throws BadRowException {
        return integers(column, -100, "a label", "a list of token ids, −100 where the loss leaves one out");
    }

    /** Flags: 0 and 1. */
    boolean[] mask(String column) throws BadRowException {
        int[] values = integers(column, 0, "a flag", "a list of 0 and 1");
        boolean[] mask = new boolean[values.length];
        for (int i = 0; i < values.length; i++) {
            if (values[i] > 1) {
                throw new BadRowException(
                        column + "[" + i + "] must be a flag", String.valueOf(values[i]), "a list of 0 and 1");
            }
            mask[i] = values[i] == 1;
        }
        return mask;
    }

    private int[] integers(String column, int least, String what, String expected) throws BadRowException {
        if (!(columns.get(column) instanceof List<?> list)) {
            throw wrong(column, "must be a list of whole numbers", expected);
        }
        int[] values = new int[list.size()];
        for (int i = 0; i < values.length; i++) {
            Object value = list.get(i);
            if (!(value instanceof Long number) || number < least || number > Integer.MAX_VALUE) {
                throw new BadRowException(
                        column + "[" + i + "] must be " + what,
                        value instanceof Number ? value.toString() : Json.kind(value),
                        expected);
            }
            values[i] = number.intValue();
        }
        return values;
    }

    private BadRowException wrong(String column, String rule, String expected) {
        return new BadRowException(
                column + " " + rule, has(column) ? Json.kind(columns.get(column)) : names(), expected);
    }

    /** The columns there are, for errors about those that are not. */
    String names() {
        return columns.isEmpty() ? "a row without columns" : "columns " + list(columns.keySet());
    }

    static String list(Collection<String> names) {
        return String.join(", ", names);
    }

    /** JSON can spell half a surrogate pair, which is no text in any encoding. */
    static String unicode(String column, String text) throws BadRowException {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                throw new BadRowException(
                        column + " must be Unicode text",
                        "half a surrogate pair, \\u" + HexFormat.of().toHexDigits(c) + ", at character " + (i + 1),
                        "surrogates in pairs");
            }
        }
        return text;
    }
}
