package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubCacheTest {
    private static final String MAIN = "0123456789abcdef0123456789abcdef01234567";
    private static final String OTHER = "89abcdef0123456789abcdef0123456789abcdef";

    @TempDir
    Path root;

    private HubCache cache;
    private Path snapshots;

    /** As {@code hf download org/tiny} and {@code hf download org/tiny --revision refs/pr/1} leave it. */
    @BeforeEach
    void download() throws IOException {
        cache = new HubCache(root.resolve("hub"));
        Path model = cache.folder().resolve("models--org--tiny");
        snapshots = model.resolve("snapshots");
        Files.createDirectories(snapshots.resolve(MAIN));
        Files.createDirectories(snapshots.resolve(OTHER));
        Files.createDirectories(model.resolve("refs/refs/pr"));
        Files.writeString(model.resolve("refs/main"), MAIN);
        Files.writeString(model.resolve("refs/refs/pr/1"), OTHER + "\n");
    }

    @Test
    void aNameIsItsMainRevision() {
        assertEquals(snapshots.resolve(MAIN), cache.model("org/tiny"));
    }

    @Test
    void aRevisionIsABranchATagOrACommit() {
        assertEquals(snapshots.resolve(MAIN), cache.model("org/tiny@main"));
        assertEquals(snapshots.resolve(OTHER), cache.model("org/tiny@refs/pr/1"));
        assertEquals(snapshots.resolve(OTHER), cache.model("org/tiny@" + OTHER));
    }

    @Test
    void aNameWithoutAnOrganisationIsOneToo() throws IOException {
        Path model = Files.createDirectories(cache.folder().resolve("models--gpt.2_x-y"));
        Files.createDirectories(model.resolve("refs"));
        Files.writeString(model.resolve("refs/main"), MAIN);
        Files.createDirectories(model.resolve("snapshots").resolve(MAIN));
        assertEquals(model.resolve("snapshots").resolve(MAIN), cache.model("gpt.2_x-y"));
    }

    @Test
    void aFolderGoesFirstAndOtherPathsAreLeftToWhoOpensThem() {
        String folder = root.resolve("hub").toString();
        assertEquals(Path.of(folder), cache.model(folder));
        for (String path : new String[] {"src", "./org/tiny", "../org", "a/b/c", "/org/tiny", "org--tiny", "org/tiny@"}) {
            assertEquals(Path.of(path), cache.model(path));
        }
    }

    @Test
    void theVariablesOfHuggingFaceDecide() {
        Path home = Path.of("/home/me");
        assertEquals(Path.of("/home/me/.cache/huggingface/hub"), HubCache.of(Map.of(), home).folder());
        assertEquals(
                Path.of("/x/huggingface/hub"), HubCache.of(Map.of("XDG_CACHE_HOME", "/x"), home).folder());
        Map<String, String> hfHome = Map.of("HF_HOME", "~/hf", "XDG_CACHE_HOME", "/x");
        assertEquals(Path.of("/home/me/hf/hub"), HubCache.of(hfHome, home).folder());
        Map<String, String> older = Map.of("HUGGINGFACE_HUB_CACHE", "/older", "HF_HOME", "/hf");
        assertEquals(Path.of("/older"), HubCache.of(older, home).folder());
        Map<String, String> all = Map.of("HF_HUB_CACHE", "/hub", "HUGGINGFACE_HUB_CACHE", "/older", "HF_HOME", "/hf");
        assertEquals(Path.of("/hub"), HubCache.of(all, home).folder());
    }

    @Test
    void aModelThatWasNotDownloadedSaysHow() {
        assertMessage("org/other", """
                org/other: the model must be a folder, or a model of the Hugging Face cache
                  found     no folder of that name, and nothing of it in %s
                  expected  a folder with config.json and safetensors, or a model that was downloaded
                  do        correct the path, or download the model: hf download org/other""".formatted(cache.folder()));
    }

    @Test
    void aRevisionThatWasNotDownloadedSaysWhichThereAre() {
        assertMessage("org/tiny@v2", """
                org/tiny@v2: the revision must be in the Hugging Face cache
                  found     none of that name in %s; there are main, refs/pr/1
                  expected  a branch, a tag or a whole commit that was downloaded
                  do        download it: hf download org/tiny --revision v2""".formatted(snapshots.getParent()));
    }

    @Test
    void aSnapshotThatWasRemovedIsDownloadedAgain() throws IOException {
        Files.delete(snapshots.resolve(MAIN));
        assertMessage("org/tiny", """
                org/tiny@main: the revision must be in the Hugging Face cache
                  found     none of that name in %s; there are main, refs/pr/1
                  expected  a branch, a tag or a whole commit that was downloaded
                  do        download it: hf download org/tiny""".formatted(snapshots.getParent()));
    }

    @Test
    void neitherARevisionNorARefReachesOutOfTheCache() throws IOException {
        assertMessage("org/tiny@../snapshots", """
                org/tiny@../snapshots: a file name must be one relative path inside the folder
                  found     "../snapshots", which has the part ".."
                  expected  a name like model-00001-of-00002.safetensors
                  do        correct the name if the folder is yours; otherwise do not use it, such a name reaches other files""");
        Path ref = snapshots.resolveSibling("refs").resolve("main");
        Files.writeString(ref, "../../secret");
        assertMessage("org/tiny", """
                %s: a file name must be one relative path inside the folder
                  found     "../../secret", which has the part ".."
                  expected  a name like model-00001-of-00002.safetensors
                  do        correct the name if the folder is yours; otherwise do not use it, such a name reaches other files"""
                .formatted(ref));
    }

    @Test
    void aNameThatNoFileCanHaveIsRefused() {
        assertMessage("a\0b", """
                "a\\u0000b": the model must be a folder, or a model of the Hugging Face cache
                  found     a name that no file can have: Nul character not allowed
                  expected  a path, or a name like org/model
                  do        correct the name""");
    }

    private void assertMessage(String name, String message) {
        JalignException e = assertThrows(JalignException.class, () -> cache.model(name));
        assertEquals(message, e.getMessage());
        assertEquals(JalignException.Kind.INPUT, e.kind());
    }
}
