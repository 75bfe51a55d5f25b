package io.github.jalign.train;

import io.github.jalign.data.Task;
import io.github.jalign.errors.JalignException;
import java.util.List;
import java.util.Map;

/** Supervised fine-tuning of a model folder: cross-entropy on conversations, completions or text. */
public final class SftTrainer {
    /** What the banner says of the loss. */
    static final List<String> ABOUT = List.of("loss         cross-entropy on trained tokens");

    private SftTrainer() {}

    /**
     * Runs to the end, or until the listener cancels.
     *
     * @param recipe text to keep beside the model as recipe.yaml
     * @throws JalignException for whatever the user can mend
     */
    public static TrainResult run(SftConfig config, String recipe, TrainListener listener) {
        try (Training training = new Training(config.run(), config.data(), Task.SFT, recipe, ABOUT, listener)) {
            if (training.resumed() == null) {
                training.loadModel();
            }
            return training.run(
                    new SftObjective(training.dataset().train()),
                    new SftObjective(training.dataset().eval()),
                    training.identity("", Map.of("loss", "cross-entropy")));
        }
    }
}
