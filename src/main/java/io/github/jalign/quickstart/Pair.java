package io.github.jalign.quickstart;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A question and two answers to it.
 *
 * @param chosen a helpful one
 * @param rejected a dismissive one
 */
public record Pair(Question question, String chosen, String rejected) {

    /**
     * Draws pairs about different questions.
     *
     * @param heldOut whether about those kept back from training, or about the others
     * @param seed equal seeds give equal pairs
     */
    public static List<Pair> draw(int count, boolean heldOut, long seed) {
        Random random = Seeds.random(seed, heldOut ? "held out" : "train");
        List<Question> questions = new ArrayList<>(
                Question.all().stream().filter(q -> q.heldOut() == heldOut).toList());
        Collections.shuffle(questions, random);
        return questions.subList(0, count).stream()
                .map(q -> new Pair(q, Style.HELPFUL.answer(q, random), Style.DISMISSIVE.answer(q, random)))
                .toList();
    }

    /** A row of a preference file: conversational, explicit prompt. */
    public Map<String, Object> row() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("prompt", turn("user", question.text()));
        row.put("chosen", turn("assistant", chosen));
        row.put("rejected", turn("assistant", rejected));
        return row;
    }

    static List<Map<String, String>> turn(String role, String content) {
        Map<String, String> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return List.of(message);
    }
}
