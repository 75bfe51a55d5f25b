package io.github.jalign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.DocumentationTool;
import javax.tools.JavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library's pages, made by the JDK's javadoc with every check on: each parameter, result and reference. */
class JavadocTest {
    /** The compiler's word on a module that is still incubating; there is no page without it. */
    private static final String INCUBATING = "compiler.warn.incubating.modules";

    @Test
    void pagesWithoutWarnings(@TempDir Path pages) {
        DocumentationTool javadoc = ToolProvider.getSystemDocumentationTool();
        DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
        boolean made = javadoc.getTask(
                        new StringWriter(),
                        null,
                        said,
                        null,
                        List.of(
                                "-quiet",
                                "-Xdoclint:all",
                                "-Xmaxwarns",
                                "1000",
                                "--add-modules",
                                "jdk.incubator.vector",
                                "-classpath",
                                System.getProperty("java.class.path"),
                                "-sourcepath",
                                "src/main/java",
                                "-d",
                                pages.toString(),
                                "io.github.jalign"),
                        null)
                .call();

        List<String> problems = said.getDiagnostics().stream()
                .filter(d -> d.getKind() != Diagnostic.Kind.NOTE && !INCUBATING.equals(d.getCode()))
                .map(d -> d.getSource() + ":" + d.getLineNumber() + ": " + d.getMessage(Locale.ROOT))
                .toList();
        assertEquals(List.of(), problems);
        assertTrue(made);
    }
}
