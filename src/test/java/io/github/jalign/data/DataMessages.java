package io.github.jalign.data;

import static io.github.jalign.data.CaseList.CORRECT_THE_DATA;
import static io.github.jalign.data.CaseList.MESSAGE_LIST;
import static io.github.jalign.errors.JalignException.Kind.INPUT;
import static io.github.jalign.errors.JalignException.Kind.USAGE;

import io.github.jalign.MessageCase;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What jalign says about data that it cannot use. */
public final class DataMessages {
    private final CaseList list = new CaseList();

    private DataMessages() {}

    public static List<MessageCase> cases() {
        DataMessages messages = new DataMessages();
        RowMessages rows = new RowMessages(messages.list);
        try {
            messages.settings();
            messages.splits();
            messages.files();
            messages.rows();
            rows.preferenceRows();
            rows.sftRows();
            messages.models();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return messages.list.cases;
    }

    private void settings() throws IOException {
        Path named = list.file("named.jsonl", "{}");
        list.add(
                "a column that no trainer reads",
                named,
                Task.DPO,
                c -> c.columns = Map.of("question", "prompt"),
                USAGE,
                "dataset_columns: its names are TRL's, its values the data set's",
                "question: prompt",
                "prompt, chosen, rejected, completion, messages, text, tools, chat_template_kwargs",
                "write for example dataset_columns: {prompt: question, chosen: good, rejected: bad}");
        Path rows = list.file("settings.jsonl", "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}");
        list.add(
                "max_length 0",
                rows,
                Task.DPO,
                c -> c.maxLength = 0,
                USAGE,
                "max_length: the setting is out of range",
                "0",
                "a whole number, at least 1",
                "set max_length to a value in that range");
        list.add(
                "a negative split_seed",
                rows,
                Task.DPO,
                c -> c.splitSeed = -1,
                USAGE,
                "split_seed: the setting is out of range",
                "-1",
                "a whole number, at least 0",
                "set split_seed to a value in that range");
        list.add(
                "evaluation rows from two places",
                rows,
                Task.DPO,
                c -> {
                    c.testSplit = "test";
                    c.testSize = TestSize.of(0.1);
                },
                USAGE,
                "test_size: evaluation rows come from one place",
                "test_size and dataset_test_split test",
                "one of the two",
                "remove test_size or dataset_test_split");
        list.add(
                "test_size between counts and shares",
                rows,
                Task.DPO,
                c -> c.testSize = TestSize.of(1.5),
                USAGE,
                "test_size: the setting is out of range",
                "1.5",
                "a whole number of rows, at least 1, or a share above 0 and below 1",
                "set test_size to a value in that range");
        list.add(
                "test_size that takes every row",
                rows,
                Task.DPO,
                c -> c.testSize = TestSize.of(1),
                USAGE,
                "test_size: the split must leave rows to train on",
                "1 of 1 rows set aside",
                "fewer than 1 rows",
                "set a smaller test_size");
        list.add(
                "max_length that no prompt leaves room in",
                rows,
                Task.DPO,
                c -> c.maxLength = 2,
                INPUT,
                rows + ": dataset_train_split train must leave rows to use",
                "none of 1 rows: 1 dropped (the prompt fills max_length)",
                "at least one row",
                "check the rows, max_length and dataset_format");
    }

    private void splits() throws IOException {
        Path rows = list.file("splits/train.jsonl", "{}");
        list.file("splits/test-0.json.gz", "[]");
        for (String split : List.of("train[5]", "train[:200%]", "train[:3](closest)", "train+", "train[99999999999:]")) {
            list.add(
                    "the split " + split,
                    rows,
                    Task.DPO,
                    c -> c.trainSplit = split,
                    USAGE,
                    "dataset_train_split: rows are named by split and slice",
                    "\"" + split + "\"",
                    "for example train, train[:48], train[10%:20%], train[-10:] or train+test",
                    "write dataset_train_split as one of these");
        }
        list.add(
                "a split that the folder does not have",
                list.folder.resolve("splits"),
                Task.DPO,
                c -> c.testSplit = "test_prefs[:5]",
                USAGE,
                list.folder.resolve("splits") + ": the data set must have the split test_prefs",
                "the splits test, train",
                "test_prefs.jsonl, test_prefs.json, test_prefs-*.jsonl or a folder test_prefs; .gz as well",
                "take one of the splits found, by dataset_train_split or dataset_test_split in a recipe, "
                        + "by --split on a command line; or add a file");
        list.file("shards/train-00000-of-00003.jsonl", "{}");
        list.file("shards/train-00002-of-00003.jsonl", "{}");
        list.file("shards/test-00000-of-00001.jsonl", "{}");
        list.add(
                "a split of which one file is missing",
                list.folder.resolve("shards"),
                Task.DPO,
                c -> {},
                INPUT,
                list.folder.resolve("shards") + ": all files of the split train must be there",
                "no train-00001-of-00003",
                "train-00000-of-00003 to train-00002-of-00003",
                "add the file, or name those to read in dataset_name");
        list.add(
                "a slice without rows",
                rows,
                Task.DPO,
                c -> c.trainSplit = "train[1:]",
                INPUT,
                rows + ": dataset_train_split train[1:] must leave rows to use",
                "no rows",
                "at least one row",
                "check the slice and the file");
    }

    private void files() throws IOException {
        list.add(
                "a data set that is not on this disk",
                Path.of("Anthropic/hh-rlhf"),
                Task.DPO,
                c -> {},
                INPUT,
                "Anthropic/hh-rlhf: dataset_name must be a file, a folder or a pattern of such",
                "nothing there",
                "JSON Lines or JSON, gzipped or not",
                "correct the path; data sets of the Hugging Face hub must be downloaded and exported first");
        Path pattern = list.folder.resolve("rows-{1,2}.jsonl");
        list.add(
                "a pattern that matches nothing",
                pattern,
                Task.DPO,
                c -> {},
                INPUT,
                pattern + ": dataset_name must be a file, a folder or a pattern of such",
                "no file that matches",
                "JSON Lines or JSON, gzipped or not",
                "correct the path; data sets of the Hugging Face hub must be downloaded and exported first");
        Path open = Path.of("rows-[1.jsonl");
        list.add(
                "a pattern that cannot be understood",
                open,
                Task.DPO,
                c -> {},
                INPUT,
                open + ": dataset_name must be a file, a folder or a pattern of such",
                "a pattern that cannot be understood",
                "JSON Lines or JSON, gzipped or not",
                "correct the path; data sets of the Hugging Face hub must be downloaded and exported first");
        list.file("hub/data/train-00000-of-00001.parquet", "PAR1....");
        list.add(
                "a folder as it comes from the hub",
                list.folder.resolve("hub"),
                Task.DPO,
                c -> {},
                USAGE,
                list.folder.resolve("hub") + ": the data set must have the split train",
                "only Parquet files",
                "train.jsonl, train.json, train-*.jsonl or a folder train; .gz as well",
                "export them, for example with datasets' to_json");
        Path parquet = list.file("train.parquet", "PAR1....");
        list.add(
                "a Parquet file",
                parquet,
                Task.DPO,
                c -> {},
                INPUT,
                parquet + ": rows are read from JSON",
                "a Parquet file",
                "JSON Lines or a JSON array, gzipped or not",
                "export it, for example with datasets' to_json");
        byte[] gzip = RowFileTest.gzip("{}\n".repeat(99));
        Path cut = Files.write(list.folder.resolve("cut.jsonl.gz"), Arrays.copyOf(gzip, gzip.length - 9));
        list.add(
                "a gzip file that was cut off",
                cut,
                Task.DPO,
                c -> {},
                INPUT,
                cut + ": the gzip data must be whole",
                "the file ends too soon",
                "a complete gzip file",
                "copy or compress the file again");
        Path cutArray = list.file("open.json", "[{}, {\"a\": [1, 2]");
        list.add(
                "a JSON array that was cut off",
                cutArray,
                Task.DPO,
                c -> {},
                INPUT,
                cutArray + ": the file must be a whole JSON array",
                "the file ends inside row 2",
                "[row, row, …]",
                "copy or export the file again");
        Path two = list.file("two.json", "[{}]\n[{}]");
        list.add(
                "two JSON arrays in one file",
                two,
                Task.DPO,
                c -> {},
                INPUT,
                two + ": the file must be a whole JSON array",
                "text follows the array",
                "[row, row, …]",
                "copy or export the file again");
    }

    private void rows() throws IOException {
        Path latin = list.folder.resolve("latin.jsonl");
        Files.write(latin, "{\"prompt\": \"café\"}".getBytes(StandardCharsets.ISO_8859_1));
        list.add(
                "a file in Latin-1",
                latin,
                Task.DPO,
                c -> {},
                INPUT,
                latin + ":1: a row must be valid UTF-8",
                "0xe9 at byte 16 of the row",
                "text in UTF-8",
                CORRECT_THE_DATA);
        Path twice = list.file("twice.jsonl", "\n{\"prompt\": \"p\", \"prompt\": \"q\"}");
        list.add(
                "a column that stands twice in a row",
                twice,
                Task.DPO,
                c -> {},
                INPUT,
                twice + ":2: a row must be valid JSON",
                "Duplicate Object property \"prompt\" (line 1, column 25)",
                "one JSON object with unique names",
                CORRECT_THE_DATA);
        Path many = list.file(
                "many.json",
                "[{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"},",
                "{\"prompt\": \"p\", \"chosen\": true, \"rejected\": \"r\"},",
                "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}, 7, {}]");
        list.add(
                "three bad rows of five",
                many,
                Task.DPO,
                c -> {},
                INPUT,
                many + " row 2: chosen must be text or a list of messages",
                "a boolean; bad rows in all: 3, the next " + many + " row 4",
                "text, or " + MESSAGE_LIST,
                CORRECT_THE_DATA);
        Path nothing = list.file("nothing.jsonl", "7", "{}");
        list.add(
                "bad rows skipped until none is left",
                nothing,
                Task.DPO,
                c -> c.badRows = BadRows.SKIP,
                INPUT,
                nothing + ": dataset_train_split train must leave rows to use",
                "none of 2 rows: 2 bad; the first, " + nothing + ":1: a row must be a JSON object, found a number",
                "at least one row",
                "check the rows, max_length and dataset_format");
    }

