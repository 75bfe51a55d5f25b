package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files: rows are lost one by one, and nothing but a {@link JalignException} comes out. */
final class MutatedRowsTest {
    private record Seed(Task task, String rows) {}

    private static final List<Seed> SEEDS = List.of(
            new Seed(Task.DPO, """
            {"prompt": "p", "chosen": "c\\u00e9", "rejected": "😀"}
            {"chosen": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], \
            "rejected": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "c"}]}
            {"prompt_ids": [1, 2], "chosen_ids": [3], "rejected_ids": [4, 5]}
            """),
            new Seed(Task.SFT, """
            [{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
            {"text": "\\n\\nHuman: a\\n\\nAssistant: b"}, {"input_ids": [1, 2, 3], "labels": [-100, 2, 3]},
            {"prompt": "p", "completion": "c", "tools": "[]"}]
            """),
            new Seed(Task.DPO, fixtures("oasst1.messages.jsonl")),
            new Seed(Task.DPO, fixtures(
                    "chatbot_arena_conversations.jsonl",
                    "orca_dpo_pairs.jsonl",
                    "llamafactory-v1-dpo.jsonl",
                    "persona.jsonl",
                    "oasst1.trees.jsonl",
                    "trl-tools.jsonl")));

    private static String fixtures(String... names) {
        return Stream.of(names)
                .map(SchemaFixturesTest::file)
                .map(file -> {
                    try {
                        return Files.readString(file);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .collect(Collectors.joining());
    }

    @TempDir
    private Path folder;

    @Test
    void damageIsReportedAndNeverCrashes() throws IOException {
        Random random = new Random(11);
        int[] refused = new int[SEEDS.size()];
        int[] loaded = new int[SEEDS.size()];
        for (int i = 0; i < 3000; i++) {
            int seed = i % SEEDS.size();
            String rows = SEEDS.get(seed).rows();
            byte[] plain = rows.getBytes(StandardCharsets.UTF_8);
            byte[] content = i % 5 == 0 ? mutate(RowFileTest.gzip(rows), random) : mutate(plain, random);
            Path file = Files.write(folder.resolve("rows"), content);
            ConfigBuilder config = new ConfigBuilder();
            config.badRows = BadRows.SKIP;
            config.format = DatasetFormat.values()[random.nextInt(2)];
            config.implicitPrompt = ImplicitPrompt.values()[random.nextInt(2)];
            try {
                Summary summary = Dataset.load(config.at(file), SEEDS.get(seed).task(), new Letters()).summary();
                loaded[seed]++;
                Counts counts = summary.train();
                assertEquals(
                        counts.examples(),
                        counts.kept() + counts.bad() + counts.noPreference() + counts.promptFills() + counts.nothingTrained(),
                        "every row is accounted for");
            } catch (JalignException e) {
                refused[seed]++;
                assertTrue(e.getMessage() != null && e.getMessage().startsWith(file.toString()), e.getMessage());
            }
        }
        // Both ends are met often; the exact shares follow from the seed.
        assertTrue(Arrays.stream(refused).min().orElseThrow() > 30, Arrays.toString(refused));
        assertTrue(Arrays.stream(loaded).min().orElseThrow() > 100, Arrays.toString(loaded));
    }

    private static byte[] mutate(byte[] content, Random random) {
        byte[] mutated = content.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(mutated.length);
            switch (random.nextInt(4)) {
                case 0 -> mutated[at] = (byte) random.nextInt(256);
                case 1 -> mutated[at] = (byte) "[]{}\",:\\\n0".charAt(random.nextInt(10));
                case 2 -> mutated = Arrays.copyOf(mutated, Math.max(1, mutated.length - random.nextInt(20)));
                default -> {
                    int length = random.nextInt(Math.min(30, mutated.length - at));
                    System.arraycopy(mutated, at, mutated, random.nextInt(mutated.length - length), length);
                }
            }
        }
        return mutated;
    }
}
