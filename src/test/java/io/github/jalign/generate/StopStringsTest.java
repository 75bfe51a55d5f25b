package io.github.jalign.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class StopStringsTest {
    /** What is given out at each part, and the rest. */
    private static List<String> parts(List<String> stops, String... parts) {
        StopStrings strings = new StopStrings(stops);
        List<String> out = new ArrayList<>();
        for (String part : parts) {
            out.add(strings.next(part));
        }
        out.add(strings.finish());
        return out;
    }

    @Test
    void whatMayBecomeAStopStringIsHeldBack() {
        List<String> stops = List.of("User:", "\n\n");
        assertEquals(List.of("Hi", " ", "", ""), parts(stops, "Hi", " U", "ser: no"), "a whole one");
        assertEquals(List.of("Hi ", "Users", ""), parts(stops, "Hi U", "sers"), "what only began as one");
        assertEquals(List.of("Hi ", "Use"), parts(stops, "Hi Use"), "the rest at the end");
        assertEquals(List.of("a", "\nb", ""), parts(stops, "a\n", "b"), "another one's beginning");
    }

    @Test
    void theFirstToBeCompleteEndsTheText() {
        assertEquals(List.of("xab", ""), parts(List.of("abcd", "c"), "xabcd"));
        assertEquals(List.of("x", ""), parts(List.of("c", "abc"), "xabc"), "of two that end together the longer");
        assertEquals(List.of("aa", ""), parts(List.of("aab"), "aaaab"), "one may begin inside its own beginning");
    }

    /** Against the definition, on texts of few letters so that strings overlap; cut anywhere. */
    @Test
    void cutsChangeNothing() {
        Random random = new Random(5);
        int met = 0;
        for (int trial = 0; trial < 2000; trial++) {
            List<String> stops = List.of(word(random, 1 + random.nextInt(4)), word(random, 2 + random.nextInt(3)));
            String text = word(random, random.nextInt(12));
            StopStrings strings = new StopStrings(stops);
            StringBuilder out = new StringBuilder();
            for (int at = 0; at < text.length(); ) {
                int to = at + 1 + random.nextInt(text.length() - at);
                out.append(strings.next(text.substring(at, to)));
                at = to;
            }
            boolean stopped = strings.met();
            out.append(strings.finish());
            assertEquals(ended(text, stops), out.toString(), text + " " + stops);
            assertEquals(stops.stream().anyMatch(text::contains), stopped);
            met += stopped ? 1 : 0;
        }
        assertTrue(met > 500 && met < 1500, "both kinds occur: " + met);
    }

    private static String ended(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String before = text.substring(0, end);
            int longest = stops.stream().filter(before::endsWith).mapToInt(String::length).max().orElse(0);
            if (longest > 0) {
                return text.substring(0, end - longest);
            }
        }
        return text;
    }

    private static String word(Random random, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append((char) ('a' + random.nextInt(3)));
        }
        return word.toString();
    }

    @Test
    void withoutStopStringsEverythingPasses() {
        assertEquals(List.of("a", "b\n", ""), parts(List.of(), "a", "b\n"));
    }

    @Test
    void anEmptyStopStringIsADefect() {
        assertThrows(IllegalArgumentException.class, () -> new StopStrings(List.of("a", "")));
    }
}
