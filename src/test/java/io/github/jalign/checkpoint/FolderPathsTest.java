package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class FolderPathsTest {
    @TempDir
    Path root;

    private Path folder;

    @BeforeEach
    void makeAFolderBesideASecret() throws IOException {
        folder = Files.createDirectory(root.resolve("model"));
        Files.writeString(root.resolve("secret.safetensors"), "secret");
        Files.writeString(folder.resolve("model.safetensors"), "weights");
    }

    @TestFactory
    Stream<DynamicTest> namesThatReachOutAreRefusedInAnIndex() {
        return HostileNames.reasons().entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(Json.write(e.getKey()), () -> {
                    Files.writeString(
                            folder.resolve(ShardIndex.NAME), Json.write(Map.of("weight_map", Map.of("a", e.getKey()))));
                    JalignException refused = assertThrows(JalignException.class, () -> ShardIndex.read(folder));
                    assertEquals(
                            """
                            %s: weight_map["a"]: a file name must be one relative path inside the folder
                              found     %s, %s
                              expected  a name like model-00001-of-00002.safetensors
                              do        correct the name if the folder is yours; otherwise do not use it, such a name reaches other files"""
                                    .formatted(folder.resolve(ShardIndex.NAME), Json.write(e.getKey()), e.getValue()),
                            refused.getMessage());
                }));
    }

    @TestFactory
    Stream<DynamicTest> namesThatReachOutAreNotWrittenEither() {
        return HostileNames.reasons().entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(Json.write(e.getKey()), () -> {
                    try (FolderWriter writer = FolderWriter.into(folder)) {
                        JalignException refused =
                                assertThrows(JalignException.class, () -> writer.writeString(e.getKey(), "x"));
                        assertTrue(
                                refused.getMessage().contains(Json.write(e.getKey()) + ", " + e.getValue()),
                                refused.getMessage());
                        assertThrows(JalignException.class, () -> writer.remove(e.getKey()));
                    }
                }));
    }

    @Test
    void atLeastTwentyFiveNamesAreTried() {
        assertTrue(HostileNames.reasons().size() >= 25);
    }

    @Test
    void plainNamesAreAccepted() throws IOException {
        Files.createDirectories(folder.resolve("additional_chat_templates"));
        for (String name : new String[] {
            "model.safetensors", "..model", "...", "a..b", "~", "%2e%2e", "additional_chat_templates/tool use.jinja"
        }) {
            Files.writeString(folder.resolve(name), "x");
            assertEquals(folder.resolve(name), FolderPaths.existing(folder, name, "index"));
        }
    }

    @Test
    void aMissingFileIsNamed() {
        JalignException e =
                assertThrows(JalignException.class, () -> FolderPaths.existing(folder, "b.safetensors", "index"));
        assertEquals(
                """
                index: the file must exist
                  found     "b.safetensors", which is not in %s
                  expected  a file in the folder
                  do        download or copy the folder again; it is incomplete"""
                        .formatted(folder),
                e.getMessage());
    }

    @Test
    void aLinkOutOfTheFolderIsRefused() throws IOException {
        Files.createSymbolicLink(folder.resolve("link.safetensors"), Path.of("../secret.safetensors"));
        Files.createSymbolicLink(folder.resolve("up"), root);
        for (String name : new String[] {"link.safetensors", "up/secret.safetensors"}) {
            JalignException e = assertThrows(JalignException.class, () -> FolderPaths.existing(folder, name, "index"));
            assertEquals(
                    """
                    index: a file must lie inside its folder, also after symbolic links
                      found     "%s", a link to %s
                      expected  a file inside %s
                      do        put the file itself in place of the link if you trust it"""
                            .formatted(name, root.toRealPath().resolve("secret.safetensors"), folder),
                    e.getMessage());
        }
    }

    @Test
    void aLinkWithinTheFolderAndALinkToTheFolderAreAccepted() throws IOException {
        Files.createSymbolicLink(folder.resolve("same.safetensors"), Path.of("model.safetensors"));
        Path alias = Files.createSymbolicLink(root.resolve("alias"), folder);
        assertEquals(alias.resolve("same.safetensors"), FolderPaths.existing(alias, "same.safetensors", "index"));
    }

    @Test
    void aSnapshotOfTheHuggingFaceCacheMayLinkToItsBlobsAndNowhereElse() throws IOException {
        Path repo = root.resolve("models--org--name");
        Path snapshot = Files.createDirectories(repo.resolve("snapshots").resolve("0123abcd"));
        Files.createDirectories(repo.resolve("blobs/deep"));
        Files.writeString(repo.resolve("blobs/b10b"), "weights");
        Files.writeString(repo.resolve("blobs/deep/b10b"), "weights");
        Files.createSymbolicLink(snapshot.resolve("good.safetensors"), Path.of("../../blobs/b10b"));
        Files.createSymbolicLink(snapshot.resolve("deep.safetensors"), Path.of("../../blobs/deep/b10b"));
        Files.createSymbolicLink(snapshot.resolve("bad.safetensors"), Path.of("../../../secret.safetensors"));
        assertEquals(snapshot.resolve("good.safetensors"), FolderPaths.existing(snapshot, "good.safetensors", "index"));
        assertThrows(JalignException.class, () -> FolderPaths.existing(snapshot, "deep.safetensors", "index"));
        assertThrows(JalignException.class, () -> FolderPaths.existing(snapshot, "bad.safetensors", "index"));
    }

    @Test
    void aLinkToNothingAndALinkToItselfAreRefused() throws IOException {
        Files.createSymbolicLink(folder.resolve("nothing.safetensors"), Path.of("gone"));
        Files.createSymbolicLink(folder.resolve("loop.safetensors"), Path.of("loop.safetensors"));
        for (String name : new String[] {"nothing.safetensors", "loop.safetensors"}) {
            JalignException e = assertThrows(JalignException.class, () -> FolderPaths.existing(folder, name, "index"));
            assertEquals(JalignException.Kind.IO, e.kind());
            assertTrue(
                    e.getMessage().startsWith(folder.resolve(name) + ": the file must be readable\n  found     "),
                    e.getMessage());
        }
    }
}
