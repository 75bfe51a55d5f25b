package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The expected boundaries are those of Hugging Face datasets 5.2. */
final class SplitExpressionTest {
    @Test
    void slicesCountFromEitherEndAndStopAtTheEnds() {
        assertEquals("0..7", rows("train", 7));
        assertEquals("0..7", rows("train[:]", 7));
        assertEquals("0..7", rows("train[:48]", 7));
        assertEquals("7..7", rows("train[48:64]", 7));
        assertEquals("0..7", rows("train[-10:]", 7));
        assertEquals("0..4", rows("train[:-3]", 7));
        assertEquals("0..3", rows("train[-300:3]", 7));
        assertEquals("0..100", rows("train[:1_00]", 250));
        assertEquals("240..250", rows("train[-10:]", 250));
    }

    @Test
    void percentagesAreRoundedToTheClosestRowHalfToEven() {
        assertEquals("25..50", rows("train[10%:20%]", 250));
        assertEquals("1..1", rows("train[10%:20%]", 7));
        assertEquals("6..13", rows("train[10%:20%]", 64));
        assertEquals("82..165", rows("train[33%:66%]", 250)); // 82.5 and 165
        assertEquals("0..2", rows("train[:1%]", 250)); // 2.5
        assertEquals("2..8", rows("train[1%:3%]", 250)); // 2.5 and 7.5
        assertEquals("232..250", rows("train[-7%:]", 250)); // -17.5
        assertEquals("60..64", rows("train[-7%:]", 64));
        assertEquals("25..50", rows("train[10:20%]", 250));
        assertEquals("25..50", rows("train[10%:20%](closest)", 250));
        assertEquals("0..100", rows("train[:50%](pct1_dropremainder)", 250));
    }

    @Test
    void aSliceThatEndsBeforeItStartsIsEmpty() {
        assertEquals("5..5", rows("train[5:2]", 7));
    }

    @Test
    void partsFollowEachOtherAsWritten() {
        assertEquals(
                List.of(
                        new SplitExpression.Slice("train", 2, 3, false, false),
                        new SplitExpression.Slice("extra.v2", null, 2, false, false)),
                SplitExpression.parse("dataset_train_split", " train[2:3] + extra.v2[:2] ").slices());
    }

    private static String rows(String expression, int rows) {
        SplitExpression.Slice slice =
                SplitExpression.parse("dataset_train_split", expression).slices().getFirst();
        return slice.first(rows) + ".." + slice.end(rows);
    }
}
