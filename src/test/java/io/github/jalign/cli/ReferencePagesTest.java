package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReferencePagesTest {
    private static final Path FOLDER = Path.of("docs", "reference");

    /** {@code -Djalign.docs=write} writes the pages instead. */
    @Test
    void theCommittedPagesAreWhatTheCodeSays() throws IOException {
        boolean write = "write".equals(System.getProperty("jalign.docs"));
        for (var page : ReferencePages.all().entrySet()) {
            Path file = FOLDER.resolve(page.getKey());
            if (write) {
                Files.writeString(file, page.getValue());
            }
            assertEquals(
                    page.getValue(),
                    Files.readString(file),
                    () -> file + " is behind the code; write it again with"
                            + " mvn -q test -Dtest=ReferencePagesTest -Djalign.docs=write");
        }
    }
}
