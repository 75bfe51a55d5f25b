package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of the Hugging Face cache by its name: a snapshot of links into blobs. */
class HubModelTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    @TempDir
    Path hfHome;

    @Test
    void aNameOfTheCacheIsTheFolderItLeadsTo() throws IOException, InterruptedException {
        Path model = Path.of("models", "quickstart");
        Path repo = hfHome.resolve("hub").resolve("models--org--tiny");
        Path snapshot = Files.createDirectories(repo.resolve("snapshots").resolve(COMMIT));
        Path blobs = Files.createDirectories(repo.resolve("blobs"));
        Files.writeString(Files.createDirectories(repo.resolve("refs")).resolve("main"), COMMIT);
        List<Path> files;
        try (Stream<Path> list = Files.list(model)) {
            files = list.toList();
        }
        for (Path file : files) {
            Path blob = blobs.resolve("blob-of-" + file.getFileName());
            Files.copy(file, blob);
            Files.createSymbolicLink(snapshot.resolve(file.getFileName()), Path.of("../../blobs").resolve(blob.getFileName()));
        }

        String answer = generate(model.toString());
        assertEquals(answer, generate("org/tiny"));
        assertEquals(answer, generate("org/tiny@" + COMMIT));
    }

    private String generate(String name) throws IOException, InterruptedException {
        Path errors = hfHome.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                        "-cp", System.getProperty("java.class.path"),
                        "io.github.jalign.cli.Main",
                        "generate", name, "--prompt", "What is the capital of Peru?", "--max_new_tokens", "8")
                .redirectError(errors.toFile());
        builder.environment().keySet().removeAll(List.of("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"));
        builder.environment().put("HF_HOME", hfHome.toString());
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> read(errors));
        return out;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
