package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a recipe says about data; in brackets the recipe's key where it is not the component's name in
 * snake case.
 *
 * @param datasetNames files, folders with one or more files a split, or patterns of such ({@code dataset_name})
 * @param trainSplit which rows train, as Hugging Face datasets writes it: {@code train[:48]+extra[10%:20%]}
 *     ({@code dataset_train_split})
 * @param testSplit which rows evaluate, written alike ({@code dataset_test_split}); null for none
 * @param maxTrainSamples keeps only the first rows to train on; null keeps all
 * @param maxEvalSamples keeps only the first rows to evaluate on; null keeps all
 * @param testSize sets rows of {@code trainSplit} aside for evaluation, by {@code train_test_split}; excludes
 *     {@code testSplit}
 * @param splitSeed the seed of that split
 * @param format what text columns become ({@code dataset_format})
 * @param columns what the rows call the columns of {@link #COLUMNS} that are read; empty: rows are recognised by the
 *     columns they have ({@code dataset_columns})
 * @param maxLength most tokens of prompt and completion together, the end is cut; null cuts nothing
 * @param maxPromptLength most tokens of a preference pair's prompt, the beginning is cut; null cuts nothing
 * @param completionOnlyLoss whether SFT trains only the completion; null does so for rows with a {@code completion},
 *     as TRL does
 * @param specialTokensInText whether a special token's text inside a message is that token, as in Hugging Face's
 *     tokenizers, and not plain characters
 */
public record DataConfig(
        List<String> datasetNames,
        String trainSplit,
        @Nullable String testSplit,
        @Nullable Integer maxTrainSamples,
        @Nullable Integer maxEvalSamples,
        @Nullable TestSize testSize,
        long splitSeed,
        DatasetFormat format,
        Map<String, String> columns,
        ImplicitPrompt implicitPrompt,
        BadRows badRows,
        @Nullable Integer maxLength,
        @Nullable Integer maxPromptLength,
        @Nullable Boolean completionOnlyLoss,
        boolean specialTokensInText) {
    /** The columns that {@code columns} may rename, as TRL calls them. */
    public static final List<String> COLUMNS = List.of(
            "prompt", "chosen", "rejected", "completion", "messages", "text", "tools", "chat_template_kwargs");

    /** @throws JalignException of kind USAGE for values out of range or that exclude each other */
    public DataConfig {
        datasetNames = List.copyOf(datasetNames);
        columns = Collections.unmodifiableMap(new LinkedHashMap<>(columns));
        if (datasetNames.isEmpty()) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "dataset_name",
                    "rows come from somewhere",
                    "an empty list",
                    "at least one file, folder or pattern",
                    "name the data in dataset_name");
        }
        for (String column : columns.keySet()) {
            if (!COLUMNS.contains(column)) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        "dataset_columns",
                        "its names are TRL's, its values the data set's",
                        column + ": " + columns.get(column),
                        String.join(", ", COLUMNS),
                        "write for example dataset_columns: {prompt: question, chosen: good, rejected: bad}");
            }
        }
        atLeastOne("max_train_samples", maxTrainSamples);
        atLeastOne("max_eval_samples", maxEvalSamples);
        atLeastOne("max_length", maxLength);
        atLeastOne("max_prompt_length", maxPromptLength);
        if (splitSeed < 0) {
            throw outOfRange("split_seed", splitSeed, 0);
        }
        if (testSplit != null && testSize != null) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "test_size",
                    "evaluation rows come from one place",
                    "test_size and dataset_test_split " + testSplit,
                    "one of the two",
                    "remove test_size or dataset_test_split");
        }
    }

    /** The data as the recipe names it. */
    public String source() {
        return String.join(", ", datasetNames);
    }

    private static void atLeastOne(String key, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw outOfRange(key, value, 1);
        }
    }

    private static JalignException outOfRange(String key, long value, int least) {
        return new JalignException(
                JalignException.Kind.USAGE,
                key,
                "the setting is out of range",
                String.valueOf(value),
                "a whole number, at least " + least,
                "set " + key + " to a value in that range");
    }
}
