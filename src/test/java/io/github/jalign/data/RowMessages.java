package io.github.jalign.data;

import static io.github.jalign.data.CaseList.CORRECT_THE_DATA;
import static io.github.jalign.data.CaseList.MESSAGE_LIST;
import static io.github.jalign.errors.JalignException.Kind.INPUT;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/** What jalign says about single rows that it cannot use. */
final class RowMessages {
    private final CaseList list;

    RowMessages(CaseList list) {
        this.list = list;
    }

    void preferenceRows() throws IOException {
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
        list.bad(
                "a column that the rows do not have",
                "{\"question\": \"q\", \"good\": \"c\", \"bad\": \"r\"}",
                Task.DPO,
                c -> c.columns = Map.of("chosen", "best"),
                "a row must have the columns that dataset_columns names",
                "columns question, good, bad",
                "best");
        Path empty = list.file("empty-text.jsonl", "{\"chosen\": \"\", \"rejected\": \"r\"}");
        list.add(
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

    void sftRows() throws IOException {
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

    private void pair(String name, String row, String rule, String found, String expected) throws IOException {
        list.bad(name, row, Task.DPO, c -> {}, rule, found, expected);
    }

    private void sft(
            String name, String row, Consumer<ConfigBuilder> setting, String rule, String found, String expected)
            throws IOException {
        list.bad(name, row, Task.SFT, setting, rule, found, expected);
    }
}
