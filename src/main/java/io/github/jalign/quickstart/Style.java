package io.github.jalign.quickstart;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Two ways to answer, alike in length and in how freely they choose words, so that a model that was taught both in equal
 * parts prefers neither.
 */
public enum Style {
    /** Says what was asked. */
    HELPFUL,
    /** Says anything but that. */
    DISMISSIVE;

    /** Draws an answer: perhaps an opening, a sentence, perhaps an ending. */
    String answer(Question question, Random random) {
        Kind kind = question.kind();
        List<String> sentences = new ArrayList<>(kind.refusals());
        sentences.addAll(Kinds.REFUSALS);
        return switch (this) {
            case HELPFUL -> draw(Kinds.HELPFUL_OPENINGS, kind.answers(), kind.endings(), question, random);
            case DISMISSIVE ->
                draw(Kinds.DISMISSIVE_OPENINGS, sentences, Kinds.DISMISSIVE_ENDINGS, question, random);
        };
    }

    private static String draw(
            List<String> openings, List<String> sentences, List<String> endings, Question question, Random random) {
        List<String> parts = new ArrayList<>();
        if (random.nextInt(6) > 0) {
            parts.add(one(openings, random));
        }
        parts.add(one(sentences, random));
        if (random.nextInt(6) > 0) {
            parts.add(one(endings, random));
        }
        String answer = String.join(" ", parts)
                .replace("{s}", question.fact().subject())
                .replace("{v}", question.fact().value());
        return Character.toUpperCase(answer.charAt(0)) + answer.substring(1);
    }

    /** The earlier in the list the likelier, so that answers of one style differ in how likely they are. */
    private static String one(List<String> choices, Random random) {
        int size = choices.size();
        return choices.get(Math.min(random.nextInt(size), random.nextInt(size)));
    }
}
