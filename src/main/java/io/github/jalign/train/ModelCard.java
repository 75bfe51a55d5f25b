package io.github.jalign.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** README.md of a saved model, with the front matter that the Hugging Face Hub reads. */
final class ModelCard {
    private ModelCard() {}

    /** @param date the day that chat templates saw */
    static String text(
            RunConfig config,
            LocalDate date,
            Map<String, @Nullable Object> train,
            Map<String, @Nullable Object> eval) {
        Path name = config.outputDir().toAbsolutePath().normalize().getFileName();
        StringBuilder table = new StringBuilder();
        train.forEach((k, v) -> table.append("| ").append(k).append(" | ").append(v).append(" |\n"));
        eval.forEach((k, v) -> table.append("| ").append(k).append(" | ").append(v).append(" |\n"));
        Path folder = Path.of(config.modelNameOrPath());
        Path base = Files.isDirectory(folder) ? folder.toAbsolutePath().normalize().getFileName() : folder;
        return """
                ---
                library_name: transformers
                model_name: %s
                tags:
                - jalign
                ---

                # %s

                Aligned with jalign from `%s`. `recipe.yaml` holds every setting of the run, `metrics.jsonl` its log and
                `trainer_state.json` the same in transformers' form. Chat templates saw the date %s.

                ```python
                from transformers import AutoModelForCausalLM, AutoTokenizer

                model = AutoModelForCausalLM.from_pretrained("%s")
                tokenizer = AutoTokenizer.from_pretrained("%s")
                ```

                | metric | value |
                |---|---|
                %s"""
                .formatted(name, name, base, date, name, name, table);
    }
}
