package io.github.jalign.quickstart;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.quickstart.BytePairs.Merge;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BytePairsTest {
    /** The letters of a space and of two bytes beyond ASCII, in GPT-2's table. */
    private static final String SPACE = "\u0120";

    @TempDir
    private Path folder;

    @Test
    void theMostFrequentPairIsMergedFirst() {
        // the pairs of "low low lower": l-o 3, o-w 3, space-l 2, w-e 1, e-r 1
        BytePairs pairs = BytePairs.learn(List.of("low low lower"), 256 + 5);
        assertEquals(
                List.of(
                        new Merge("l", "o"), // first in the alphabet of two that occur 3 times
                        new Merge("lo", "w"),
                        new Merge(SPACE, "low"),
                        new Merge("e", "r"),
                        new Merge(SPACE + "low", "er")),
                pairs.merges());
        assertEquals(SPACE + "lower", pairs.symbols().getLast());
    }

    @Test
    void learningEndsWhenEveryWordIsOneSymbol() {
        assertEquals(256 + 1, BytePairs.learn(List.of("ab ", "ab"), 1000).symbols().size());
    }

    @Test
    void noMergeCrossesTheEdgeOfAWord() {
        BytePairs pairs = BytePairs.learn(List.of("it's 7up, it's 7up!"), 300);
        for (String symbol : pairs.symbols().subList(256, pairs.symbols().size())) {
            assertEquals(-1, symbol.indexOf(SPACE, 1), symbol);
        }
        assertEquals(
                List.of(new Merge("'", "s"), new Merge("i", "t"), new Merge("u", "p"), new Merge(SPACE, "7"), new Merge(SPACE, "it")),
                pairs.merges());
    }

    @Test
    void theTokenizerMergesAsLearnedAndKnowsEveryByte() throws IOException {
        BytePairs pairs = BytePairs.learn(List.of("low low lower"), 256 + 5);
        Files.writeString(folder.resolve("tokenizer.json"), TokenizerFiles.tokenizer(pairs));
        Files.writeString(folder.resolve("tokenizer_config.json"), TokenizerFiles.configuration(64));
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            int merges = TokenizerFiles.CONTROL.size() + 256;
            assertArrayEquals(new int[] {merges + 1, merges + 4, merges + 2}, tokenizer.encode("low lower low", true));
            String odd = "tab\t, line\n, caf\u00e9 \u65e5\u672c \ud83d\ude00  two spaces ";
            assertEquals(odd, tokenizer.decode(tokenizer.encode(odd, false), false));
            assertArrayEquals(
                    new int[] {1, merges + 1, 2}, tokenizer.encode("<|im_start|>low<|im_end|>", false));
            assertEquals(2, tokenizer.eosId());
            assertEquals(0, tokenizer.padId());
            assertEquals(TokenizerFiles.CONTROL.size() + pairs.symbols().size(), tokenizer.vocabularySize());
        }
    }
}
