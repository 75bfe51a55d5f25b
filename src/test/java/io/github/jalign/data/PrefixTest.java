package io.github.jalign.data;

import static io.github.jalign.data.HumanAssistant.message;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.data.Example.Text;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The expected splits are those of TRL 1.16's extract_prompt. */
final class PrefixTest {
    private static final String PROMPT = "\n\nHuman: hi\n\nAssistant:";

    @Test
    void textsAreCutWhereTheirCharactersDivergeAndASpaceBeforeMoves() throws BadRowException {
        assertSplit(PROMPT + " Here's a list.", PROMPT + " I won't say.", PROMPT, " Here's a list.", " I won't say.");
        assertSplit(PROMPT + " I think so.", PROMPT + " I'm not sure.", PROMPT + " I", " think so.", "'m not sure.");
        assertSplit(PROMPT + " Yesterday it", PROMPT + " Yellow is", PROMPT + " Ye", "sterday it", "llow is");
        assertSplit("ab c", "ab d", "ab", " c", " d");
        assertSplit("a", "b", "", "a", "b");
    }

    @Test
    void theLastSharedCharacterLeaksWhenOneTextBeginsWithTheOther() throws BadRowException {
        assertSplit(PROMPT + " Sure", PROMPT + " Sure, ok", PROMPT + " Sur", "e", "e, ok");
        assertSplit(PROMPT + " same", PROMPT + " same", PROMPT + " sam", "e", "e");
        assertSplit(" ", " ", "", " ", " ");
    }

    @Test
    void aDifferenceAtTheStartLooksAtTheLastCharacterOfChosen() throws BadRowException {
        assertSplit("a b ", "x", "a b", " ", "x");
        assertSplit("a b ", "xyz ", "a b", " ", " ");
        assertSplit(" ", "x", "", " ", "x");
    }

    @Test
    void charactersAreCodePoints() throws BadRowException {
        assertSplit("x😀", "x😁", "x", "😀", "😁"); // their first UTF-16 units are equal
        assertSplit("x 😀", "x 😁", "x", " 😀", " 😁");
    }

    @Test
    void messagesAreCutAfterTheSharedOnesAndOneIsLeftToEach() {
        List<Map<String, @Nullable Object>> shared = List.of(message("user", "a"), message("assistant", "b"));
        assertEquals(2, Prefix.ofMessages(with(shared, "c"), with(shared, "d")));
        assertEquals(2, Prefix.ofMessages(with(shared, "c"), with(shared, "c")));
        assertEquals(1, Prefix.ofMessages(shared, with(shared, "c")));
        assertEquals(0, Prefix.ofMessages(shared, List.of(message("user", "x"), message("assistant", "b"))));
    }

    @Test
    void aMemberThatIsNullEqualsOneThatIsAbsent() {
        Map<String, @Nullable Object> withNull = new HashMap<>(message("user", "a"));
        withNull.put("name", null);
        Map<String, @Nullable Object> withName = new HashMap<>(message("user", "a"));
        withName.put("name", "Ann");
        List<Map<String, @Nullable Object>> end = List.of(message("assistant", "b"));
        assertEquals(1, Prefix.ofMessages(with(List.of(withNull), "x"), with(List.of(message("user", "a")), "y")));
        assertEquals(1, Prefix.ofMessages(with(List.of(message("user", "a")), "x"), with(List.of(withNull), "y")));
        assertEquals(0, Prefix.ofMessages(with(List.of(withName), "x"), with(List.of(message("user", "a")), "y")));
        assertEquals(0, Prefix.ofMessages(end, end));
    }

    private static List<Map<String, @Nullable Object>> with(
            List<? extends Map<String, @Nullable Object>> messages, String answer) {
        List<Map<String, @Nullable Object>> all = new ArrayList<>(messages);
        all.add(message("assistant", answer));
        return all;
    }

    private static void assertSplit(
            String chosen, String rejected, String prompt, String chosenEnd, String rejectedEnd)
            throws BadRowException {
        assertEquals(new Text(prompt, List.of(chosenEnd, rejectedEnd)), Prefix.ofCharacters(chosen, rejected));
    }
}
