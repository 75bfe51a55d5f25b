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
        String known = "chosen and rejected, with or without prompt, or those of a known data set";
        String nameThem = "say which columns they are: dataset_columns: {prompt: …, chosen: …, rejected: …}";
        unknown(
                "columns of nobody",
                "{\"ask\": \"q\", \"good\": \"a\", \"bad\": \"b\"}",
                "columns ask, good, bad",
                known,
                nameThem);
        unknown(
                "columns near those of a known data set",
                "{\"question\": \"q\", \"response_j\": \"a\", \"response_l\": \"b\"}",
                "columns question, response_j, response_l",
                known + "; the nearest known data set is stack-exchange-paired (question, response_j, response_k)",
                nameThem);
        unknown(
                "rows to imitate where pairs are wanted",
                "{\"query\": \"q\", \"answer\": \"a\", \"resource\": \"r\", \"lang\": \"python\"}",
                "columns query, answer, resource, lang",
                known,
                "train on these rows with jalign sft, or use a data set of preferences");
        unknown(
                "unpaired rows",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"p\"}], \"label\": true}",
                "columns messages, label",
                known,
                "use pairs; rows with one answer and a label are for KTO, which is not built yet");
        Path splits = list.file("prefs/train_sft.jsonl", "{\"query\": \"q\", \"answer\": \"a\"}").getParent();
        list.file("prefs/train_prefs.jsonl", "{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}");
        list.file("prefs/a_broken_one.jsonl", "{");
        list.add(
                "another split that has the columns",
                splits,
                Task.DPO,
                c -> c.trainSplit = "train_sft",
                INPUT,
                splits + "/train_sft.jsonl:1: a preference row needs its columns",
                "columns query, answer",
                known,
                "set dataset_train_split: train_prefs, whose rows have them");
        pair(
                "a battle that ended otherwise",
                "{\"conversation_a\": [], \"conversation_b\": [], \"winner\": \"both\"}",
                "winner must name the better conversation",
                "both",
                "model_a, model_b, tie or tie (bothbad)");
        pair(
                "battles about different things",
                "{\"conversation_a\": [{\"role\": \"user\", \"content\": \"a\"}],"
                        + " \"conversation_b\": [{\"role\": \"user\", \"content\": \"b\"}], \"winner\": \"model_a\"}",
                "conversation_a and conversation_b must begin with the same messages",
                "they differ from the first one on",
                "conversations that share their prompt, or a prompt column");
        pair(
                "a speaker that ShareGPT does not know",
                "{\"conversations\": [{\"from\": \"narrator\", \"value\": \"q\"}], \"chosen\": {}, \"rejected\": {}}",
                "conversations[0].from must be a known speaker",
                "narrator",
                "human, gpt, system, observation or function_call");
        pair(
                "an answer that is no ShareGPT turn",
                "{\"conversations\": [{\"from\": \"human\", \"value\": \"q\"}], \"chosen\": {\"role\": \"gpt\", \"value\": \"a\"},"
                        + " \"rejected\": \"b\"}",
                "chosen must be a turn",
                "an object of role, value",
                "{\"from\": \"human\", \"value\": text}");
        pair(
                "a function call that is no JSON",
                "{\"conversations\": [{\"from\": \"function_call\", \"value\": \"f(1\"}], \"chosen\": {}, \"rejected\": {}}",
                "conversations[0].value must be a call in JSON",
                "Unrecognized token 'f': was expecting (JSON String, Number (or 'NaN'/'+INF'/'-INF'), Array, Object or"
                        + " token 'null', 'true' or 'false') (line 1, column 1)",
                "{\"name\": …, \"arguments\": …}");
        pair(
                "an answer that is trained in part",
                "{\"chosen_messages\": [{\"role\": \"user\", \"content\": \"q\", \"loss_weight\": 0},"
                        + " {\"role\": \"assistant\", \"content\": \"a\", \"loss_weight\": 0.5}],"
                        + " \"rejected_messages\": [{\"role\": \"user\", \"content\": \"q\"},"
                        + " {\"role\": \"assistant\", \"content\": \"b\"}]}",
                "chosen_messages[1].loss_weight must be 1: answers are trained whole",
                "0.5",
                "a loss_weight of 1 after the messages that both conversations share");
        pair(
                "a part that is no text",
                "{\"chosen_messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image\", \"value\": \"x\"}]}],"
                        + " \"rejected_messages\": []}",
                "chosen_messages[0].content must be text",
                "{\"type\":\"image\",\"value\":\"x\"}",
                "text, or a list of {\"type\": \"text\", \"value\": text}");
        pair(
                "a tree with a role of its own",
                "{\"message_tree_id\": \"t\", \"prompt\": {\"role\": \"user\", \"text\": \"q\"}}",
                "a message's role must be known",
                "user",
                "prompter or assistant");
        pair(
                "a message without its tree",
                "{\"message_id\": \"m\", \"parent_id\": \"gone\", \"message_tree_id\": \"t\", \"role\": \"assistant\","
                        + " \"text\": \"a\"}",
                "a reply must follow, message by message, from a prompt in the same file",
                "parent_id \"gone\"",
                "the whole tree in one file, in any order");
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
        Path alpaca = list.file("alpaca.jsonl", "{\"instruction\": \"i\", \"output\": \"o\"}");
        list.add(
                "another schema for SFT",
                alpaca,
                Task.SFT,
                c -> {},
                INPUT,
                alpaca + ":1: an SFT row needs its columns",
                "columns instruction, output",
                "messages; prompt and completion; text; chosen, rejected and perhaps prompt; or input_ids",
                "say which columns they are: dataset_columns: {prompt: …, completion: …} or {messages: …}");
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

    private void unknown(String name, String row, String found, String expected, String action) throws IOException {
        Path file = list.file(name.replace(' ', '-') + ".jsonl", row);
        String where = file + ":1: a preference row needs its columns";
        list.add(name, file, Task.DPO, c -> {}, INPUT, where, found, expected, action);
    }

    private void sft(
            String name, String row, Consumer<ConfigBuilder> setting, String rule, String found, String expected)
            throws IOException {
        list.bad(name, row, Task.SFT, setting, rule, found, expected);
    }
}
