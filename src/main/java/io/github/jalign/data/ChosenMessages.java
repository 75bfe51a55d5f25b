package io.github.jalign.data;

import static io.github.jalign.data.HumanAssistant.message;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * LLaMA-Factory's v1 pairs: two whole conversations whose messages hold typed parts,
 * {@code {"type": "text", "value": …}}, and a {@code loss_weight}. The prompt is what both share. Its weights say
 * nothing, since the prompt is never trained; those of the answers must be 1.
 */
record ChosenMessages() implements PreferenceSchema {
    private static final String PARTS = "text, or a list of {\"type\": \"text\", \"value\": text}";

    @Override
    public String name() {
        return "LLaMA-Factory v1 pairs";
    }

    @Override
    public List<String> columns() {
        return List.of("chosen_messages", "rejected_messages");
    }

    @Override
    public List<Example> ranked(Row row) throws BadRowException {
        List<Map<String, @Nullable Object>> chosen = messages(row, "chosen_messages");
        List<Map<String, @Nullable Object>> rejected = messages(row, "rejected_messages");
        Chat pair = Prefix.chat(
                "chosen_messages and rejected_messages", chosen, rejected, row.templateVariables());
        int split = chosen.size() - pair.completions().getFirst().size();
        requireFullWeights(row, "chosen_messages", split);
        requireFullWeights(row, "rejected_messages", split);
        return List.of(pair);
    }

    private static List<Map<String, @Nullable Object>> messages(Row row, String column) throws BadRowException {
        List<Map<String, @Nullable Object>> messages = new ArrayList<>();
        List<Map<String, @Nullable Object>> typed = row.objects(column);
        for (int i = 0; i < typed.size(); i++) {
            String name = column + "[" + i + "]";
            if (!(typed.get(i).get("role") instanceof String role)) {
                throw new BadRowException(
                        name + " must have a role", Row.list(typed.get(i).keySet()), "a role and a content");
            }
            messages.add(message(role, text(name, typed.get(i).get("content"))));
        }
        return messages;
    }

    private static String text(String name, @Nullable Object content) throws BadRowException {
        StringBuilder text = new StringBuilder();
        List<?> parts = content instanceof List<?> list ? list : List.of();
        for (Object part : parts) {
            if (!(part instanceof Map<?, ?> map
                    && "text".equals(map.get("type"))
                    && map.get("value") instanceof String value)) {
                throw new BadRowException(name + ".content must be text", Json.write(part), PARTS);
            }
            text.append(value);
        }
        String whole = content instanceof String plain ? plain : text.toString();
        if (!(content instanceof String) && parts.isEmpty()) {
            throw new BadRowException(name + ".content must be text", Json.kind(content), PARTS);
        }
        Row.unicode(name + ".content", whole);
        return whole;
    }

    private static void requireFullWeights(Row row, String column, int from) throws BadRowException {
        List<Map<String, @Nullable Object>> messages = row.objects(column);
        for (int i = from; i < messages.size(); i++) {
            Object weight = messages.get(i).get("loss_weight");
            if (weight != null && !(weight instanceof Number number && number.doubleValue() == 1)) {
                throw new BadRowException(
                        column + "[" + i + "].loss_weight must be 1: answers are trained whole",
                        Json.write(weight),
                        "a loss_weight of 1 after the messages that both conversations share");
            }
        }
    }
}
