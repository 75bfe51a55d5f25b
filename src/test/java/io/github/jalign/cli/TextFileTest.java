package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files in another encoding: every command that reads one says so alike, and none blames permissions. */
class TextFileTest {
    @TempDir
    Path folder;

    private Path file = Path.of("");

    @BeforeEach
    void writeLatin1() throws IOException {
        file = Files.write(folder.resolve("latin1.yaml"), "# caf\u00e9 au lait\n".getBytes(StandardCharsets.ISO_8859_1));
    }

    private void assertRefused(String what, Object... command) {
        Run run = Run.of(command);
        assertEquals(
                """
                %s: %s must be readable as UTF-8 text
                  found     0xe9 at byte 6, which is none
                  expected  text in UTF-8
                  do        convert the file, or name another: it is damaged, in another encoding, or no text
                """
                        .formatted(file, what),
                run.err());
        assertEquals(3, run.exitCode());
    }

    @Test
    void aRecipe() {
        assertRefused("the file", "dpo", file);
    }

    @Test
    void prompts() throws IOException {
        file = Files.move(file, folder.resolve("prompts.txt"));
        assertRefused("the prompts", "generate", "models/quickstart", "--device=cpu", "--prompts=" + file);
    }

    @Test
    void plainText() {
        assertRefused("the text", "score", "models/quickstart", "--device=cpu", "--text=" + file);
    }

    @Test
    void aConversation() {
        assertRefused("the conversation", "chat", "models/quickstart", "--device=cpu", "--messages=" + file);
    }

    @Test
    void messagesAndATemplate() {
        assertRefused("the file", "inspect", "models/quickstart", "--render", file);
        assertRefused(
                "the template", "generate", "models/quickstart", "--device=cpu", "--prompt=x", "--chat_template=" + file);
    }
}