    private void models() throws IOException {
        DataConfig text = new ConfigBuilder().at(list.file("model-text.jsonl", "{\"text\": \"Once\"}"));
        list.cases.add(new MessageCase(
                "text for a model without a tokenizer",
                () -> Dataset.load(text, Task.SFT, null, null),
                INPUT,
                """
                tokenizer.json: rows of text need a tokenizer
                  found     a model without one
                  expected  tokenizer.json in the model's folder, or rows of token ids
                  do        add the tokenizer, or tokenise the rows before"""));
        DataConfig chat = new ConfigBuilder()
                .at(list.file("model-chat.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}"));
        list.cases.add(new MessageCase(
                "messages for a model without a chat template",
                () -> Dataset.load(chat, Task.SFT, Tokenizer.load(TextEncoderTest.LETTERS), null),
                INPUT,
                """
                chat_template: messages need a chat template
                  found     a model without one
                  expected  a template in the model's folder or in the recipe
                  do        set chat_template, or use rows of plain text"""));
        ChatTemplate picky = ChatTemplate.parse(
                "chat_template",
                "{% if messages[0].role != 'system' %}{{ raise_exception('say who you are first') }}{% endif %}");
        list.cases.add(new MessageCase(
                "messages that the template refuses",
                () -> Dataset.load(
                        chat,
                        Task.SFT,
                        Tokenizer.load(TextEncoderTest.LETTERS),
                        new ChatFormat(picky, Map.of(), LocalDate.of(2026, 1, 31))),
                INPUT,
                """
                target/data-messages/model-chat.jsonl:1: the chat template must accept the messages
                  found     say who you are first
                  expected  messages as the template wants
                  do        correct the data, or leave bad rows out with bad_rows: skip"""));
        Path noEnd = list.folder.resolve("no-end");
        Files.createDirectories(noEnd);
        Files.copy(
                TextEncoderTest.LETTERS.resolve("tokenizer.json"),
                noEnd.resolve("tokenizer.json"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(noEnd.resolve("tokenizer_config.json"), "{}");
        list.cases.add(new MessageCase(
                "text for a tokenizer without an end token",
                () -> Dataset.load(text, Task.SFT, Tokenizer.load(noEnd), null),
                INPUT,
                """
                tokenizer_config.json: plain text ends with the tokenizer's end token
                  found     no eos_token
                  expected  the text of a special token
                  do        add eos_token, or use messages, which their template ends"""));
    }
}
