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
                own("a recipe's name", "recipe.yaml"),
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

    private static Executable quickstart(String... words) {
        return () -> CommandLine.populateCommand(new Quickstart(), words).call();
    }
}
