package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
    @TempDir
    Path root;

    @Test
    void aSecondRunInTheSameProcessIsRefusedUntilTheFirstEnds() {
        Path folder = root.resolve("out");
        try (FolderLock _ = FolderLock.acquire(folder)) {
            assertHeld(folder, ProcessHandle.current().pid());
        }
        FolderLock.acquire(folder).close();
    }

    @Test
    void aRunInAnotherProcessIsRefusedAndAKillLetsGo() throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Process other = new ProcessBuilder(
                        java.toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        root.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = other.inputReader()) {
            assertEquals("held", out.readLine());
            assertHeld(root, other.pid());
        } finally {
            other.destroyForcibly().waitFor();
        }
        FolderLock.acquire(root).close();
    }

    private static void assertHeld(Path folder, long pid) {
        JalignException e = assertThrows(JalignException.class, () -> FolderLock.acquire(folder));
        assertEquals(
                """
                %s: one run at a time may write to an output folder
                  found     the run with process id %d
                  expected  no other run
                  do        wait for it, stop it, or choose another output_dir"""
                        .formatted(folder, pid),
                e.getMessage());
        assertEquals(JalignException.Kind.IO, e.kind());
    }

    /** Holds the lock of the folder it is given until it is killed. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws IOException {
            try (FolderLock _ = FolderLock.acquire(Path.of(args[0]))) {
                System.out.println("held");
                System.in.read();
            }
        }
    }
}
