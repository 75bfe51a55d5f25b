package io.github.jalign.cli;

import io.github.jalign.quickstart.FirstModel;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jalign quickstart first-model}: the first step of {@code tools/quickstart-model}. */
@Command(
        name = "first-model",
        description = "Writes the small model before its first lesson, and the lessons.",
        mixinStandardHelpOptions = true,
        hidden = true)
final class QuickstartFirstModel implements Runnable {
    @Parameters(paramLabel = "FOLDER", description = "Gets lessons.jsonl and model.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Path folder;

    @Option(names = "--seed", description = "Seed of the text and of the weights (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Override
    public void run() {
        FirstModel.write(folder, seed);
    }
}
