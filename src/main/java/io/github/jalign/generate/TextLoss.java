package io.github.jalign.generate;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.RowId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How well a model foresees a plain text: log-probs of its tokens, each behind those of its window that come before.
 *
 * @param logps of every token but the first, in nats
 */
public record TextLoss(double[] logps) {
    /**
     * Cuts a text into windows, of which each begins with the last token of the one before, so that every token but the
     * first is foreseen once.
     *
     * @param ids at least two
     * @param length tokens of a window, at least two
     */
    public static List<Item> windows(RowId text, int[] ids, int length) {
        List<Item> windows = new ArrayList<>();
        for (int from = 0; from < ids.length - 1; from += length - 1) {
            int[] window = Arrays.copyOfRange(ids, from, Math.min(from + length, ids.length));
            windows.add(new Item(text, new int[0], List.of(new Completion(window, null))));
        }
        return windows;
    }

    /** @param logps of {@link #windows}, see {@link Generator#tokenLogps} */
    public static TextLoss of(double[][][] logps) {
        return new TextLoss(Arrays.stream(logps).flatMapToDouble(window -> Arrays.stream(window[0])).toArray());
    }

    /** Mean of − log p over the tokens, in nats. */
    public double perToken() {
        return -Generator.sum(logps) / logps.length;
    }

    public double perplexity() {
        return Math.exp(perToken());
    }

    /**
     * The whole text's − log p in bits for each of its bytes, which models of different tokenizers can be compared by.
     *
     * @param bytes of the text in UTF-8
     */
    public double bitsPerByte(long bytes) {
        return -Generator.sum(logps) / Math.log(2) / bytes;
    }
}
