package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
    @TempDir
    Path folder;

    @Test
    void aFileIsMadeAndReplacedWithNothingBesideIt() throws IOException {
        Path file = folder.resolve("state.json");
        AtomicFiles.writeString(file, "é\n");
        assertArrayEquals(new byte[] {(byte) 0xc3, (byte) 0xa9, '\n'}, Files.readAllBytes(file));
        AtomicFiles.writeBytes(file, new byte[] {1, 2});
        assertArrayEquals(new byte[] {1, 2}, Files.readAllBytes(file));
        assertOnly("state.json");
    }

    @Test
    void aFailureWhileWritingKeepsTheOldFile() throws IOException {
        Path file = folder.resolve("state.json");
        AtomicFiles.writeString(file, "old");
        JalignException e = assertThrows(
                JalignException.class,
                () -> AtomicFiles.write(file, out -> {
                    out.write(new byte[1 << 20]);
                    throw new IOException("Input/output error");
                }));
        assertEquals(
                """
                %s: the file must be writable
                  found     Input/output error
                  expected  a folder that this user may write to
                  do        correct the path or its permissions, or write elsewhere; nothing of the old file is lost"""
                        .formatted(file),
                e.getMessage());
        assertEquals("old", Files.readString(file));
        assertOnly("state.json");
    }

    @Test
    void whatTheContentThrowsComesOutAndKeepsTheOldFile() throws IOException {
        Path file = folder.resolve("state.json");
        AtomicFiles.writeString(file, "old");
        IllegalStateException thrown = new IllegalStateException("no content");
        assertSame(
                thrown,
                assertThrows(
                        IllegalStateException.class,
                        () -> AtomicFiles.write(file, out -> {
                            out.write(1);
                            throw thrown;
                        })));
        assertEquals("old", Files.readString(file));
        assertOnly("state.json");
    }

    @Test
    void aLeftoverOfAKilledProcessIsWrittenOver() throws IOException {
        Files.writeString(folder.resolve(".state.json.jalign-tmp"), "half of a longer text");
        AtomicFiles.writeString(folder.resolve("state.json"), "new");
        assertEquals("new", Files.readString(folder.resolve("state.json")));
        assertOnly("state.json");
    }

    /** A mapped file is replaced by renaming, so whoever has it open keeps the old bytes. */
    @Test
    void anOpenMappingOfTheOldFileStaysAsItWas() {
        Path file = folder.resolve("a.safetensors");
        SafetensorsFile.write(file, SafetensorsFile.floats("a", 3));
        try (Safetensors old = Safetensors.open(file)) {
            SafetensorsFile.write(file, SafetensorsFile.floats("b", 1));
            float[] a = new float[3];
            old.readFloats("a", java.lang.foreign.MemorySegment.ofArray(a));
            assertArrayEquals(new float[] {0, 1, 2}, a);
        }
    }

    private void assertOnly(String name) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(folder.resolve(name)), files.toList());
        }
    }
}
