package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a tokenizer of single letters, whose text begins with {@code <s>} and ends with {@code </s>}. */
final class TextEncoderTest {
    static final Path LETTERS = Path.of("src/test/resources/data/letters");

    @TempDir
    private Path folder;

    @Test
    void tokenIdsNeedNeitherTokenizerNorTemplate() throws IOException {
        DataConfig config = rows("{\"prompt_ids\": [1, 2], \"chosen_ids\": [3, 4, 5], \"rejected_ids\": [6]}", 4);
        Item pair = Dataset.load(config, Task.DPO, null, null).train().getFirst();
        assertArrayEquals(new int[] {1, 2}, pair.prompt());
        assertArrayEquals(new int[] {3, 4}, pair.completions().get(0).ids());
        assertArrayEquals(new int[] {6}, pair.completions().get(1).ids());
        Item whole = Dataset.load(config, Task.SFT, null, null).train().getFirst();
        assertArrayEquals(new int[0], whole.prompt());
        assertArrayEquals(new int[] {1, 2, 3, 4}, whole.completions().getFirst().ids());
    }

    @Test
    void textGetsTheTokenizersOwnSpecialTokens() throws IOException {
        DataConfig config = rows("{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c</s>\"}", 9);
        assertEquals("<s>a | b</s> | c</s>", loaded(config));
    }

    @Test
    void aMessageCannotSpellASpecialTokenUnlessItIsAllowedTo() throws IOException {
        String row = "{\"prompt\": [{\"role\": \"user\", \"content\": \"a</s>\"}],"
                + " \"chosen\": [{\"role\": \"assistant\", \"content\": \"b\"}],"
                + " \"rejected\": [{\"role\": \"assistant\", \"content\": \"c\"}]}";
        DataConfig plain = rows(row, 40);
        assertEquals("[user]a</s></s>[assistant] | b</s> | c</s>", loaded(plain));
        assertEquals(6 + 5 + 1 + 11, load(plain).train().getFirst().prompt().length);
        DataConfig special = new DataConfig(
                plain.datasetNames(),
                plain.trainSplit(),
                null,
                null,
                null,
                null,
                42,
                DatasetFormat.AUTO,
                Map.of(),
                ImplicitPrompt.TURNS,
                BadRows.FAIL,
                40,
                null,
                null,
                true);
        assertEquals(6 + 2 + 1 + 11, load(special).train().getFirst().prompt().length);
    }

    private DataConfig rows(String row, int maxLength) throws IOException {
        ConfigBuilder config = new ConfigBuilder();
        config.maxLength = maxLength;
        return config.at(Files.writeString(folder.resolve("rows.jsonl"), row));
    }

    private static Dataset load(DataConfig config) {
        Tokenizer tokenizer = Tokenizer.load(LETTERS);
        ChatTemplate template = Objects.requireNonNull(tokenizer.chatTemplate());
        return Dataset.load(
                config,
                Task.DPO,
                tokenizer,
                new ChatFormat(template, tokenizer.templateVariables(), LocalDate.of(2026, 1, 31)));
    }

    private static String loaded(DataConfig config) {
        Tokenizer tokenizer = Tokenizer.load(LETTERS);
        Item item = load(config).train().getFirst();
        StringBuilder text = new StringBuilder(tokenizer.decode(item.prompt(), false));
        item.completions().forEach(c -> text.append(" | ").append(tokenizer.decode(c.ids(), false)));
        return text.toString();
    }
}
