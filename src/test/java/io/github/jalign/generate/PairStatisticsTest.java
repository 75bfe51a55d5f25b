package io.github.jalign.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.RowId;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** By hand: binary fractions, so that every expected number is exact. */
final class PairStatisticsTest {
    private static Item item(int line, int chosen, int rejected) {
        return new Item(
                new RowId("pairs.jsonl", line),
                new int[] {1, 2, 3},
                List.of(new Completion(new int[chosen], null), new Completion(new int[rejected], null)));
    }

    private static final List<Item> ITEMS = List.of(item(1, 2, 4), item(2, 1, 1), item(4, 4, 1), item(5, 2, 2));
    private static final double[][][] LOGPS = {
        {{-1, -2}, {-1, -1, -1, -1}}, {{-0.5}, {-1}}, {{-1, -1, -1, -1}, {-2}}, {{-1, -1}, {-1, -1}}
    };
    private static final double[][][] REFERENCE = {
        {{-2, -3}, {-1, -1, -1, -1}}, {{-1}, {-0.5}}, {{-1, -1, -1, -2}, {-2}}, {{-1, -1}, {-1, -1}}
    };

    @Test
    void withoutAReference() {
        List<PairScore> scores = PairScore.of(ITEMS, LOGPS, null);
        assertEquals(new PairScore.Side(2, -3, null), scores.getFirst().chosen());
        assertEquals("pairs.jsonl:4", scores.get(2).row().toString());
        assertEquals(3, scores.get(2).promptTokens());
        PairStatistics all = PairStatistics.of(scores, 0.5);
        assertEquals(4, all.pairs());
        assertEquals(0.5, all.accuracy(), "margins 1, 0.5, -2 and a tie, which does not count");
        assertEquals(0.5, all.accuracyPerToken(), "-1.5 against -1; -0.5, -1; -1, -2; a tie");
        assertEquals((1 + 0.5 - 2 + 0) / 4, all.margin());
        assertEquals((-3 - 0.5 - 4 - 2) / 4, all.chosenLogps());
        assertEquals((-4 - 1 - 2 - 2) / 4.0, all.rejectedLogps());
        assertEquals(-9.5 / 9, all.chosenPerToken(), "nine tokens, each counted alike");
        assertEquals(-9.0 / 8, all.rejectedPerToken());
        assertNull(all.rewards());
    }

    @Test
    void withAReference() {
        PairStatistics all = PairStatistics.of(PairScore.of(ITEMS, LOGPS, REFERENCE), 0.5);
        assertEquals(
                new PairStatistics.Rewards(0.75, (1 + 0.5 + 0.5 + 0) / 4, (1 + 0.25 + 0.5 + 0) / 4, (0 - 0.25 + 0 + 0) / 4),
                all.rewards());
    }

    @Test
    void windowsForeseeEveryTokenButTheFirstOnce() {
        int[] ids = IntStream.range(100, 110).toArray();
        assertEquals(List.of("100..103", "103..106", "106..109"), windows(ids, 4));
        assertEquals(List.of("100..104", "104..108", "108..109"), windows(ids, 5));
        assertEquals(List.of("100..109"), windows(ids, 10));
        assertEquals(List.of("100..109"), windows(ids, 1024));
        assertEquals(List.of("100..101"), windows(Arrays.copyOf(ids, 2), 2));
    }

    private static List<String> windows(int[] ids, int length) {
        return TextLoss.windows(new RowId("t", 1), ids, length).stream()
                .map(w -> w.completions().getFirst().ids())
                .map(w -> w[0] + ".." + w[w.length - 1])
                .toList();
    }

    @Test
    void lossOfAText() {
        TextLoss loss = TextLoss.of(new double[][][] {{{-1, -2}}, {{-3}}});
        assertEquals(2, loss.perToken());
        assertEquals(Math.exp(2), loss.perplexity());
        assertEquals(6 / Math.log(2) / 12, loss.bitsPerByte(12));
    }
}
