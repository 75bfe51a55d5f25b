package io.github.jalign.train;

import io.github.jalign.errors.JalignException;
import java.nio.file.Path;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * What every training run needs to know, whatever its loss. Names and meanings are TRL's and transformers' unless the
 * comment says otherwise; defaults stand in the recipe's table of keys.
 *
 * @param modelNameOrPath a Hugging Face model folder, or {@code ORG/NAME} or {@code ORG/NAME@REVISION} of the local cache
 * @param chatTemplate the template's text, instead of the model's own; null keeps that one
 * @param outputDir where the model, metrics and checkpoints go
 * @param seed seed of everything random
 * @param dataSeed seed of the order of rows; null takes {@code seed}
 * @param date the day that templates see; null is the day of the first start, which is recorded and kept on resume
 */
public record RunConfig(
        String modelNameOrPath,
        @Nullable String chatTemplate,
        Path outputDir,
        Dialect dialect,
        long seed,
        @Nullable Long dataSeed,
        @Nullable LocalDate date,
        Compute compute,
        Batches batches,
        Optimizer optimizer,
        Reporting reporting,
        Resume resume) {
    /** @throws JalignException of kind USAGE for a value out of range */
    public RunConfig {
        Check.notBlank("model_name_or_path", modelNameOrPath);
        Check.atLeast("seed", seed, 0);
        if (dataSeed != null) {
            Check.atLeast("data_seed", dataSeed, 0);
        }
    }
}
