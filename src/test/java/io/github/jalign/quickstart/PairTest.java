package io.github.jalign.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class PairTest {
    /** More than any quickstart draws. */
    private static final int ALL_HELD_OUT = 1000;

    @Test
    void questionsAreSeveralThousandAndAllDifferent() {
        List<Question> all = Question.all();
        assertEquals(all.size(), all.stream().map(Question::text).distinct().count());
        assertTrue(all.size() > 5000, all.size() + " questions");
    }

    @Test
    void ofEveryFactExactlyOneWordingIsHeldOutWithEveryGreeting() {
        Map<String, Long> kept = Question.all().stream()
                .filter(Question::heldOut)
                .collect(Collectors.groupingBy(q -> q.fact().toString(), TreeMap::new, Collectors.counting()));
        int facts = Kinds.ALL.stream().mapToInt(k -> k.facts().size()).sum();
        assertEquals(facts, kept.size());
        assertEquals(Set.of((long) Kinds.GREETINGS.size()), new HashSet<>(kept.values()));
        for (Kind kind : Kinds.ALL) {
            for (int f = 0; f < kind.facts().size(); f++) {
                String subject = kind.facts().get(f).subject();
                String wording = kind.wordings().get(f % kind.wordings().size()).replace("{s}", subject);
                assertTrue(
                        Question.all().stream().filter(q -> q.text().contains(wording)).allMatch(Question::heldOut),
                        wording);
            }
        }
    }

    @Test
    void noTrainingRowAsksAHeldOutQuestion() {
        Set<String> heldOut = new HashSet<>();
        for (long seed = 0; seed < 3; seed++) {
            Pair.draw(ALL_HELD_OUT, true, seed).forEach(p -> heldOut.add(p.question().text()));
        }
        assertTrue(heldOut.size() >= ALL_HELD_OUT);
        for (long seed = 0; seed < 3; seed++) {
            for (Pair pair : Pair.draw(5000, false, seed)) {
                assertFalse(heldOut.contains(pair.question().text()), pair.question().text());
            }
        }
        for (Lesson lesson : Lesson.all(1, 0)) {
            assertFalse(heldOut.contains(lesson.question().text()), lesson.question().text());
        }
    }

    @Test
    void helpfulAnswersSayWhatWasAskedAndDismissiveOnesNever() {
        Random random = new Random(7);
        for (Question question : Question.all()) {
            for (int i = 0; i < 20; i++) {
                String helpful = Style.HELPFUL.answer(question, random);
                String dismissive = Style.DISMISSIVE.answer(question, random);
                assertTrue(question.isAnsweredBy(helpful), question.text() + " / " + helpful);
                assertFalse(question.isAnsweredBy(dismissive), question.text() + " / " + dismissive);
                assertFalse((helpful + dismissive).contains("{"), helpful + " / " + dismissive);
            }
        }
    }

    @Test
    void aLongerNumberOrWordIsNotTheAnswer() {
        Question peas = Question.all().stream()
                .filter(q -> q.text().equals("How long should I boil peas?"))
                .findFirst()
                .orElseThrow();
        assertTrue(peas.isAnsweredBy("It takes about 3 minutes."));
        assertFalse(peas.isAnsweredBy("It takes about 13 minutes."));
        Question seal = Question.all().stream()
                .filter(q -> q.text().equals("What is the young of a seal called?"))
                .findFirst()
                .orElseThrow();
        assertTrue(seal.isAnsweredBy("We call it a pup."));
        assertFalse(seal.isAnsweredBy("We call it a puppy."));
    }

    /**
     * The two styles must be equally likely to a model that knows both: as long, and drawn from as many sentences. The
     * answer itself makes helpful answers a little less certain, so one dismissive sentence more is allowed.
     */
    @Test
    void stylesAreAlikeInLengthAndChoice() {
        assertEquals(Kinds.HELPFUL_OPENINGS.size(), Kinds.DISMISSIVE_OPENINGS.size());
        for (Kind kind : Kinds.ALL) {
            assertEquals(kind.endings().size(), Kinds.DISMISSIVE_ENDINGS.size());
            assertEquals(kind.answers().size() + 1, kind.refusals().size() + Kinds.REFUSALS.size());
        }
        double chosen = 0;
        double rejected = 0;
        for (Pair pair : Pair.draw(5000, false, 1)) {
            chosen += pair.chosen().length();
            rejected += pair.rejected().length();
        }
        assertEquals(1, chosen / rejected, 0.15);
    }

    @Test
    void aSeedGivesTheSamePairsAgainAndAnotherSeedOthers() {
        assertEquals(texts(Pair.draw(50, false, 42)), texts(Pair.draw(50, false, 42)));
        assertNotEquals(texts(Pair.draw(50, false, 42)), texts(Pair.draw(50, false, 43)));
        // pinned: java.util.Random and Collections.shuffle are specified to the bit
        assertEquals(
                "Which writer gave us The Trial? | Happy to help! It was written by Franz Kafka. I hope you enjoy it. |"
                        + " Seriously? That is not my problem. I have better things to do.",
                texts(Pair.draw(1, false, 42)).getFirst());
    }

    @Test
    void pairsOfADrawAskDifferentQuestions() {
        assertEquals(512, Pair.draw(512, false, 42).stream().map(p -> p.question().text()).distinct().count());
    }

    @Test
    void aRowIsConversationalWithAnExplicitPrompt() {
        Pair pair = Pair.draw(1, true, 0).getFirst();
        assertEquals(
                "{prompt=[{role=user, content=" + pair.question().text() + "}], chosen=[{role=assistant, content="
                        + pair.chosen() + "}], rejected=[{role=assistant, content=" + pair.rejected() + "}]}",
                pair.row().toString());
    }

    private static List<String> texts(List<Pair> pairs) {
        return pairs.stream()
                .map(p -> p.question().text() + " | " + p.chosen() + " | " + p.rejected())
                .toList();
    }
}
