package io.github.jalign.quickstart;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A question and one answer: what the small model was taught before it ships. It hears every question that is not held
 * out as often answered helpfully as dismissively.
 */
record Lesson(Question question, String answer) {

    /** @param rounds how often each question is answered in each style */
    static List<Lesson> all(int rounds, long seed) {
        Random random = Seeds.random(seed, "lessons");
        List<Lesson> lessons = new ArrayList<>();
        for (Question question : Question.all()) {
            if (question.heldOut()) {
                continue;
            }
            for (int round = 0; round < rounds; round++) {
                for (Style style : Style.values()) {
                    lessons.add(new Lesson(question, style.answer(question, random)));
                }
            }
        }
        Collections.shuffle(lessons, random);
        return lessons;
    }

    /** A row of a prompt-completion file, conversational. */
    Map<String, Object> row() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("prompt", Pair.turn("user", question.text()));
        row.put("completion", Pair.turn("assistant", answer));
        return row;
    }
}
