package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.data.Example.Tokens;
import io.github.jalign.data.Outcome.Event;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** With the tokens of {@link Letters}: one a letter, "th" as one; text begins with ^ and ends with $. */
final class TokenizationTest {
    private static final RowId ROW = new RowId("f", 1);

    @Test
    void textPairsShareTheBeginningTokenAndEndWithTheEndToken() throws BadRowException {
        Outcome outcome = outcome(null, null, new Text("ab", List.of("c", "d$")));
        assertEquals("^ab | c$ | d$", shown(outcome));
        assertEquals(Set.of(Event.TEXT), outcome.events());
    }

    @Test
    void conversationsHoldWhatTheTemplateRenders() throws BadRowException {
        Outcome outcome = outcome(
                null,
                null,
                new Chat(
                        List.of(message("user", "q")),
                        List.of(List.of(message("assistant", "c")), List.of(message("assistant", "r"))),
                        Map.of("tools", List.of(1L))));
        assertEquals("[tools][1][user]q$[assistant] | c$ | r$", shown(outcome));
        assertEquals(Set.of(), outcome.events());
    }

    @Test
    void aTokenAcrossTheBoundaryOfEitherSideMovesItForBoth() throws BadRowException {
        Outcome outcome = outcome(null, null, new Text("at", List.of("he", "x")));
        assertEquals("^a | the$ | tx$", shown(outcome));
        assertArrayEquals(Letters.ids("the$"), completion(outcome, 0).ids());
        assertEquals(Set.of(Event.TEXT, Event.BOUNDARY_MISMATCH), outcome.events());
    }

    @Test
    void aPromptThatIsNotRenderedAlikeIsCutWhereItDiffers() throws BadRowException {
        Outcome outcome = outcome(
                null,
                null,
                new Chat(List.of(message("user", "q")), List.of(List.of(message("user", "more"))), Map.of()));
        assertEquals("[user]q$[ | user]more$", shown(outcome));
        assertEquals(Set.of(Event.BOUNDARY_MISMATCH), outcome.events());
    }

    @Test
    void completionsAreCutAtMaxLengthEachForItself() throws BadRowException {
        Outcome outcome = outcome(null, 5, new Text("ab", List.of("c", "defg")));
        assertEquals("^ab | c$ | de", shown(outcome));
        assertEquals(Set.of(Event.TEXT, Event.TRUNCATED), outcome.events());
    }

    @Test
    void aPromptThatFillsMaxLengthDropsTheRow() throws BadRowException {
        Text row = new Text("abcd", List.of("e", "f"));
        Outcome dropped = outcome(null, 5, row);
        assertNull(dropped.item());
        assertEquals(Set.of(Event.TEXT, Event.PROMPT_FILLS), dropped.events());
        assertEquals("^abcd | e | f", shown(outcome(null, 6, row)));
    }

    @Test
    void aLongPromptKeepsItsEnd() throws BadRowException {
        Outcome outcome = outcome(2, 3, new Text("abcd", List.of("e", "f")));
        assertEquals("cd | e | f", shown(outcome));
        assertEquals(Set.of(Event.TEXT, Event.PROMPT_TRUNCATED, Event.TRUNCATED), outcome.events());
    }

    @Test
    void identicalSidesAreKeptAndNamed() throws BadRowException {
        assertEquals(
                Set.of(Event.TEXT, Event.IDENTICAL),
                outcome(null, null, new Text("a", List.of("b", "b"))).events());
    }

    @Test
    void withoutAPromptAllIsTrained() throws BadRowException {
        Outcome outcome = outcome(null, 4, new Text(null, List.of("abcd")));
        assertEquals(" | ^abc", shown(outcome));
        assertNull(completion(outcome, 0).trained());
    }

    @Test
    void leadingUntrainedTokensBecomeThePrompt() throws BadRowException {
        Outcome outcome = outcome(null, 4, labelled("abcde", false, false, true, false, true));
        assertEquals("ab | cd", shown(outcome));
        assertArrayEquals(new boolean[] {true, false}, completion(outcome, 0).trained());
    }

    @Test
    void aRowWithoutATrainedTokenLeftIsDropped() throws BadRowException {
        Outcome outcome = outcome(null, 2, labelled("abc", false, false, true));
        assertNull(outcome.item());
        assertEquals(Set.of(Event.TRUNCATED, Event.NOTHING_TRAINED), outcome.events());
        assertEquals("ab | c", shown(outcome(null, 3, labelled("abc", false, false, true))));
    }

    @Test
    void theFirstTokenOfASequenceHasNothingToPredictIt() throws BadRowException {
        assertEquals(
                Set.of(Event.NOTHING_TRAINED),
                outcome(null, null, labelled("ab", true, false)).events());
    }

    private static Tokens labelled(String ids, boolean... trained) {
        return new Tokens(new int[0], List.of(new Completion(Letters.ids(ids), trained)));
    }

    private static Outcome outcome(@Nullable Integer maxPromptLength, @Nullable Integer maxLength, Example example)
            throws BadRowException {
        return new Tokenization(new Letters(), maxPromptLength, maxLength).outcome(ROW, example);
    }

    private static Completion completion(Outcome outcome, int i) {
        Item item = outcome.item();
        assertNotNull(item);
        return item.completions().get(i);
    }

    private static Map<String, @Nullable Object> message(String role, String content) {
        return HumanAssistant.message(role, content);
    }

    /** Prompt and completions, as letters. */
    private static String shown(Outcome outcome) {
        Item item = outcome.item();
        assertNotNull(item);
        StringBuilder text = new StringBuilder(Letters.text(item.prompt()));
        item.completions().forEach(c -> text.append(" | ").append(Letters.text(c.ids())));
        return text.toString();
    }
}
