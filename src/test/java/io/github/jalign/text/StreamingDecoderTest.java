package io.github.jalign.text;

import static io.github.jalign.text.TinyTokenizer.IM_END;
import static io.github.jalign.text.TinyTokenizer.ids;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One id is one byte here, so every character beyond ASCII arrives in pieces. */
final class StreamingDecoderTest {
    @TempDir
    private Path folder;

    private static List<String> parts(StreamingDecoder decoder, int... ids) {
        List<String> parts = new ArrayList<>();
        for (int id : ids) {
            parts.add(decoder.next(id));
        }
        return parts;
    }

    @Test
    void charactersComeOutWhole() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizer.write(folder, TinyTokenizer.CONFIG))) {
            StreamingDecoder decoder = new StreamingDecoder(tokenizer, false);
            assertEquals(
                    List.of("a", "", "é", "", "", "漢", "", "", "", "🙂", " ", "<|im_end|>"),
                    parts(decoder, ids("aé漢🙂 ", IM_END)));
            assertEquals("", decoder.finish());
        }
    }

    @Test
    void allPartsTogetherAreTheTextOfAllIds() throws IOException {
        String text = "naïve 漢字 👩‍👧 e\u0301 🏳️‍🌈 \n".repeat(3);
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizer.write(folder, TinyTokenizer.CONFIG))) {
            StreamingDecoder decoder = new StreamingDecoder(tokenizer, true);
            assertEquals(text, tokenizer.decode(ids(text, IM_END), true));
            assertEquals(text, String.join("", parts(decoder, ids(text, IM_END))) + decoder.finish());
        }
    }

    @Test
    void whatNeverCompletesComesLastAndOnce() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizer.write(folder, TinyTokenizer.CONFIG))) {
            StreamingDecoder decoder = new StreamingDecoder(tokenizer, false);
            assertEquals(List.of("a", "", ""), parts(decoder, 'a', 0xF0, 0x9F));
            assertEquals(tokenizer.decode(new int[] {0xF0, 0x9F}, false), decoder.finish());
            assertEquals("", decoder.finish());
            assertEquals(List.of("", "é"), parts(decoder, ids("é")));
        }
    }
}
