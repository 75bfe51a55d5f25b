package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DatasetTest {
    @TempDir
    private Path folder;

    private final ConfigBuilder config = new ConfigBuilder();

    @Test
    void trainingAndEvaluationMaySliceOneFile() throws IOException {
        config.trainSplit = "train[:4]+train[8:]";
        config.testSplit = "train[3:6]";
        Dataset dataset = load(rows("rows.jsonl", 0, 10));
        assertEquals("0 1 2 3 8 9", chosen(dataset.train()));
        assertEquals("3 4 5", chosen(dataset.eval()));
    }

    @Test
    void aFolderHoldsSplitsInFilesInDataAndInSubfolders() throws IOException {
        rows("train-00001-of-00002.jsonl", 2, 4);
        rows("train-00000-of-00002.jsonl", 0, 2);
        rows("data/test.jsonl", 10, 12);
        rows("extra/b.jsonl", 22, 23);
        Files.write(folder.resolve("extra/a.json.gz"), RowFileTest.gzip("[" + row(20) + "," + row(21) + "]"));
        Files.writeString(folder.resolve("README.md"), "not rows");
        config.trainSplit = "train+extra[1:]";
        config.testSplit = "test";
        Dataset dataset = load(folder);
        assertEquals("0 1 2 3 21 22", chosen(dataset.train()));
        assertEquals("10 11", chosen(dataset.eval()));
        assertEquals(
                folder.resolve("extra/a.json.gz") + " row 2",
                dataset.train().get(4).row().toString());
        assertEquals(
                folder.resolve("train-00001-of-00002.jsonl") + ":1",
                dataset.train().get(2).row().toString());
    }

    @Test
    void severalFilesFoldersAndPatternsFollowEachOther() throws IOException {
        rows("a.jsonl", 0, 2);
        rows("b-2.jsonl", 4, 5);
        rows("b-1.jsonl", 2, 4);
        rows("deep/er/c.json", 5, 6);
        rows("whole/test.jsonl", 7, 8);
        rows("whole/train.jsonl", 6, 7);
        config.testSplit = "test";
        Dataset dataset = Dataset.load(
                config.at(
                        folder.resolve("a.jsonl").toString(),
                        folder + "/b-[12].jsonl",
                        folder + "/**/c.json*",
                        folder.resolve("whole").toString()),
                Task.DPO,
                new Letters());
        assertEquals("0 1 2 3 4 5 6", chosen(dataset.train()));
        assertEquals("7", chosen(dataset.eval()));
    }

    /** A file whose name looks like a pattern is that file. */
    @Test
    void aFileGoesBeforeThePatternOfItsName() throws IOException {
        rows("[a].jsonl", 0, 1);
        rows("a.jsonl", 1, 2);
        assertEquals("0", chosen(load(folder.resolve("[a].jsonl")).train()));
        assertEquals("1", chosen(load(folder.resolve("?.jsonl")).train()));
    }

    /** The expected rows are those of datasets 5.2's train_test_split. */
    @Test
    void rowsAreSetAsideAsTrainTestSplitDoes() throws IOException {
        Path ten = rows("ten.jsonl", 0, 10);
        config.testSize = TestSize.of(3);
        config.splitSeed = 0;
        assertEquals("7 3 5 9 0 8 1", chosen(load(ten).train()));
        assertEquals("4 6 2", chosen(load(ten).eval()));
        config.testSize = TestSize.of(0.25);
        config.splitSeed = 42;
        assertEquals("7 3 2 4 9 1 8", chosen(load(ten).train()));
        assertEquals("5 6 0", chosen(load(ten).eval()));
        config.maxTrainSamples = 2;
        config.maxEvalSamples = 1;
        assertEquals("7 3", chosen(load(ten).train()));
        assertEquals("5", chosen(load(ten).eval()));
    }

    @Test
    void aRowMayBeTakenTwice() throws IOException {
        config.trainSplit = "train[:2]+train[1:3]";
        Dataset dataset = load(rows("rows.jsonl", 0, 4));
        assertEquals("0 1 1 2", chosen(dataset.train()));
        assertEquals(4, dataset.summary().train().rows());
    }

    @Test
    void rowsOutsideTheSelectionAreNotLookedAt() throws IOException {
        Path file = Files.writeString(folder.resolve("rows.jsonl"), row(0) + "\nbroken\n" + row(2) + "\n");
        config.trainSplit = "train[:1]+train[2:]";
        assertEquals("0 2", chosen(load(file).train()));
    }

    @Test
    void badRowsAreSkippedCountedAndNamed() throws IOException {
        Path file = Files.writeString(
                folder.resolve("rows.jsonl"),
                row(0) + "\n[1]\n{\"prompt\": true, \"chosen\": \"c\", \"rejected\": \"r\"}\n" + row(3) + "\nx\n");
        config.badRows = BadRows.SKIP;
        Dataset dataset = load(file);
        assertEquals("0 3", chosen(dataset.train()));
        assertEquals(
                """
                data         %1$s
                format       TRL preference rows (prompt, chosen, rejected as text)
                train        2 of 5 rows, 16 tokens (8 trained), longest 4
                             3 bad
                bad row      %1$s:2: a row must be a JSON object, found an array
                bad row      %1$s:3: prompt must be text, found a boolean
                bad row      %1$s:5: a row must be valid JSON, found Unrecognized token 'x': was expecting (JSON String, \
                Number (or 'NaN'/'+INF'/'-INF'), Array, Object or token 'null', 'true' or 'false') (line 1, column 1)
                note         plain text is trained without the model's chat template; dataset_format: messages applies it"""
                        .formatted(file),
                String.join("\n", dataset.summary().lines()));
    }

    @Test
    void theSummaryCountsWhatEachRowLost() throws IOException {
        Path file = Files.write(
                folder.resolve("rows.jsonl"),
                List.of(
                        text("abcd", "e", "f"), // the prompt fills max_length
                        text("a", "b", "b"), // identical
                        text("at", "he", "x"), // a token across the boundary
                        text("ab", "cdef", "c"), // truncated
                        text("abcde", "f", "g"))); // so does this prompt
        config.maxLength = 5;
        config.testSplit = "train[:2]";
        Summary summary = load(file).summary();
        assertEquals(new Counts(5, 5, 3, 0, 0, 2, 0, 0, 1, 1, 1, 3, 28, 14, 5), summary.train());
        assertEquals(new Counts(2, 2, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 8, 4, 4), summary.eval());
        assertEquals(
                """
                data         %s
                format       TRL preference rows (prompt, chosen, rejected as text)
                train        3 of 5 rows, 28 tokens (14 trained), longest 5
                             2 dropped (the prompt fills max_length)
                             1 truncated at the end
                             1 with a token across the prompt's end
                             1 with chosen = rejected
                eval         1 of 2 rows, 8 tokens (4 trained), longest 4
                             1 dropped (the prompt fills max_length)
                             1 with chosen = rejected
                note         plain text is trained without the model's chat template; dataset_format: messages applies it
                note         the end of some prompts is tokenised otherwise when a completion follows; that end is left out"""
                        .formatted(file),
                String.join("\n", summary.lines()));
    }

    @Test
    void badRowsBeyondTheFirstFewAreOnlyCounted() throws IOException {
        Path file = Files.writeString(folder.resolve("rows.jsonl"), row(0) + "\n" + "[]\n".repeat(7));
        config.badRows = BadRows.SKIP;
        List<String> lines = load(file).summary().lines();
        assertEquals("bad row      " + file + ":6: a row must be a JSON object, found an array", lines.get(8));
        assertEquals("             and 2 more", lines.get(9));
    }

    @Test
    void sftLeavesTheBeginningOfPromptsAlone() throws IOException {
        Path file = Files.writeString(folder.resolve("rows.jsonl"), "{\"prompt\": \"abc\", \"completion\": \"d\"}");
        config.maxPromptLength = 2;
        Item item = Dataset.load(config.at(file), Task.SFT, new Letters()).train().getFirst();
        assertEquals("^abc", Letters.text(item.prompt()));
    }

    private Dataset load(Path data) {
        return Dataset.load(config.at(data), Task.DPO, new Letters());
    }

    /** Rows whose chosen text is their number. */
    private Path rows(String name, int from, int to) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, IntStream.range(from, to).mapToObj(DatasetTest::row).toList());
    }

    private static String row(int i) {
        return text("p", String.valueOf(i), "r");
    }

    private static String text(String prompt, String chosen, String rejected) {
        return "{\"prompt\": \"%s\", \"chosen\": \"%s\", \"rejected\": \"%s\"}".formatted(prompt, chosen, rejected);
    }

    private static String chosen(List<Item> items) {
        return items.stream()
                .map(item -> Letters.text(item.completions().getFirst().ids()).replace("$", ""))
                .collect(Collectors.joining(" "));
    }
}
