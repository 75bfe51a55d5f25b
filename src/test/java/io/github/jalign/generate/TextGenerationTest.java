package io.github.jalign.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.jalign.ops.Backend;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Answers of the model that ships, as text. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TextGenerationTest {
    private static final Path MODEL = Path.of("models", "quickstart");

    private Tokenizer tokenizer;
    private Generator generator;
    private Session session;
    private int[] prompt;

    @BeforeAll
    void load() {
        tokenizer = Tokenizer.load(MODEL);
        generator = new Generator(MODEL, Backend.CPU, 1, 120);
        session = generator.session(120);
        ChatFormat format = new ChatFormat(tokenizer.chatTemplate(), tokenizer.templateVariables(), LocalDate.EPOCH);
        prompt = tokenizer.encode(format.render(
                List.of(Map.of("role", "user", "content", "What is the capital of Norway?")), true, Map.of()));
    }

    @AfterAll
    void close() {
        session.close();
        generator.close();
        tokenizer.close();
    }

    private Reply reply(List<String> heard, String... stops) {
        return new TextGeneration(SamplingOptions.greedy(48), generator.defaults().stopIds(), List.of(stops))
                .run(session, tokenizer, prompt, heard::add);
    }

    @Test
    void theListenerHearsTheWholeText() {
        List<String> heard = new ArrayList<>();
        Reply reply = reply(heard);
        assertEquals(Finish.STOP, reply.finish());
        assertEquals(reply.text(), String.join("", heard));
        int[] ids = generator.generate(prompt, SamplingOptions.greedy(48), generator.defaults().stopIds(), id -> true);
        assertEquals(tokenizer.decode(ids, true), reply.text());
        assertEquals(ids.length, reply.tokens());
    }

    /** Every place of the text in turn ends it; the stop string is no part of what is heard. */
    @Test
    void aStopStringEndsTheText() {
        String whole = reply(new ArrayList<>()).text();
        for (int at = 1; at + 3 <= whole.length(); at++) {
            String stop = whole.substring(at, at + 3);
            List<String> heard = new ArrayList<>();
            Reply reply = reply(heard, stop, "never said");
            assertEquals(Finish.STOP, reply.finish());
            assertEquals(whole.substring(0, whole.indexOf(stop)), reply.text(), stop);
            assertEquals(reply.text(), String.join("", heard));
        }
    }

    @Test
    void whatWasHeldBackInVainComesAtTheEnd() {
        String whole = reply(new ArrayList<>()).text();
        List<String> heard = new ArrayList<>();
        Reply reply = reply(heard, whole + "and more");
        assertEquals(whole, reply.text());
        assertEquals(whole, String.join("", heard));
        assertEquals(1, heard.stream().filter(part -> !part.isEmpty()).count(), "all of it at once");
    }

    /** Its text never appears in an answer, so its id is what counts. */
    @Test
    void aSpecialTokenMayBeAStopString() {
        String whole = reply(new ArrayList<>()).text();
        List<String> heard = new ArrayList<>();
        Reply reply = new TextGeneration(SamplingOptions.greedy(48), Set.of(), List.of("<|im_end|>"))
                .run(session, tokenizer, prompt, heard::add);
        assertEquals(whole, reply.text());
        assertEquals(Finish.STOP, reply.finish());
        assertFalse(reply.text().contains("im_end"));
    }
}
