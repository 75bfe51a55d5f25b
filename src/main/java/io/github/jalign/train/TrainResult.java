package io.github.jalign.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a run ended.
 *
 * @param output the folder with the model and the run's files
 * @param finished whether the last step was done; a cancelled run can be resumed
 * @param steps optimiser steps done
 * @param history the log, TRL's keys
 */
public record TrainResult(
        Path output, boolean finished, int steps, List<Map<String, @Nullable Object>> history) {
    public TrainResult {
        history = List.copyOf(history);
    }
}
