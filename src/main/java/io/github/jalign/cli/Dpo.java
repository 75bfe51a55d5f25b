package io.github.jalign.cli;

import io.github.jalign.recipe.Recipe;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.DpoTrainer;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code jalign dpo}: trains a model on pairs of answers. */
@Command(
        name = "dpo",
        description = "Trains a model to prefer the chosen of two answers (direct preference optimisation).",
        customSynopsis = {
            "jalign dpo RECIPE.yaml [--KEY=VALUE ...]",
            "       jalign dpo --config RECIPE.yaml [--KEY VALUE ...]",
            "       jalign dpo --model_name_or_path MODEL --dataset_name FILE [--KEY VALUE ...]"
        },
        usageHelpWidth = 100,
        mixinStandardHelpOptions = true)
final class Dpo implements Callable<Integer> {
    @Mixin
    private final RecipeWords words = new RecipeWords();

    @Override
    public Integer call() {
        Recipe<DpoConfig> recipe = Recipe.dpo(words.words());
        words.print(recipe.notes());
        TrainConsole console = words.console();
        return console.follow(() -> DpoTrainer.run(recipe.config(), recipe.resolved(), console));
    }
}
