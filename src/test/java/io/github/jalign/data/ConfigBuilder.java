package io.github.jalign.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A {@link DataConfig} in which a test names only what it is about. */
final class ConfigBuilder {
    String trainSplit = "train";
    @Nullable String testSplit;
    @Nullable Integer maxTrainSamples;
    @Nullable Integer maxEvalSamples;
    @Nullable TestSize testSize;
    long splitSeed = 42;
    DatasetFormat format = DatasetFormat.AUTO;
    Map<String, String> columns = Map.of();
    ImplicitPrompt implicitPrompt = ImplicitPrompt.TURNS;
    BadRows badRows = BadRows.FAIL;
    @Nullable Integer maxLength = 1024;
    @Nullable Integer maxPromptLength;
    @Nullable Boolean completionOnlyLoss;

    DataConfig at(Path data) {
        return at(data.toString());
    }

    DataConfig at(String... data) {
        return new DataConfig(
                List.of(data),
                trainSplit,
                testSplit,
                maxTrainSamples,
                maxEvalSamples,
                testSize,
                splitSeed,
                format,
                columns,
                implicitPrompt,
                badRows,
                maxLength,
                maxPromptLength,
                completionOnlyLoss,
                false);
    }
}
