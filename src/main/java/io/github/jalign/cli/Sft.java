package io.github.jalign.cli;

import io.github.jalign.recipe.Recipe;
import io.github.jalign.train.SftConfig;
import io.github.jalign.train.SftTrainer;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code jalign sft}: trains a model on conversations or texts, the step before {@code jalign dpo}. */
@Command(
        name = "sft",
        description = "Trains a model on conversations or texts (supervised fine-tuning), the step before dpo.",
        customSynopsis = {
            "jalign sft RECIPE.yaml [--KEY=VALUE ...]",
            "       jalign sft --config RECIPE.yaml [--KEY VALUE ...]",
            "       jalign sft --model_name_or_path MODEL --dataset_name FILE [--KEY VALUE ...]"
        },
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true)
final class Sft implements Callable<Integer> {
    @Mixin
    private final RecipeWords words = new RecipeWords();

    @Override
    public Integer call() {
        Recipe<SftConfig> recipe = Recipe.sft(words.words());
        words.print(recipe.notes());
        TrainConsole console = words.console();
        return console.follow(() -> SftTrainer.run(recipe.config(), recipe.resolved(), console));
    }
}
