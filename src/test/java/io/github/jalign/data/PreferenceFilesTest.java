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
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    /** The hashes come from a few lines of Python that read the columns by name. */
    @ParameterizedTest
    @CsvSource({
        "llamafactory-dpo_en_demo.json.gz, db81dd0f26d73091ad1fc2f1c2545c6b73a5ec8e229bb8af7b759a535a0ee56b",
        "llamafactory-dpo_zh_demo.json.gz, 49f3ac8d2fe81fcba49f40b52114caf8ea40138b0780149aa1f2bddcc88f85a8",
        "llamafactory-v1_dpo_demo.jsonl, eaa1ccf57814a7ca42ff8258cc82ecb73d51ac8fcc9013d506783ba3bcc2161b",
        "torchtune-stack_exchange_paired_tiny.json, 7e8a01bd7f44c118e1c2a72e6c453200ba91b40d715219114950fdb5f186464c",
        "persona/agreeableness.jsonl, 7cee77dff2929f2b9c42085e52e1c844cc7da9c19dd04c70f87240c0d4c3d575",
        "ultrafeedback-train-clean.jsonl.gz, e2a121762e9cabf1a76aab0bc98f74da098b16417bda3f60b7b21f05d4585d86"
    })
    void pairsAreThoseOfASecondReading(String file, String hash) throws NoSuchAlgorithmException, BadRowException {
        assertEquals(hash, hash(FOLDER.resolve(file)));
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

    private String hashOfHhRlhf() throws NoSuchAlgorithmException, BadRowException {
        return hash(HH_RLHF);
    }

    /**
     * Of prompt, chosen and rejected of every row in UTF-8, each with a zero byte after it; a list of messages as their
     * roles and texts with "end" behind them.
     */
    private String hash(Path path) throws NoSuchAlgorithmException, BadRowException {
        RowFormat format = RowFormat.of(Task.DPO, config.at(path));
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        try (FileRows file = new FileRows(path)) {
            for (FoundRow row = file.next(); row != null; row = file.next()) {
                switch (format.read(row.parse()).examples().getFirst()) {
                    case Text(String prompt, List<String> pair) -> {
                        update(sha, String.valueOf(prompt));
                        pair.forEach(answer -> update(sha, answer));
                    }
                    case Chat(var prompt, var pair, var variables) -> {
                        assertEquals(Map.of(), variables);
                        update(sha, Objects.requireNonNull(prompt));
                        pair.forEach(answer -> update(sha, answer));
                    }
                    case Example.Tokens tokens -> throw new AssertionError("token ids: " + tokens);
                }
            }
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    private static void update(MessageDigest sha, List<Map<String, @Nullable Object>> messages) {
        for (Map<String, @Nullable Object> message : messages) {
            update(sha, String.valueOf(message.get("role")));
            update(sha, String.valueOf(message.get("content")));
        }
        update(sha, "end");
    }

    private static void update(MessageDigest sha, String text) {
        sha.update(text.getBytes(StandardCharsets.UTF_8));
        sha.update((byte) 0);
    }
}
