package io.github.jalign.cli;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException;
import java.util.List;
import org.junit.jupiter.api.function.Executable;
import picocli.CommandLine;

/** What {@code jalign quickstart} says when it cannot go on. */
public final class QuickstartMessages {
    private QuickstartMessages() {}

    public static List<MessageCase> cases() {
        return List.of(
                own("another model", "--model_name_or_path=other"),
                own("another model, with hyphens", "--model-name-or-path=other"),
                own("other rows", "--dataset_name=rows.jsonl"),
                own("another recipe", "--config=recipe.yaml"),
                own("another folder, with a hyphen", "--output-dir=elsewhere"),
                own("a recipe's name", "recipe.yaml"),
                range("a negative seed", "seed", "-1", "a whole number, at least 0"),
                range("a beta of nothing", "beta", "0", "a number above 0"),
                range("a word for a number", "learning_rate", "fast", "a number, at least 0"),
                new MessageCase(
                        "a loss that is not built yet",
                        quickstart("--loss_type=hinge"),
                        JalignException.Kind.USAGE,
                        """
                        --loss_type: this loss_type is known but not built yet
                          found     hinge
                          expected  sigmoid, sft, or a list of them
                          do        choose one of those"""),
                new MessageCase(
                        "a file in the folder's place",
                        quickstart("--output_dir=pom.xml"),
                        JalignException.Kind.IO,
                        """
                        pom.xml/pairs: the folder must be there, or such that it can be made
                          found     Not a directory
                          expected  a folder that this user may write to
                          do        give another one with --output_dir"""),
                new MessageCase(
                        "an unknown key",
                        quickstart("--learning_rat=1"),
                        JalignException.Kind.USAGE,
                        """
                        --learning_rat: a recipe holds only keys that jalign dpo knows
                          found     learning_rat
                          expected  a known key; the nearest is learning_rate
                          do        correct the key or remove it; jalign dpo --help lists them all"""));
    }

    private static MessageCase own(String name, String word) {
        return new MessageCase(
                name,
                quickstart(word),
                JalignException.Kind.USAGE,
                """
                jalign quickstart: it trains the model that ships, on pairs that it draws itself
                  found     %s
                  expected  --output_dir, --seed and keys of jalign dpo that say how to train
                  do        leave the word out, or use jalign dpo with a recipe"""
                        .formatted(word));
    }

    private static MessageCase range(String name, String key, String found, String expected) {
        return new MessageCase(
                name,
                quickstart("--" + key + "=" + found),
                JalignException.Kind.USAGE,
                """
                --%s: %s must be of its type and in its range
                  found     %s
                  expected  %s
                  do        correct %s"""
                        .formatted(key, key, found, expected, key));
    }

    private static Executable quickstart(String... words) {
        return () -> CommandLine.populateCommand(new Quickstart(), words).call();
    }
}
