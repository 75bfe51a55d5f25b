package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** {@code jalign chat} as a process that is sent SIGINT, at points that it has printed. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "kill -INT is POSIX")
final class ChatProcessTest {
    private static Process start(String... more) throws IOException {
        List<String> command = new ArrayList<>();
        if (OS.LINUX.isCurrentOs()) {
            // a process started in the background inherits SIGINT ignored, and Java leaves it so
            command.addAll(List.of("env", "--default-signal=INT"));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                "io.github.jalign.cli.Main",
                "chat",
                "models/quickstart",
                "--device=cpu",
                "--threads=1"));
        command.addAll(List.of(more));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.PIPE).start();
    }

    private static void interrupt(Process process) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor());
    }

    /** An answer without an end is stopped once it has begun; the next question is answered, then the input ends. */
    @Test
    @Timeout(120)
    void ctrlCStopsTheAnswerAndNotTheProgram() throws Exception {
        Process chat = start("--ignore_eos", "--max_length=500000", "--max_new_tokens=400000");
        try (Writer in = chat.outputWriter(StandardCharsets.UTF_8);
                BufferedReader out = chat.inputReader(StandardCharsets.UTF_8);
                BufferedReader err = chat.errorReader(StandardCharsets.UTF_8)) {
            for (String question : List.of("What is the capital of Norway?", "When does a fern need water?")) {
                in.write(question + "\n");
                in.flush();
                assertTrue(out.read() >= 0, "the answer begins");
                interrupt(chat);
                List<String> notes = new ArrayList<>();
                do {
                    notes.add(err.readLine());
                } while (notes.getLast() != null && notes.getLast().startsWith("WARNING"));
                assertEquals("(stopped)", notes.getLast());
                assertTrue(out.readLine() != null, "the rest of the line");
            }
            in.write("/exit\n");
            in.flush();
            assertEquals(0, chat.waitFor());
        } finally {
            chat.destroyForcibly();
        }
    }
}
