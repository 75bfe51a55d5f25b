package io.github.jalign.cli;

import io.github.jalign.data.DataConfig;
import io.github.jalign.data.SplitOutline;
import io.github.jalign.data.Task;
import io.github.jalign.recipe.Command;
import io.github.jalign.recipe.Recipe;
import io.github.jalign.text.Tokenizer;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.RunConfig;
import io.github.jalign.train.RunPlan;
import io.github.jalign.train.SftConfig;
import io.github.jalign.train.TrainListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code jalign inspect RECIPE.yaml}: the banner of its run, and what the run would do. */
final class InspectedRecipe {
    private InspectedRecipe() {}

    /**
     * @param keys of the command line
     * @param wanted the command that the recipe is for; null: the one that its keys, or else its rows, fit
     * @param most rows to show
     */
    static Report report(String file, List<String> keys, @Nullable Task wanted, int most) {
        List<String> words = new ArrayList<>(List.of(file));
        words.addAll(keys);
        Report report = new Report();
        TrainListener listener = new TrainListener() {
            @Override
            public void warned(String message) {
                report.add("warning", message);
            }

            @Override
            public void said(String message) {
                report.add("note", message);
            }
        };
        Task task = wanted != null
                ? wanted
                : Recipe.command(words).map(InspectedRecipe::task).orElseGet(() -> fitting(words));
        switch (task) {
            case DPO -> {
                Recipe<DpoConfig> recipe = Recipe.dpo(words);
                recipe.notes().forEach(note -> report.add("note", note));
                try (RunPlan plan = RunPlan.of(recipe.config(), listener)) {
                    plan(report, plan, recipe.config().run(), recipe.config().data(), task, most);
                }
            }
            case SFT -> {
                Recipe<SftConfig> recipe = Recipe.sft(words);
                recipe.notes().forEach(note -> report.add("note", note));
                try (RunPlan plan = RunPlan.of(recipe.config(), listener)) {
                    plan(report, plan, recipe.config().run(), recipe.config().data(), task, most);
                }
            }
        }
        report.blank();
        report.put("next", "jalign " + InspectedData.word(task) + " " + String.join(" ", words));
        return report;
    }

    private static Task task(Command command) {
        return switch (command) {
            case DPO -> Task.DPO;
            case SFT -> Task.SFT;
        };
    }

    private static Task fitting(List<String> words) {
        DataConfig data = Recipe.dpo(words).config().data();
        return InspectedData.task(InspectedData.outline(SplitOutline.of(data), data.trainSplit()));
    }

    private static void plan(Report report, RunPlan plan, RunConfig run, DataConfig data, Task task, int most) {
        report.addAll(plan.lines());
        PlanReport.add(report, plan, run, task);
        report.blank();
        Path folder = plan.modelPath();
        if (!Files.exists(folder.resolve("tokenizer.json"))) {
            new DataReport(plan.dataset(), task, null, true).addTo(report, data.maxLength(), most);
            return;
        }
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            new DataReport(plan.dataset(), task, tokenizer, true).addTo(report, data.maxLength(), most);
        }
    }
}
