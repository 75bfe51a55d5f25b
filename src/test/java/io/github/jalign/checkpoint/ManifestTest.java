package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestTest {
    @TempDir
    Path root;

    private Path folder;

    @BeforeEach
    void save() {
        folder = root.resolve("checkpoint-1");
        try (FolderWriter writer = FolderWriter.whole(folder)) {
            for (String name : List.of("changed", "cut", "fine", "gone", "link", "deep/fine")) {
                writer.writeString(name, "content of " + name);
            }
            writer.commit();
        }
    }

    @Test
    void everyBadFileIsNamedWithWhatIsWrong() throws IOException {
        Files.writeString(folder.resolve("changed"), "Content of changed");
        Files.writeString(folder.resolve("cut"), "cont");
        Files.delete(folder.resolve("gone"));
        Files.writeString(folder.resolve("extra"), "allowed");
        Files.move(folder.resolve("link"), root.resolve("outside"));
        Files.createSymbolicLink(folder.resolve("link"), root.resolve("outside"));
        assertEquals(
                List.of(
                        "changed: SHA-256 48c97ed16fa32a217e5210cb9b244ee1a7280632be0f19436b4ebd3730f64ab8 instead of"
                                + " 64078c52326961f1b100dc0788cdaacab66da7d11e6f99f127d4c10446a9317e",
                        "cut: 4 bytes instead of 14",
                        "gone: missing",
                        "link: refused: manifest.json: a file must lie inside its folder, also after symbolic links; found \"link\", a link to %s; expected a file inside %s; do put the file itself in place of the link if you trust it"
                                .formatted(root.toRealPath().resolve("outside"), folder)),
                Manifest.verify(folder).stream().map(Manifest.Problem::toString).toList());
    }

    @Test
    void aMissingOrDamagedManifestIsTheProblem() throws IOException {
        Path manifest = folder.resolve("manifest.json");
        Map<String, String> problems = Map.of(
                "{\"files\":",
                "unreadable: %s: the text must be valid JSON; found Unexpected end-of-input within/between Object"
                    + " entries (line 1, column 10); expected one JSON value with unique names; do correct the file,"
                    + " or make it again with the program that wrote it",
                "{}",
                "unreadable: %s: files must be an object; found something else; expected the manifest as jalign writes"
                        + " it; do do not use this folder: choose an older checkpoint",
                "{\"files\":{\"a\":{\"bytes\":\"1\"}}}",
                "unreadable: %s: the entry of \"a\" must have bytes and sha256; found something else; expected the"
                        + " manifest as jalign writes it; do do not use this folder: choose an older checkpoint");
        for (Map.Entry<String, String> e : problems.entrySet()) {
            Files.writeString(manifest, e.getKey());
            assertEquals(
                    List.of(new Manifest.Problem("manifest.json", e.getValue().formatted(manifest))),
                    Manifest.verify(folder));
        }
        Files.delete(manifest);
        assertEquals(List.of(new Manifest.Problem("manifest.json", "missing")), Manifest.verify(folder));
        assertEquals(
                List.of(new Manifest.Problem("manifest.json", "missing")), Manifest.verify(folder.resolve("nowhere")));
    }

    @Test
    void aNameThatLeavesTheFolderIsNotFollowed() throws IOException {
        Files.writeString(root.resolve("secret"), "x");
        Files.writeString(
                folder.resolve("manifest.json"), "{\"files\":{\"../secret\":{\"bytes\":1,\"sha256\":\"0\"}}}");
        assertEquals(
                List.of("../secret: refused: manifest.json: a file name must be one relative path inside the folder;"
                        + " found \"../secret\", which has the part \"..\"; expected a name like"
                        + " model-00001-of-00002.safetensors; do correct the name if the folder is yours;"
                        + " otherwise do not use it, such a name reaches other files"),
                Manifest.verify(folder).stream().map(Manifest.Problem::toString).toList());
    }

    @Test
    void readGivesWhatWasWritten() {
        Manifest manifest = Manifest.read(folder);
        assertEquals(
                List.of("changed", "cut", "deep/fine", "fine", "gone", "link"),
                List.copyOf(manifest.files().keySet()));
        assertEquals(15, manifest.files().get("fine").bytes());
        assertThrows(JalignException.class, () -> Manifest.read(root));
    }
}
