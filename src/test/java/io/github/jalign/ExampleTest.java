package io.github.jalign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The project in {@code examples/feedback} and the snippet of its page, compiled, the project run; {@code .ci/run} builds it with its own pom. */
class ExampleTest {
    private static final Path SOURCE = Path.of("examples/feedback/src/main/java/example/FeedbackLoop.java");
    private static final Pattern SNIPPET = Pattern.compile("(?ms)^```java\\n(.*?)^```$");
    private static final Pattern MARGINS = Pattern.compile("held-out margin (-?\\d+\\.\\d+) before, (\\d+\\.\\d+) after");

    @TempDir
    Path folder;

    @Test
    void itsDependencyIsThisVersion() throws IOException {
        Pattern version = Pattern.compile("<artifactId>jalign</artifactId>\\s*<version>([^<]+)</version>");
        Matcher own = version.matcher(Files.readString(Path.of("pom.xml")));
        Matcher asked = version.matcher(Files.readString(Path.of("examples/feedback/pom.xml")));
        assertTrue(own.find() && asked.find());
        assertEquals(own.group(1), asked.group(1));
    }

    @Test
    @Tag("long")
    void itLearnsFromFeedbackAndPrintsWhatItSaysItself() throws IOException, InterruptedException {
        compile(SOURCE);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-cp", folder + System.getProperty("path.separator") + System.getProperty("java.class.path"),
                        "example.FeedbackLoop", "models/quickstart", folder.resolve("work").toString())
                .redirectError(folder.resolve("errors").toFile())
                .start();
        List<String> out =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        assertEquals(0, process.waitFor(), () -> String.join("\n", out));

        assertEquals("user: What is the capital of Peru?", out.get(0));
        assertEquals("16 preferences collected", out.get(2));
        for (int step = 1; step <= 12; step++) {
            assertTrue(out.get(2 + step).startsWith("step " + step + " of 12: loss "), out.get(2 + step));
        }
        Matcher margins = MARGINS.matcher(out.get(15));
        assertTrue(margins.matches(), out.get(15));
        assertTrue(Double.parseDouble(margins.group(2)) > Double.parseDouble(margins.group(1)) + 3, out.get(15));
        assertTrue(out.get(17).contains("Lima"), out.get(17));
        assertEquals(18, out.size());
        assertEquals(
                List.of("WARNING: Using incubator modules: jdk.incubator.vector"),
                Files.readAllLines(folder.resolve("errors")));
    }

    /** What the how-to page shows is a method's body. */
    @Test
    void thePagesSnippetCompiles() throws IOException {
        Matcher snippet = SNIPPET.matcher(Files.readString(Path.of("docs/how-to/embed.md")));
        assertTrue(snippet.find());
        Path page = Files.writeString(
                folder.resolve("Page.java"),
                """
                import io.github.jalign.*;
                import io.github.jalign.generate.Reply;
                import java.util.List;

                final class Page {
                    void body() {
                %s
                    }
                }
                """
                        .formatted(snippet.group(1)));
        compile(page);
    }

    private void compile(Path source) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<String> options = List.of(
                    "-Xlint:all", "-Werror", "-proc:none", "-d", folder.toString(),
                    "-cp", System.getProperty("java.class.path"));
            boolean compiled = compiler.getTask(messages, files, null, options, null, files.getJavaFileObjects(source))
                    .call();
            assertTrue(compiled, messages.toString());
        }
    }
}
