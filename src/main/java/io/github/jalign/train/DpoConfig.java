package io.github.jalign.train;

import io.github.jalign.data.DataConfig;
import io.github.jalign.errors.JalignException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A preference run.
 *
 * @param beta strength of the pull towards the reference model, above 0
 * @param losses the terms of the loss, at least one
 * @param refModelNameOrPath the reference model, a folder or a name of the Hugging Face cache; null takes the model to train as it is before training
 * @param referenceCache where reference log-probs are kept; null takes the user's cache folder
 */
public record DpoConfig(
        RunConfig run,
        DataConfig data,
        double beta,
        List<WeightedLoss> losses,
        @Nullable String refModelNameOrPath,
        @Nullable Path referenceCache) {
    /** @throws JalignException of kind USAGE for a value out of range */
    public DpoConfig {
        Check.above("beta", beta, 0);
        losses = List.copyOf(losses);
        if (losses.isEmpty()) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "loss_type",
                    "a run needs a loss",
                    "an empty list",
                    "one loss or more",
                    "set loss_type: sigmoid");
        }
        if (refModelNameOrPath != null) {
            Check.notBlank("ref_model_name_or_path", refModelNameOrPath);
        }
    }
}
