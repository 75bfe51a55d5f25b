package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ColumnsTest {
    @Test
    void linesBreakAtSpaces() {
        assertEquals(List.of("the quick", "brown fox"), Columns.wrapped("the quick brown fox", 10));
        assertEquals(List.of("the quick", "brown"), Columns.wrapped("the quick brown", 9));
        assertEquals(List.of("the", "quick", "brown"), Columns.wrapped("the quick brown", 8));
        assertEquals(List.of(""), Columns.wrapped("", 8));
    }

    @Test
    void linesOfTheTextStay() {
        assertEquals(List.of("a", "", "  - b", "c"), Columns.wrapped("a\n\n  - b\r\nc", 8));
        assertEquals(List.of("    x"), Columns.wrapped("\tx", 8));
    }

    @Test
    void longWordsAreCut() {
        assertEquals(List.of("abcd", "efgh", "ij k"), Columns.wrapped("abcdefghij k", 4));
        assertEquals(List.of("a", "bcde", "f"), Columns.wrapped("a bcdef", 4));
    }

    /** A cell for a letter, two for a Han character or an emoji, none for a combining mark. */
    @Test
    void widthIsThatOfATerminal() {
        assertEquals(List.of("漢字", "漢"), Columns.wrapped("漢字漢", 5));
        assertEquals(List.of("😀😀", "😀"), Columns.wrapped("😀😀😀", 4));
        assertEquals(List.of("e\u0301e\u0301e\u0301"), Columns.wrapped("e\u0301e\u0301e\u0301", 3));
        assertEquals(List.of("漢字    x", "漢      y"), Columns.of("漢字\n漢", "x\ny", 0, 6));
    }

    @Test
    void controlCharactersAreShown() {
        assertEquals(List.of("a\uFFFD[2Jb"), Columns.wrapped("a\u001b[2Jb", 20));
    }

    @Test
    void theLongerColumnDecides() {
        assertEquals(List.of("  one    1", "  two    2", "         3"), Columns.of("one two", "1\n2\n3", 2, 5));
        assertEquals(List.of("  one", "  two", "  three"), Columns.of("one two three", "", 2, 5));
    }
}
