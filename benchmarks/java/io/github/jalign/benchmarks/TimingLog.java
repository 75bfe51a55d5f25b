package io.github.jalign.benchmarks;

import io.github.jalign.json.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The results of a run, a line of JSON each as soon as it is there, and one for people on the console. */
final class TimingLog implements AutoCloseable {
    private final Writer file;
    private final PrintStream console;
    private int wrong;

    /** @param file is added to */
    TimingLog(Path file, PrintStream console, Map<String, @Nullable Object> header) {
        this.console = console;
        try {
            this.file = Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        write(header);
    }

    void add(Timing timing) {
        write(timing.json());
        wrong += timing.wrong() ? 1 : 0;
        console.println(timing.name() + " | " + timing.how() + ": "
                + (timing.skipped() != null
                        ? "skipped: " + timing.skipped()
                        : String.format(
                                Locale.ROOT, "%.4f ms, error %.1e%s", timing.seconds() * 1e3, timing.error(),
                                timing.wrong() ? " WRONG, at most " + timing.bound() : "")));
    }

    private void write(Map<String, @Nullable Object> line) {
        try {
            file.write(Json.write(line) + "\n");
            file.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many results were not what they should be. */
    int wrong() {
        return wrong;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
