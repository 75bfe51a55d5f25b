package io.github.jalign;

import io.github.jalign.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** The folder of real inputs and golden numbers that tests tagged {@code shared} and {@code long} read. */
public final class Shared {
    private Shared() {}

    /** A file or folder under {@code data}; its absence fails the test, by name. */
    public static Path data(String name) {
        Path path = Path.of(System.getProperty("jalign.shared", "../shared"), "data", name).toAbsolutePath().normalize();
        if (!Files.exists(path)) {
            throw new AssertionError("shared test data is missing: " + path + " (set -Dshared.folder=…)");
        }
        return path;
    }

    /**
     * The folder of SmolLM2-135M-Instruct that tests tagged {@code long} read, as the shared tools build it from the
     * published GGUF file; {@code -Djalign.smollm2} names it, and its absence fails the test.
     */
    public static Path smolLm2() {
        String folder = System.getProperty("jalign.smollm2", "");
        if (!Files.exists(Path.of(folder, "model.safetensors"))) {
            throw new AssertionError("-Djalign.smollm2 must name the built folder of SmolLM2-135M-Instruct, not \"" + folder + "\"");
        }
        return Path.of(folder).toAbsolutePath();
    }

    public static @Nullable Object json(Path file) {
        return Json.parse(file.toString(), text(file));
    }

    /** UTF-8 text, unpacked when the name ends in .gz. */
    public static String text(Path file) {
        try {
            if (!file.toString().endsWith(".gz")) {
                return Files.readString(file);
            }
            try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
