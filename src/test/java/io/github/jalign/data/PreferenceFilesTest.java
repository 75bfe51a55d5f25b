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
                Chat chat = (Chat) format.read(row.parse()).examples().getFirst();
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
        assertEquals(300, kept(Task.DPO, "llamafactory-dpo_en_demo.json.gz").kept());
        assertEquals(300, kept(Task.DPO, "llamafactory-dpo_zh_demo.json.gz").kept());
        assertEquals(10, kept(Task.DPO, "llamafactory-v1_dpo_demo.jsonl").kept());
        assertEquals(25, kept(Task.DPO, "torchtune-stack_exchange_paired_tiny.json").kept());
        assertEquals(1000, kept(Task.DPO, "persona/agreeableness.jsonl").kept());
        assertEquals(2000, kept(Task.DPO, "persona/*.jsonl").kept());
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
    void unpairedRowsAreRefusedByTheirColumns() {
        Path file = FOLDER.resolve("llamafactory-kto_en_demo.json.gz");
        assertEquals(
                """
                %1$s row 1: a preference row needs its columns
                  found     columns messages, label; bad rows in all: 300, the next %1$s row 2
                  expected  chosen and rejected, with or without prompt, or those of a known data set
                  do        use pairs; rows with one answer and a label are for KTO, which is not built yet"""
                        .formatted(file),
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
                Text text = (Text) format.read(row.parse()).examples().getFirst();
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
