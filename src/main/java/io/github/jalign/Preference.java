package io.github.jalign;

import io.github.jalign.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A prompt and two answers, of which the first is preferred.
 *
 * @param prompt the conversation up to the answer
 * @param chosen the turns that follow it, usually one of the assistant
 * @param rejected the turns that follow it in the worse case
 */
public record Preference(List<Message> prompt, List<Message> chosen, List<Message> rejected) {
    /** Copies its lists. */
    public Preference {
        prompt = List.copyOf(prompt);
        chosen = List.copyOf(chosen);
        rejected = List.copyOf(rejected);
    }

    /**
     * A question of the user and two answers of the assistant.
     *
     * @param question one turn of the user
     * @param chosen the better answer
     * @param rejected the worse answer
     * @return a preference of three messages
     */
    public static Preference of(String question, String chosen, String rejected) {
        return new Preference(
                List.of(Message.user(question)), List.of(Message.assistant(chosen)), List.of(Message.assistant(rejected)));
    }

    /**
     * A line of a data set that {@link Trainer#dpo} trains on: JSON, columns as TRL has them.
     *
     * @return one line, without its end
     */
    public String toJson() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("prompt", Message.values(prompt));
        row.put("chosen", Message.values(chosen));
        row.put("rejected", Message.values(rejected));
        return Json.write(row);
    }
}
