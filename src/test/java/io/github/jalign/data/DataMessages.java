package io.github.jalign.data;

import static io.github.jalign.errors.JalignException.Kind.INPUT;
import static io.github.jalign.errors.JalignException.Kind.USAGE;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException.Kind;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What jalign says about data that it cannot use. */
public final class DataMessages {
    private static final String CORRECT_THE_DATA = "correct the data, or leave bad rows out with bad_rows: skip";
    private static final String MESSAGE_LIST = "a list of {\"role\": text, \"content\": text}";

    private final Path folder = Path.of("target", "data-messages");
    private final List<MessageCase> cases = new ArrayList<>();

    private DataMessages() {}

    public static List<MessageCase> cases() {
        DataMessages messages = new DataMessages();
        try {
            Files.createDirectories(messages.folder);
            messages.settings();
            messages.splits();
            messages.files();
            messages.rows();
            messages.preferenceRows();
            messages.sftRows();
            messages.models();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return messages.cases;
    }

    private void settings() throws IOException {
        Path rows = file("settings.jsonl", "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}");
        add(
                "max_length 0",
                rows,
                Task.DPO,
                c -> c.maxLength = 0,
                USAGE,
                "max_length: the setting is out of range",
                "0",
                "a whole number, at least 1",
                "set max_length to a value in that range");
        add(
                "a negative split_seed",
                rows,
                Task.DPO,
                c -> c.splitSeed = -1,
                USAGE,
                "split_seed: the setting is out of range",
                "-1",
                "a whole number, at least 0",
                "set split_seed to a value in that range");
        add(
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
        add(
                "test_size between counts and shares",
                rows,
                Task.DPO,
                c -> c.testSize = TestSize.of(1.5),
                USAGE,
                "test_size: the setting is out of range",
                "1.5",
                "a whole number of rows, at least 1, or a share above 0 and below 1",
                "set test_size to a value in that range");
        add(
                "test_size that takes every row",
                rows,
                Task.DPO,
                c -> c.testSize = TestSize.of(1),
                USAGE,
                "test_size: the split must leave rows to train on",
                "1 of 1 rows set aside",
                "fewer than 1 rows",
                "set a smaller test_size");
        add(
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
        Path rows = file("splits/train.jsonl", "{}");
        file("splits/test-0.json.gz", "[]");
        for (String split : List.of("train[5]", "train[:200%]", "train[:3](closest)", "train+", "train[99999999999:]")) {
            add(
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
        add(
                "a split that the folder does not have",
                folder.resolve("splits"),
                Task.DPO,
                c -> c.testSplit = "test_prefs[:5]",
                USAGE,
                folder.resolve("splits") + ": the data set must have the split test_prefs",
                "the splits test, train",
                "test_prefs.jsonl, test_prefs.json, test_prefs-*.jsonl or a folder test_prefs; .gz as well",
                "name one of the splits found, or add a file");
        add(
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
        add(
                "a data set that is not on this disk",
                Path.of("Anthropic/hh-rlhf"),
                Task.DPO,
                c -> {},
                INPUT,
                "Anthropic/hh-rlhf: dataset_name must be a file or a folder",
                "nothing there",
                "JSON Lines or JSON, gzipped or not",
                "correct the path; data sets of the Hugging Face hub must be downloaded and exported first");
        Path parquet = file("train.parquet", "PAR1....");
        add(
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
        Path cut = Files.write(folder.resolve("cut.jsonl.gz"), Arrays.copyOf(gzip, gzip.length - 9));
        add(
                "a gzip file that was cut off",
                cut,
                Task.DPO,
                c -> {},
                INPUT,
                cut + ": the gzip data must be whole",
                "the file ends too soon",
                "a complete gzip file",
                "copy or compress the file again");
        Path open = file("open.json", "[{}, {\"a\": [1, 2]");
        add(
                "a JSON array that was cut off",
                open,
                Task.DPO,
                c -> {},
                INPUT,
                open + ": the file must be a whole JSON array",
                "the file ends inside row 2",
                "[row, row, …]",
                "copy or export the file again");
        Path two = file("two.json", "[{}]\n[{}]");
        add(
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
        Path latin = folder.resolve("latin.jsonl");
        Files.write(latin, "{\"prompt\": \"café\"}".getBytes(StandardCharsets.ISO_8859_1));
        add(
                "a file in Latin-1",
                latin,
                Task.DPO,
                c -> {},
                INPUT,
                latin + ":1: a row must be valid UTF-8",
                "0xe9 at byte 16 of the row",
                "text in UTF-8",
                CORRECT_THE_DATA);
        Path twice = file("twice.jsonl", "\n{\"prompt\": \"p\", \"prompt\": \"q\"}");
        add(
                "a column that stands twice in a row",
                twice,
                Task.DPO,
                c -> {},
                INPUT,
                twice + ":2: a row must be valid JSON",
                "Duplicate Object property \"prompt\" (line 1, column 25)",
                "one JSON object with unique names",
                CORRECT_THE_DATA);
        Path many = file(
                "many.json",
                "[{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"},",
                "{\"prompt\": \"p\", \"chosen\": true, \"rejected\": \"r\"},",
                "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}, 7, {}]");
        add(
                "three bad rows of five",
                many,
                Task.DPO,
                c -> {},
                INPUT,
                many + " row 2: chosen must be text or a list of messages",
                "a boolean; bad rows in all: 3, the next " + many + " row 4",
                "text, or " + MESSAGE_LIST,
                CORRECT_THE_DATA);
        Path nothing = file("nothing.jsonl", "7", "{}");
        add(
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

    private void preferenceRows() throws IOException {
        String columns = "chosen and rejected, with or without prompt, or prompt_ids, chosen_ids and rejected_ids";
        pair(
                "another schema",
                "{\"question\": \"q\", \"response_j\": \"a\", \"response_k\": \"b\"}",
                "a preference row needs its columns",
                "columns question, response_j, response_k",
                columns);
        pair(
                "text beside messages",
                "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": [{\"role\": \"assistant\", \"content\": \"r\"}]}",
                "chosen and rejected must be of one kind",
                "a string and an array",
                "text in both, or message lists in both");
        pair(
                "a number for a message's text",
                "{\"chosen\": [{\"role\": \"user\", \"content\": 7}], \"rejected\": []}",
                "chosen[0].content must be text",
                "a number",
                MESSAGE_LIST);
        pair(
                "a message in the ShareGPT form",
                "{\"chosen\": [{\"from\": \"gpt\", \"value\": \"c\"}], \"rejected\": []}",
                "chosen[0] must have a role",
                "only from, value",
                MESSAGE_LIST);
        pair(
                "no messages",
                "{\"chosen\": [], \"rejected\": []}",
                "chosen must hold at least one message",
                "an empty list",
                MESSAGE_LIST);
        pair(
                "conversations about different things",
                "{\"chosen\": [{\"role\": \"user\", \"content\": \"a\"}], \"rejected\": [{\"role\": \"user\", \"content\": \"b\"}]}",
                "chosen and rejected must begin with the same messages",
                "they differ from the first one on",
                "conversations that share their prompt, or a prompt column");
        pair(
                "text without a prompt",
                "{\"chosen\": \"yes\", \"rejected\": \"no\"}",
                "text without a prompt column must share an assistant's turn",
                "no \"\\n\\nAssistant:\" in the beginning that chosen and rejected share",
                "hh-rlhf text, a prompt column, or implicit_prompt: trl, which cuts where the characters diverge");
        pair(
                "half a surrogate pair",
                "{\"prompt\": \"p\", \"chosen\": \"\\ud83d\\ude00 \\ud83d!\", \"rejected\": \"r\"}",
                "chosen must be Unicode text",
                "half a surrogate pair, \\ud83d, at character 4",
                "surrogates in pairs");
        pair(
                "a token id that is no whole number",
                "{\"prompt_ids\": [1, 2.5], \"chosen_ids\": [1], \"rejected_ids\": [1]}",
                "prompt_ids[1] must be a token id",
                "2.5",
                "a list of token ids, whole numbers from 0");
        pair(
                "token ids without the rejected side",
                "{\"prompt_ids\": [1], \"chosen_ids\": [1]}",
                "rejected_ids must be a list of whole numbers",
                "columns prompt_ids, chosen_ids",
                "a list of token ids, whole numbers from 0");
        pair(
                "an empty completion",
                "{\"prompt_ids\": [1], \"chosen_ids\": [], \"rejected_ids\": [1]}",
                "chosen_ids must hold at least one token",
                "an empty list",
                "token ids");
        pair(
                "tools that are no list",
                "{\"prompt\": [{\"role\": \"user\", \"content\": \"p\"}], \"chosen\": [{\"role\": \"user\", \"content\": \"p\"}],"
                        + " \"rejected\": [{\"role\": \"user\", \"content\": \"p\"}], \"tools\": \"{}\"}",
                "tools must be a list",
                "an object",
                "a list of tools, or its JSON text");
        Path empty = file("empty-text.jsonl", "{\"chosen\": \"\", \"rejected\": \"r\"}");
        add(
                "an empty text under implicit_prompt: trl",
                empty,
                Task.DPO,
                c -> c.implicitPrompt = ImplicitPrompt.TRL,
                INPUT,
                empty + ":1: texts without a prompt column must begin alike",
                "chosen is empty",
                "two texts with a common beginning, or a prompt column",
                CORRECT_THE_DATA);
    }

    private void sftRows() throws IOException {
        sft(
                "another schema for SFT",
                "{\"instruction\": \"i\", \"output\": \"o\"}",
                c -> {},
                "an SFT row needs its columns",
                "columns instruction, output",
                "messages; prompt and completion; text; chosen, rejected and perhaps prompt; or input_ids");
        sft(
                "completion_only_loss on whole conversations",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"p\"}]}",
                c -> c.completionOnlyLoss = true,
                "completion_only_loss needs a prompt apart from its completion",
                "messages",
                "prompt and completion, a preference row, or completion_only_loss: false");
        sft(
                "dataset_format: messages on plain text",
                "{\"text\": \"Once\"}",
                c -> c.format = DatasetFormat.MESSAGES,
                "dataset_format: messages needs text with turns",
                "text without a prompt that does not begin with \"\\n\\nHuman:\"",
                "prompt and completion, or hh-rlhf text");
        sft(
                "a prompt and a completion of different kinds",
                "{\"prompt\": [{\"role\": \"user\", \"content\": \"p\"}], \"completion\": \"c\"}",
                c -> {},
                "prompt and completion must be of one kind",
                "an array and a string",
                "text in both, or message lists in both");
        sft(
                "labels of another length",
                "{\"input_ids\": [1, 2], \"labels\": [1]}",
                c -> {},
                "labels must be as long as input_ids",
                "1 and 2",
                "one entry for each token");
        sft(
                "labels shifted by one",
                "{\"input_ids\": [1, 2], \"labels\": [2, -100]}",
                c -> {},
                "labels[0] must be −100 or the token itself",
                "2 where input_ids has 1",
                "labels that are not shifted");
        sft(
                "a mask of other numbers",
                "{\"input_ids\": [1, 2], \"completion_mask\": [0, 2]}",
                c -> {},
                "completion_mask[1] must be a flag",
                "2",
                "a list of 0 and 1");
    }

    private void models() throws IOException {
        DataConfig text = new ConfigBuilder().at(file("model-text.jsonl", "{\"text\": \"Once\"}"));
        cases.add(new MessageCase(
                "text for a model without a tokenizer",
                () -> Dataset.load(text, Task.SFT, null, null),
                INPUT,
                """
                tokenizer.json: rows of text need a tokenizer
                  found     a model without one
                  expected  tokenizer.json in the model's folder, or rows of token ids
                  do        add the tokenizer, or tokenise the rows before"""));
        DataConfig chat = new ConfigBuilder()
                .at(file("model-chat.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}"));
        cases.add(new MessageCase(
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
        cases.add(new MessageCase(
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
        Path noEnd = folder.resolve("no-end");
        Files.createDirectories(noEnd);
        Files.copy(
                TextEncoderTest.LETTERS.resolve("tokenizer.json"),
                noEnd.resolve("tokenizer.json"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(noEnd.resolve("tokenizer_config.json"), "{}");
        cases.add(new MessageCase(
                "text for a tokenizer without an end token",
                () -> Dataset.load(text, Task.SFT, Tokenizer.load(noEnd), null),
                INPUT,
                """
                tokenizer_config.json: plain text ends with the tokenizer's end token
                  found     no eos_token
                  expected  the text of a special token
                  do        add eos_token, or use messages, which their template ends"""));
    }

    private void pair(String name, String row, String rule, String found, String expected) throws IOException {
        bad(name, row, Task.DPO, c -> {}, rule, found, expected);
    }

    private void sft(
            String name, String row, Consumer<ConfigBuilder> setting, String rule, String found, String expected)
            throws IOException {
        bad(name, row, Task.SFT, setting, rule, found, expected);
    }

    private void bad(
            String name,
            String row,
            Task task,
            Consumer<ConfigBuilder> setting,
            String rule,
            String found,
            String expected)
            throws IOException {
        Path file = file(name.replaceAll("\\W+", "-") + ".jsonl", row);
        add(name, file, task, setting, INPUT, file + ":1: " + rule, found, expected, CORRECT_THE_DATA);
    }

    private void add(
            String name,
            Path data,
            Task task,
            Consumer<ConfigBuilder> setting,
            Kind kind,
            String whereAndRule,
            String found,
            String expected,
            String action) {
        cases.add(new MessageCase(
                name,
                () -> {
                    ConfigBuilder config = new ConfigBuilder();
                    setting.accept(config);
                    Dataset.load(config.at(data), task, new Letters());
                },
                kind,
                whereAndRule + "\n  found     " + found + "\n  expected  " + expected + "\n  do        " + action));
    }

    private Path file(String name, String... lines) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, String.join("\n", lines));
    }
}
