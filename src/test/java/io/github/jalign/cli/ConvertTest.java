package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.convert.TinyFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertTest {
    @TempDir
    private Path temporary = Path.of("");

    private Path folder = Path.of("");
    private Path gguf = Path.of("");

    @BeforeEach
    void writeAModel() throws IOException {
        folder = TinyFolder.write(temporary.resolve("model"), TinyFolder.config("llama", ""));
        gguf = temporary.resolve("model.gguf");
    }

    @Test
    void aFolderBecomesAFileAndAFolderAgain() throws IOException {
        Run there = Run.of("convert", folder, gguf, "--outtype", "q8_0");
        assertEquals("", there.err());
        assertEquals(0, there.exitCode());
        assertTrue(
                there.out().matches(
                        "converting   \\Q%s\\E to \\Q%s\\E\nmodel        \\Q%s, Q8_0, %s\\E, in [0-9.]+ s\nnext         llama-cli -m \\Q%s\\E\n"
                                .formatted(folder, gguf, gguf, mebibytes(gguf), gguf)),
                there.out());

        Path again = temporary.resolve("again");
        Run back = Run.of("convert", gguf, again, "--dtype", "float16");
        assertEquals("", back.err());
        assertEquals(0, back.exitCode());
        assertTrue(
                back.out().contains(again + ", F16, " + mebibytes(again.resolve("model.safetensors")) + ", in "),
                back.out());
        assertTrue(back.out().endsWith("next         jalign generate " + again + " --prompt \"…\"\n"), back.out());
        assertTrue(Files.exists(again.resolve("manifest.json")));
    }

    private static String mebibytes(Path file) throws IOException {
        return String.format(Locale.ROOT, "%,.1f MiB", Files.size(file) / 0x1p20);
    }

    @Test
    void nothingIsReplaced() throws IOException {
        Files.writeString(gguf, "mine");
        Run run = Run.of("convert", folder, gguf);
        assertEquals(2, run.exitCode());
        assertEquals(
                """
                convert: the destination must not exist yet
                  found     %s
                  expected  a new name
                  do        give another name, or remove it first
                """
                        .formatted(gguf),
                run.err());
        assertEquals("mine", Files.readString(gguf));
    }

    @Test
    void aSourceThatIsNotThereIsNamed() {
        Run run = Run.of("convert", "no-such-model", gguf);
        assertEquals(2, run.exitCode());
        assertEquals(
                """
                convert: the source must exist
                  found     nothing of the name no-such-model
                  expected  a GGUF file or a Hugging Face folder
                  do        correct the path
                """,
                run.err());
    }

    @Test
    void eachDirectionHasItsOwnOption() throws IOException {
        Run run = Run.of("convert", folder, gguf, "--dtype", "float32");
        assertEquals(2, run.exitCode());
        assertEquals(
                """
                convert: --dtype is for GGUF files as the source
                  found     %s, which is a folder
                  expected  --outtype f16, bf16, q8_0 or f32
                  do        use that option
                """
                        .formatted(folder),
                run.err());

        Files.writeString(gguf, "GGUF");
        Run other = Run.of("convert", gguf, temporary.resolve("again"), "--outtype", "f16");
        assertEquals(2, other.exitCode());
        assertEquals(
                """
                convert: --outtype is for folders as the source
                  found     %s, which is a file
                  expected  --dtype bfloat16, float16 or float32
                  do        use that option
                """
                        .formatted(gguf),
                other.err());
    }

    @Test
    void aFileThatIsNoModelIsExitCode3() throws IOException {
        Files.writeString(gguf, "GGUF");
        Run run = Run.of("convert", gguf, temporary.resolve("again"));
        assertEquals(3, run.exitCode());
        assertTrue(run.err().startsWith(gguf + ": the version must lie within the file"), run.err());
    }
}
