package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.errors.JalignException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every real preference file: loaded where its schema is accepted, refused by name where it is not. */
@Tag("shared")
final class PreferenceFilesTest {
    private static final Path FOLDER =
            Path.of(System.getProperty("jalign.shared", "../shared"), "data", "preferences");
    private static final Path HH_RLHF = FOLDER.resolve("hh-rlhf-harmless-base-test.jsonl.gz");

    private final ConfigBuilder config = new ConfigBuilder();

    /** The hash is that of TRL 1.16's extract_prompt on the same rows. */
    @Test
    void hhRlhfIsSplitByCharactersAsTrlDoes() throws NoSuchAlgorithmException, BadRowException {
        config.implicitPrompt = ImplicitPrompt.TRL;
        assertEquals("5fe538a118e8644328876979131fba68033095b29bd5b99dcaa6bfef418ddbd5", hashOfHhRlhf());
    }

    /** The hash comes from the few lines of Python that cut at the last marker in the common beginning. */
    @Test
    void hhRlhfIsSplitAtTurns() throws NoSuchAlgorithmException, BadRowException {
        assertEquals("6a0f817361c0c17b4ab3112b5dbc7df32b44ac380fd53ab25bb34ecfccddad27", hashOfHhRlhf());
    }

    @Test
    void hhRlhfBecomesMessages() throws BadRowException {
        config.format = DatasetFormat.MESSAGES;
        RowFormat format = RowFormat.of(Task.DPO, config.at(HH_RLHF));
        int rows = 0;
        int messages = 0;
        try (RowFile file = new RowFile(HH_RLHF)) {
            for (RawRow row = file.next(); row != null; row = file.next()) {
                Chat chat = (Chat) format.example(row.parse());
                List<?> prompt = chat.prompt() == null ? List.of() : chat.prompt();
                messages += prompt.size();
                rows++;
            }
        }
        assertEquals(2312, rows);
        assertEquals(9204, messages);
    }

    @Test
    void everyAcceptedPreferenceFileLoadsWhole() {
        config.maxLength = null;
        assertEquals(2312, kept(Task.DPO, "hh-rlhf-harmless-base-test.jsonl.gz").kept());
        assertEquals(1000, kept(Task.DPO, "ultrafeedback-label-flip-20.jsonl.gz").kept());
        assertEquals(1, kept(Task.DPO, "torchtune-hh_rlhf_tiny.json").kept());
        Counts clean = kept(Task.DPO, "ultrafeedback-train-clean.jsonl.gz");
        assertEquals(1000, clean.kept());
        assertEquals(4, clean.identical());
        config.format = DatasetFormat.MESSAGES;
        assertEquals(2312, kept(Task.DPO, "hh-rlhf-harmless-base-test.jsonl.gz").kept());
        assertEquals(4, kept(Task.DPO, "ultrafeedback-train-clean.jsonl.gz").identical());
        assertEquals(1000, kept(Task.SFT, "ultrafeedback-train-clean.jsonl.gz").kept());
        assertEquals(300, kept(Task.SFT, "llamafactory-kto_en_demo.json.gz").kept());
    }

    @Test
    void otherSchemasAreRefusedByTheirColumns() {
        assertRefused("llamafactory-kto_en_demo.json.gz", " row 1", "columns messages, label", 300);
        assertRefused("llamafactory-v1_dpo_demo.jsonl", ":1", "columns chosen_messages, rejected_messages", 10);
        assertRefused(
                "torchtune-stack_exchange_paired_tiny.json", " row 1", "columns question, response_j, response_k", 25);
        assertRefused(
                "persona/agreeableness.jsonl",
                ":1",
                "columns question, statement, label_confidence, answer_matching_behavior, answer_not_matching_behavior",
                1000);
        for (String language : List.of("en", "zh")) {
            Path file = FOLDER.resolve("llamafactory-dpo_" + language + "_demo.json.gz");
            assertEquals(
                    """
                    %1$s row 1: chosen must be text or a list of messages
                      found     an object; bad rows in all: 300, the next %1$s row 2
                      expected  text, or a list of {"role": text, "content": text}
                      do        correct the data, or leave bad rows out with bad_rows: skip"""
                            .formatted(file),
                    assertThrows(JalignException.class, () -> load(Task.DPO, file))
                            .getMessage());
        }
    }

    private void assertRefused(String name, String row, String found, int rows) {
        Path file = FOLDER.resolve(name);
        assertEquals(
                """
                %1$s%2$s: a preference row needs its columns
                  found     %3$s; bad rows in all: %4$d, the next %1$s%5$s
                  expected  chosen and rejected, with or without prompt, or prompt_ids, chosen_ids and rejected_ids
                  do        correct the data, or leave bad rows out with bad_rows: skip"""
                        .formatted(file, row, found, rows, row.replace('1', '2')),
                assertThrows(JalignException.class, () -> load(Task.DPO, file)).getMessage());
    }

    private Counts kept(Task task, String file) {
        return load(task, FOLDER.resolve(file)).summary().train();
    }

    private Dataset load(Task task, Path file) {
        return Dataset.load(config.at(file), task, new Letters());
    }

    /** Of prompt, chosen and rejected of every row in UTF-8, each with a zero byte after it. */
    private String hashOfHhRlhf() throws NoSuchAlgorithmException, BadRowException {
        RowFormat format = RowFormat.of(Task.DPO, config.at(HH_RLHF));
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        try (RowFile file = new RowFile(HH_RLHF)) {
            for (RawRow row = file.next(); row != null; row = file.next()) {
                Text text = (Text) format.example(row.parse());
                update(sha, String.valueOf(text.prompt()));
                text.completions().forEach(completion -> update(sha, completion));
            }
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    private static void update(MessageDigest sha, String text) {
        sha.update(text.getBytes(StandardCharsets.UTF_8));
        sha.update((byte) 0);
    }
}
