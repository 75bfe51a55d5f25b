package io.github.jalign.cli;

import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.data.DataConfig;
import io.github.jalign.data.Dataset;
import io.github.jalign.data.SplitOutline;
import io.github.jalign.data.Task;
import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.recipe.Recipe;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.Tokenizer;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.RunConfig;
import io.github.jalign.train.SftConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code jalign inspect DATA}: rows as a run with the same keys would read them. */
final class InspectedData {
    private final List<String> targets;
    private final @Nullable String model;
    private final String yaml;
    private final List<String> given;
    private final List<String> keys;

    /**
     * @param targets files, folders and patterns
     * @param model whose tokenizer and template rows go through; null: lengths are characters
     * @param keys of a recipe, as on its command line
     */
    InspectedData(List<String> targets, @Nullable String model, List<String> keys) {
        this.targets = targets;
        this.model = model;
        this.given = List.copyOf(keys);
        this.keys = new ArrayList<>(keys);
        yaml = "dataset_name: " + Json.write(targets) + "\nmodel_name_or_path: "
                + Json.write(model == null ? "none" : model) + "\n";
    }

    /**
     * @param wanted what rows are read for; null: for what they fit
     * @param most rows to show
     */
    Report report(@Nullable Task wanted, int most) {
        if (model == null) {
            if (has(given, "max_length") || has(given, "max_prompt_length")) {
                throw Inspect.usage(
                        "max_length counts tokens", "no --model", "a model whose tokenizer counts them", "add --model");
            }
            add("max_length", "null");
        }
        List<SplitOutline> splits = SplitOutline.of(parse(Task.DPO).data());
        add("dataset_train_split", usual(splits));
        @Nullable SplitOutline split = outline(splits, parse(Task.DPO).data().trainSplit());
        Task task = wanted != null ? wanted : task(split);
        if (split != null && form(split, task) != null) {
            add("bad_rows", "skip"); // shown below; where no row fits, the first one's message says what is wrong
        }
        Parsed parsed = parse(task);
        Report report = new Report();
        report.put("data", parsed.data().source());
        splits.forEach(each -> report.add("split", describe(each) + (each.equals(split) ? "" : ": " + form(each))));
        report.put("read", parsed.data().trainSplit() + " for " + word(task));
        if (model == null) {
            rows(report, parsed.data(), Dataset.ofCharacters(parsed.data(), task), task, null, false, most);
        } else {
            tokenised(report, parsed, task, HubCache.ofUser().model(model), most);
        }
        report.blank();
        report.put("next", next(task, split));
        return report;
    }

    private static void tokenised(Report report, Parsed parsed, Task task, Path folder, int most) {
        DataConfig data = parsed.data();
        if (!Files.exists(folder.resolve("tokenizer.json"))) {
            rows(report, data, Dataset.load(data, task, null, null), task, null, true, most);
            return;
        }
        RunConfig run = parsed.run();
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            ChatFormat format = ChatFormat.of(tokenizer, run.chatTemplate(), run.date());
            rows(report, data, Dataset.load(data, task, tokenizer, format), task, tokenizer, true, most);
        }
    }

    private static void rows(
            Report report,
            DataConfig data,
            Dataset dataset,
            Task task,
            @Nullable Tokenizer tokenizer,
            boolean ids,
            int most) {
        dataset.summary()
                .schemas()
                .forEach((schema, rows) -> report.add("format", Report.count(rows, "row") + ": " + schema));
        new DataReport(dataset, task, tokenizer, ids).addTo(report, data.maxLength(), most);
    }

    private static String describe(SplitOutline split) {
        return split.name() + ", " + Report.count(split.rows(), "row") + " in " + Report.count(split.files(), "file");
    }

    private static String form(SplitOutline split) {
        @Nullable String form = split.pairs() != null ? split.pairs() : split.imitation();
        return form == null ? "of no known form" : form;
    }

    /** The command that trains on these rows; keys that only the look at them needs are left out. */
    private String next(Task task, @Nullable SplitOutline split) {
        List<String> command = new ArrayList<>(List.of("jalign", word(task)));
        command.add("--model_name_or_path=" + (model == null ? "MODEL" : model));
        command.add("--dataset_name" + (targets.size() == 1 ? "=" : " ") + String.join(" ", targets));
        if (split != null && !split.name().equals("train") && !has(given, "dataset_train_split")) {
            command.add("--dataset_train_split=" + split.name());
        }
        command.addAll(given);
        return String.join(" ", command);
    }

    /** The split that rows to train on are usually in: train, or the first of pairs. */
    private static String usual(List<SplitOutline> splits) {
        if (splits.isEmpty() || splits.stream().anyMatch(split -> split.name().equals("train"))) {
            return "train";
        }
        return splits.stream()
                .filter(split -> split.pairs() != null && split.name().startsWith("train"))
                .findFirst()
                .or(() -> splits.stream().filter(split -> split.pairs() != null).findFirst())
                .orElse(splits.getFirst())
                .name();
    }

    /** The outline of the split that an expression such as {@code train[:10]} begins with, or null. */
    static @Nullable SplitOutline outline(List<SplitOutline> splits, String expression) {
        return splits.stream()
                .filter(split -> expression.matches("\\Q" + split.name() + "\\E(?:[\\[+].*)?"))
                .findFirst()
                .orElse(null);
    }

    private static @Nullable String form(SplitOutline split, Task task) {
        return switch (task) {
            case DPO -> split.pairs();
            case SFT -> split.imitation();
        };
    }

    /** What a split's rows are for: pairs for dpo, anything else that is known for sft. */
    static Task task(@Nullable SplitOutline split) {
        return split != null && split.pairs() == null && split.imitation() != null ? Task.SFT : Task.DPO;
    }

    static String word(Task task) {
        return task.name().toLowerCase(Locale.ROOT);
    }

    /** What the keys come to. */
    private record Parsed(RunConfig run, DataConfig data) {}

    private Parsed parse(Task task) {
        return switch (task) {
            case DPO -> {
                DpoConfig config = Recipe.dpo("jalign inspect", yaml, keys).config();
                yield new Parsed(config.run(), config.data());
            }
            case SFT -> {
                SftConfig config = Recipe.sft("jalign inspect", yaml, keys).config();
                yield new Parsed(config.run(), config.data());
            }
        };
    }

    private static boolean has(List<String> keys, String name) {
        return keys.stream().anyMatch(key -> key.replace('-', '_').matches("__" + name + "(?:=.*)?"));
    }

    /** A default that the user's own key replaces. */
    private void add(String name, String value) {
        if (!has(keys, name)) {
            keys.add("--" + name + "=" + value);
        }
    }
}
