package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderWriterTest {
    private static final String MANIFEST =
            """
            {
              "files": {
                "deep/er/b.txt": {
                  "bytes": 0,
                  "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                },
                "state.json": {
                  "bytes": 3,
                  "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
                }
              }
            }
            """;

    @TempDir
    Path root;

    @Test
    void aWholeFolderAppearsAtTheCommitWithItsManifest() throws IOException {
        Path folder = root.resolve("out/checkpoint-12");
        try (FolderWriter writer = FolderWriter.whole(folder)) {
            writer.writeString("state.json", "abc");
            writer.writeString("deep/er/b.txt", "");
            assertFalse(Files.exists(folder));
            writer.commit();
        }
        assertEquals(MANIFEST, Files.readString(folder.resolve("manifest.json")));
        assertEquals(List.of("deep/er/b.txt", "manifest.json", "state.json"), files(folder));
        assertEquals(files(folder).size(), files(root).size(), "nothing is left beside the folder");
        assertEquals(List.of(), Manifest.verify(folder));
    }

    @Test
    void aWholeFolderReplacesAnOlderOneEntirely() throws IOException {
        Path folder = root.resolve("checkpoint-12");
        save(FolderWriter.whole(folder), "old", "a", "b");
        save(FolderWriter.whole(folder), "new", "b", "c");
        assertEquals(List.of("b", "c", "manifest.json"), files(folder));
        assertEquals(List.of("checkpoint-12"), names(root));
        assertEquals("new", Files.readString(folder.resolve("b")));
    }

    @Test
    void filesAreAddedToAFolderAndReplaceThoseOfTheirNames() throws IOException {
        Path folder = Files.createDirectory(root.resolve("out"));
        Files.writeString(folder.resolve("metrics.jsonl"), "kept");
        save(FolderWriter.into(folder), "old", "a", "deep/b");
        try (FolderWriter writer = FolderWriter.into(folder)) {
            writer.writeString("deep/b", "new");
            writer.writeString("c", "new");
            writer.remove("a");
            writer.remove("c");
            assertEquals("old", Files.readString(folder.resolve("deep/b")), "until the commit");
            writer.commit();
        }
        assertEquals(List.of("c", "deep/b", "manifest.json", "metrics.jsonl"), files(folder));
        assertEquals(List.of("c", "deep", "manifest.json", "metrics.jsonl"), names(folder));
        assertEquals("new", Files.readString(folder.resolve("deep/b")));
        assertEquals(List.of(), Manifest.verify(folder));
    }

    @Test
    void withoutACommitNothingIsLeft() throws IOException {
        save(FolderWriter.into(root), "old", "a");
        for (FolderWriter writer : List.of(FolderWriter.into(root), FolderWriter.whole(root.resolve("checkpoint-1")))) {
            try (writer) {
                writer.writeString("a", "new");
            }
        }
        assertEquals(List.of("a", "manifest.json"), names(root));
        assertEquals("old", Files.readString(root.resolve("a")));
        assertEquals(List.of(), Manifest.verify(root));
    }

    @Test
    void aFullDiskLosesNothingAndSaysSo() throws IOException {
        save(FolderWriter.into(root), "old", "a");
        JalignException e = assertThrows(JalignException.class, () -> {
            try (FolderWriter writer = FolderWriter.into(root)) {
                writer.write("a", out -> {
                    out.write(new byte[100_000]);
                    throw new IOException("No space left on device");
                });
            }
        });
        assertEquals(
                """
                %s: the disk must have room for the file
                  found     No space left on device; N bytes are free
                  expected  enough free bytes
                  do        free some disk space or write elsewhere; what was there before is unchanged"""
                        .formatted(root),
                e.getMessage().replaceAll("[0-9]+ bytes", "N bytes"));
        assertEquals(JalignException.Kind.IO, e.kind());
        assertEquals(List.of("a", "manifest.json"), names(root));
        assertEquals(List.of(), Manifest.verify(root));
    }

    /** What a kill between two renames leaves; here a folder in a file's place stops them. */
    @Test
    void aSaveThatStoppedBetweenTwoRenamesIsSeenUntilTheNextCompletesIt() throws IOException {
        save(FolderWriter.into(root), "old", "a", "b", "config.json");
        Files.delete(root.resolve("b"));
        Files.createDirectories(root.resolve("b/in the way"));
        JalignException e = assertThrows(JalignException.class, () -> save(FolderWriter.into(root), "new", "a", "b"));
        assertTrue(
                e.getMessage().endsWith("; then save again, the folder is incomplete until that is done"),
                e.getMessage());
        assertTrue(FolderWriter.isCutShort(root));
        assertEquals("new", Files.readString(root.resolve("a")));
        assertEquals(List.of(new Manifest.Problem("manifest.json", "missing")), Manifest.verify(root));
        JalignException refused = assertThrows(JalignException.class, () -> ModelFolder.open(root));
        assertEquals(
                """
                %s: the files of a model must come from one save
                  found     a save that was stopped while its files replaced older ones
                  expected  a complete save
                  do        save the model again, or remove %s if the files are good"""
                        .formatted(root, root.resolve(".jalign-tmp")),
                refused.getMessage());

        FolderWriter.into(root).close();
        Folders.removeLeftovers(root);
        assertTrue(FolderWriter.isCutShort(root), "an attempt without commit does not make the folder whole");

        Folders.deleteTree(root.resolve("b"));
        save(FolderWriter.into(root), "newer", "a", "b");
        assertFalse(FolderWriter.isCutShort(root));
        assertEquals(List.of("a", "b", "config.json", "manifest.json"), names(root));
        assertEquals(List.of(), Manifest.verify(root));
    }

    @Test
    void aFolderNamedLikeAnotherFoldersStagingIsNoProblem() throws IOException {
        save(FolderWriter.whole(root.resolve("save")), "x", "a");
        save(FolderWriter.whole(root.resolve("files")), "x", "a");
        assertEquals(List.of("files", "save"), names(root));
    }

    @Test
    void leftoversOfAKilledProcessAreRemovedAndNamed() throws IOException {
        Files.createDirectories(root.resolve(".checkpoint-8.jalign-tmp/deep"));
        Files.writeString(root.resolve(".checkpoint-8.jalign-tmp/deep/a"), "half");
        Files.writeString(root.resolve(".metrics.jsonl.jalign-tmp"), "half");
        Files.createDirectories(root.resolve(".jalign-tmp"));
        Files.writeString(root.resolve(".hidden"), "kept");
        Files.writeString(root.resolve("notes.jalign-tmp"), "kept: no dot before it");
        Path kept = Files.createDirectories(root.resolve("checkpoint-4"));
        Files.createSymbolicLink(root.resolve(".link.jalign-tmp"), kept);
        Files.writeString(kept.resolve("a"), "kept");
        assertEquals(
                List.of(".checkpoint-8.jalign-tmp", ".jalign-tmp", ".link.jalign-tmp", ".metrics.jsonl.jalign-tmp"),
                Folders.removeLeftovers(root));
        assertEquals(List.of(".hidden", "checkpoint-4/a", "notes.jalign-tmp"), files(root));
        assertEquals(List.of(), Folders.removeLeftovers(root.resolve("missing")));
    }

    /** A kill between the two renames of a replacement leaves the old folder under a temporary name. */
    @Test
    void aFolderThatWasAboutToBeReplacedGetsItsNameBack() throws IOException {
        Files.createDirectories(root.resolve(".checkpoint-8.old.jalign-tmp"));
        Files.writeString(root.resolve(".checkpoint-8.old.jalign-tmp/a"), "complete");
        Files.createDirectories(root.resolve(".checkpoint-8.jalign-tmp"));
        assertEquals(List.of(".checkpoint-8.jalign-tmp"), Folders.removeLeftovers(root));
        assertEquals(List.of("checkpoint-8/a"), files(root));

        Files.createDirectories(root.resolve(".checkpoint-8.old.jalign-tmp"));
        assertEquals(List.of(".checkpoint-8.old.jalign-tmp"), Folders.removeLeftovers(root));
        assertEquals("complete", Files.readString(root.resolve("checkpoint-8/a")));
    }

    @Test
    void aFolderIsRemovedWithAllItHoldsButNotWhatItsLinksPointAt() throws IOException {
        Path outside = Files.writeString(root.resolve("outside"), "kept");
        Path folder = root.resolve("checkpoint-4");
        save(FolderWriter.whole(folder), "x", "a", "deep/b");
        Files.createSymbolicLink(folder.resolve("link"), outside);
        Folders.remove(folder);
        assertEquals(List.of("outside"), names(root));
        JalignException e = assertThrows(JalignException.class, () -> Folders.remove(folder));
        assertEquals(
                """
                %s: the file must be writable
                  found     no such file or folder: %s
                  expected  a folder that this user may write to
                  do        correct the path or its permissions, or write elsewhere; nothing else was touched"""
                        .formatted(folder, folder),
                e.getMessage());
    }

    @Test
    void namesAreWrittenOnceBeforeTheCommitAndTheManifestNever() {
        try (FolderWriter writer = FolderWriter.whole(root.resolve("a"))) {
            writer.writeString("x", "");
            assertIllegal("cannot write x now, or twice", () -> writer.writeString("x", ""));
            assertIllegal("cannot write manifest.json now, or twice", () -> writer.writeString("manifest.json", ""));
            writer.commit();
            assertIllegal("cannot write y now, or twice", () -> writer.writeString("y", ""));
            assertIllegal("committed twice, or after a file failed: " + root.resolve("a"), writer::commit);
        }
    }

    @Test
    void aFolderWithAFileThatFailedIsNotCommitted() throws IOException {
        try (FolderWriter writer = FolderWriter.whole(root.resolve("a"))) {
            assertIllegal("half", () -> writer.write("x", out -> {
                out.write(1);
                throw new IllegalStateException("half");
            }));
            assertIllegal("cannot write y now, or twice", () -> writer.writeString("y", ""));
            assertIllegal("committed twice, or after a file failed: " + root.resolve("a"), writer::commit);
        }
        assertEquals(List.of(), names(root));
    }

    @Test
    void anInterruptedThreadStillSaves() throws IOException {
        Thread.currentThread().interrupt();
        save(FolderWriter.whole(root.resolve("checkpoint-1")), "x", "a");
        save(FolderWriter.into(root.resolve("out")), "x", "a");
        AtomicFiles.writeString(root.resolve("file"), "x");
        assertTrue(Thread.interrupted(), "and stays interrupted");
        assertEquals(List.of(), Manifest.verify(root.resolve("checkpoint-1")));
        assertEquals(List.of(), Manifest.verify(root.resolve("out")));
        assertEquals("x", Files.readString(root.resolve("file")));
    }

    private static void assertIllegal(String message, org.junit.jupiter.api.function.Executable action) {
        assertEquals(message, assertThrows(IllegalStateException.class, action).getMessage());
    }

    private static void save(FolderWriter writer, String text, String... names) {
        try (writer) {
            for (String name : names) {
                writer.writeString(name, text);
            }
            writer.commit();
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile)
                    .map(p -> folder.relativize(p).toString())
                    .sorted()
                    .toList();
        }
    }
}
