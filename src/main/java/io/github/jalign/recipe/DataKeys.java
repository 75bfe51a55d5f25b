package io.github.jalign.recipe;

import static io.github.jalign.recipe.Group.DATA;
import static io.github.jalign.recipe.Key.key;

import io.github.jalign.data.BadRows;
import io.github.jalign.data.DatasetFormat;
import io.github.jalign.data.ImplicitPrompt;
import java.util.List;

/** The keys of {@link io.github.jalign.data.DataConfig}. */
final class DataKeys {
    private DataKeys() {}

    static final List<Key> ALL = List.of(
            key(DATA, "dataset_name",
                            Type.items("a file, a folder, a pattern such as rows-*.jsonl, or a list of them",
                                    Type.path("a file, folder or pattern")),
                            "The rows: JSON or JSONL files, or folders of splits."),
            key(DATA, "dataset_train_split", Type.path("a split"),
                            "Which rows train: train, train[:48], train[10%:20%].")
                    .at("train"),
            key(DATA, "dataset_test_split", Type.path("a split"),
                            "Which rows evaluate; test when absent, if there is an eval_strategy and no test_size.")
                    .orNull(),
            key(DATA, "max_train_samples", Type.whole(1), "Keeps the first rows to train on; all when absent.")
                    .orNull(),
            key(DATA, "max_eval_samples", Type.whole(1), "Keeps the first rows to evaluate on; all when absent.")
                    .orNull(),
            key(DATA, "test_size", Type.steps(1).named("a whole number of rows, or a share of them below 1"),
                            "Sets training rows aside for evaluation, as train_test_split does.")
                    .alias("test_split_size").orNull(),
            key(DATA, "split_seed", Type.seed(), "The seed of that split.").at(42L),
            key(DATA, "dataset_format", Type.choice(List.of(), DatasetFormat.values()),
                            "Whether text stays text, or is wrapped into turns.")
                    .at(DatasetFormat.AUTO),
            key(DATA, "dataset_columns",
                            Type.names("a mapping such as {prompt: question, chosen: good, rejected: bad}"),
                            "What the rows call TRL's columns; when absent, known data sets are recognised.")
                    .orNull(),
            key(DATA, "implicit_prompt", Type.choice(List.of(), ImplicitPrompt.values()),
                            "Where a pair without a prompt is split: at turns, or as TRL does at characters.")
                    .at(ImplicitPrompt.TURNS),
            key(DATA, "bad_rows", Type.choice(List.of(), BadRows.values()),
                            "Whether a bad row ends the run or is skipped.")
                    .at(BadRows.FAIL),
            key(DATA, "max_length", Type.whole(1), "Most tokens of a row; the end is cut. Null cuts nothing.")
                    .alias("max_seq_length").orNull().at(1024),
            key(DATA, "max_prompt_length", Type.whole(1), "Most tokens of a prompt; the beginning is cut.")
                    .only(Command.DPO).orNull(),
            key(DATA, "max_completion_length", Type.whole(1), "Most tokens of a completion, in TRL 0.19.")
                    .only(Command.DPO).orNull()
                    .refused("TRL 1 has no max_completion_length", "set max_length instead"),
            key(DATA, "special_tokens_in_text", Type.flag(),
                            "Whether a special token written inside a message is that token, and not plain characters.")
                    .at(false));
}
