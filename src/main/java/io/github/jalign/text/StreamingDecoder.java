package io.github.jalign.text;

import java.util.Arrays;

/**
 * Text of ids that arrive one by one. Only complete characters are given out: what ends inside a character of several
 * bytes waits for the next id. All parts together are {@link Tokenizer#decode} of all ids whose bytes are valid UTF-8. For
 * one thread.
 */
public final class StreamingDecoder {
    private final Tokenizer tokenizer;
    private final boolean skipSpecialTokens;
    /** Ids from a place where text was complete; the text of {@code [0, given)} has been given out. */
    private int[] ids = new int[16];

    private int given;
    private int length;

    public StreamingDecoder(Tokenizer tokenizer, boolean skipSpecialTokens) {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
    }

    /** The text that this id completes; often a word, sometimes empty. */
    public String next(int id) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, 2 * length);
        }
        ids[length++] = id;
        // Decoding looks at the token before (a leading space at the start of a text is dropped), so the last complete
        // stretch stays in the window.
        String before = text(given);
        String now = text(length);
        if (now.length() <= before.length() || now.endsWith("\uFFFD")) {
            return "";
        }
        System.arraycopy(ids, given, ids, 0, length - given);
        length -= given;
        given = length;
        return now.substring(before.length());
    }

    /** What was held back, however incomplete; the decoder then starts anew. */
    public String finish() {
        String rest = text(length).substring(text(given).length());
        given = 0;
        length = 0;
        return rest;
    }

    private String text(int to) {
        return tokenizer.decode(Arrays.copyOf(ids, to), skipSpecialTokens);
    }
}
