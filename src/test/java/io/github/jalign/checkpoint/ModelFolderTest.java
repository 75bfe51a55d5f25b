package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFolderTest {
    private static final String ONE = "model-00001-of-00002.safetensors";
    private static final String TWO = "model-00002-of-00002.safetensors";

    @TempDir
    Path folder;

    @BeforeEach
    void writeConfig() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"zebra\": [1, null], \"model_type\": \"llama\"}");
    }

    @Test
    void oneFileIsRead() {
        write(Long.MAX_VALUE, floats("b", 2), floats("a", 3));
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertEquals(folder, model.path());
            assertEquals("{\"zebra\":[1,null],\"model_type\":\"llama\"}", Json.write(model.config()));
            assertEquals(List.of("a", "b"), List.copyOf(model.tensorNames()));
            assertEquals(new Safetensors.Entry("b", DType.F32, List.of(2L), 12, 20), model.entry("b"));
            float[] a = new float[3];
            model.readFloats("a", MemorySegment.ofArray(a));
            assertArrayEquals(new float[] {0, 1, 2}, a);
            double[] b = new double[2];
            model.readDoubles("b", MemorySegment.ofArray(b));
            assertArrayEquals(new double[] {0, 1}, b);
            assertEquals(8, model.bytes("b").byteSize());
        }
    }

    /** 12, 8, 40, 4 and 20 bytes into shards of at most 20: a tensor larger than the limit stands alone. */
    @Test
    void shardsAreFilledInOrderAndReadBack() throws IOException {
        TensorSource[] tensors = {floats("e", 3), floats("d", 2), floats("c", 10), floats("b", 1), floats("a", 4)};
        write(20, tensors);
        assertEquals(
                """
                {
                  "metadata": {
                    "total_size": 80
                  },
                  "weight_map": {
                    "a": "model-00003-of-00003.safetensors",
                    "b": "model-00003-of-00003.safetensors",
                    "c": "model-00002-of-00003.safetensors",
                    "d": "model-00001-of-00003.safetensors",
                    "e": "model-00001-of-00003.safetensors"
                  }
                }
                """,
                Files.readString(folder.resolve(ShardIndex.NAME)));
        try (ModelFolder model = ModelFolder.open(folder)) {
            assertEquals(List.of("a", "b", "c", "d", "e"), List.copyOf(model.tensorNames()));
            for (TensorSource t : tensors) {
                float[] read = new float[(int) t.elements()];
                model.readFloats(t.name(), MemorySegment.ofArray(read));
                assertEquals(-1, t.values().get().mismatch(MemorySegment.ofArray(read)), t.name());
            }
        }
    }

    @Test
    void savingAgainInAnotherFormLeavesOnlyTheNewWeights() throws IOException {
        Files.writeString(folder.resolve("model-notes.safetensors"), "mine");
        write(8, floats("a", 2), floats("b", 2), floats("c", 2));
        assertEquals(
                List.of(
                        "model-00001-of-00003.safetensors",
                        "model-00002-of-00003.safetensors",
                        "model-00003-of-00003.safetensors",
                        "model-notes.safetensors",
                        ShardIndex.NAME),
                weightFiles());
        write(16, floats("a", 2), floats("b", 2), floats("c", 2));
        assertEquals(List.of(ONE, TWO, "model-notes.safetensors", ShardIndex.NAME), weightFiles());
        write(24, floats("a", 2), floats("b", 2), floats("c", 2));
        assertEquals(List.of("model-notes.safetensors", "model.safetensors"), weightFiles());
        write(8, floats("a", 2), floats("b", 2));
        assertEquals(List.of(ONE, TWO, "model-notes.safetensors", ShardIndex.NAME), weightFiles());
        assertEquals(List.of(), Manifest.verify(folder));
    }

    @Test
    void aTensorMissingFromItsShardIsNamed() throws IOException {
        write(8, floats("a", 2), floats("b", 2));
        writeIndex(Map.of("a", ONE, "b", TWO, "ghost", TWO));
        assertRefused(
                """
                FOLDER/model.safetensors.index.json: weight_map["ghost"]: a shard must hold every tensor that the index puts there
                  found     "model-00002-of-00002.safetensors" without this tensor
                  expected  a shard that holds it
                  do        download the folder again; index and shards do not belong together""");
    }

    @Test
    void aTensorMissingFromTheIndexIsNamed() throws IOException {
        write(8, floats("a", 2), floats("b", 2));
        SafetensorsFile.write(folder.resolve(TWO), floats("b", 2), floats("extra", 1));
        assertRefused(
                """
                FOLDER/model-00002-of-00002.safetensors: tensor "extra": the index must list every tensor of a shard
                  found     no entry
                  expected  "model-00002-of-00002.safetensors"
                  do        download the folder again; index and shards do not belong together""");
    }

    @Test
    void aTensorInTwoShardsIsNamed() throws IOException {
        write(8, floats("a", 2), floats("b", 2));
        SafetensorsFile.write(folder.resolve(TWO), floats("a", 2), floats("b", 2));
        assertRefused(
                """
                FOLDER/model-00002-of-00002.safetensors: tensor "a": the index must list every tensor of a shard
                  found     an entry that says "model-00001-of-00002.safetensors"
                  expected  "model-00002-of-00002.safetensors"
                  do        download the folder again; index and shards do not belong together""");
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        write(8, floats("a", 2), floats("b", 2));
        Files.delete(folder.resolve(TWO));
        assertRefused(
                """
                FOLDER/model.safetensors.index.json: the file must exist
                  found     "model-00002-of-00002.safetensors", which is not in FOLDER
                  expected  a file in the folder
                  do        download or copy the folder again; it is incomplete""");
    }

    @Test
    void aShardOfAnotherKindIsRefused() throws IOException {
        writeIndex(Map.of("a", "pytorch_model-00001-of-00001.bin"));
        assertRefused(
                """
                FOLDER/model.safetensors.index.json: weight_map["a"]: a shard must be a safetensors file
                  found     "pytorch_model-00001-of-00001.bin"
                  expected  a name that ends in .safetensors
                  do        convert the model to safetensors""");
    }

    @Test
    void moreThanTenThousandShardsAreRefusedBeforeAnyIsOpened() throws IOException {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i <= 10_000; i++) {
            map.put("t" + i, "s" + i + ".safetensors");
        }
        writeIndex(map);
        assertRefused(
                """
                FOLDER/model.safetensors.index.json: an index names at most 10000 shards
                  found     10001 shards
                  expected  a model in fewer files
                  do        save the model again with larger shards""");
    }

    @Test
    void anIndexWithoutAWeightMapOrWithNumbersInItIsRefused() throws IOException {
        Files.writeString(folder.resolve(ShardIndex.NAME), "{\"weight_map\": []}");
        assertRefused(
                """
                FOLDER/model.safetensors.index.json: weight_map must be an object
                  found     an array
                  expected  file names by tensor name
                  do        download the folder again""");
        Files.writeString(folder.resolve(ShardIndex.NAME), "{\"weight_map\": {\"a\": 1}}");
        assertRefused(
                """
                FOLDER/model.safetensors.index.json: weight_map["a"]: a shard must be named by a string
                  found     a number
                  expected  a file name
                  do        download the folder again""");
    }

    @Test
    void aLinkOutOfTheFolderIsNoWeightsFile(@TempDir Path elsewhere) throws IOException {
        Path secret = elsewhere.toRealPath().resolve("secret.safetensors");
        SafetensorsFile.write(secret, floats("a", 1));
        Files.createSymbolicLink(folder.resolve("model.safetensors"), secret);
        assertRefused(
                """
                FOLDER: a file must lie inside its folder, also after symbolic links
                  found     "model.safetensors", a link to %s
                  expected  a file inside FOLDER
                  do        put the file itself in place of the link if you trust it"""
                        .formatted(secret));
    }

    @Test
    void aTensorThatTheModelLacksIsNamed() {
        write(Long.MAX_VALUE, floats("a", 1));
        try (ModelFolder model = ModelFolder.open(folder)) {
            JalignException e = assertThrows(JalignException.class, () -> model.entry("lm_head.weight"));
            assertEquals(
                    """
                    %s: the model must hold the tensor "lm_head.weight"
                      found     1 tensors, none of that name
                      expected  a tensor of exactly that name
                      do        make sure that config.json and the weights belong together"""
                            .formatted(folder),
                    e.getMessage());
        }
    }

    @Test
    void aBadShardClosesThoseThatWereOpen() throws IOException {
        write(8, floats("a", 2), floats("b", 2));
        Files.write(folder.resolve(TWO), new byte[3]);
        assertRefused(
                """
                FOLDER/model-00002-of-00002.safetensors: a safetensors file begins with the length of its header in 8 bytes
                  found     3 bytes
                  expected  at least 8 bytes
                  do        the file is cut short or damaged: download or copy it again""");
    }

    @Test
    void companionFilesAreThoseThatExistAndTravel(@TempDir Path copy) throws IOException {
        write(Long.MAX_VALUE, floats("a", 1));
        Files.createDirectories(folder.resolve("additional_chat_templates"));
        for (String name : List.of(
                "tokenizer.json",
                "generation_config.json",
                "chat_template.jinja",
                "additional_chat_templates/tool_use.jinja",
                "additional_chat_templates/rag.jinja",
                "additional_chat_templates/notes.txt",
                "README.md",
                "optimizer.safetensors")) {
            Files.writeString(folder.resolve(name), "content of " + name);
        }
        List<String> expected = List.of(
                "generation_config.json",
                "tokenizer.json",
                "chat_template.jinja",
                "additional_chat_templates/rag.jinja",
                "additional_chat_templates/tool_use.jinja");
        try (ModelFolder model = ModelFolder.open(folder);
                FolderWriter out = FolderWriter.into(copy)) {
            assertEquals(
                    expected,
                    model.companionFiles().stream().map(Path::toString).toList());
            model.companionFiles().forEach(f -> out.copy(folder.resolve(f), f.toString()));
            out.commit();
        }
        for (String name : expected) {
            assertEquals("content of " + name, Files.readString(copy.resolve(name)));
        }
        assertFalse(Files.exists(copy.resolve("README.md")));
    }

    private void write(long shardBytes, TensorSource... tensors) {
        try (FolderWriter out = FolderWriter.into(folder)) {
            WeightsWriter.write(out, List.of(tensors), shardBytes);
            out.commit();
        }
    }

    private void writeIndex(Map<String, String> weightMap) throws IOException {
        Files.writeString(folder.resolve(ShardIndex.NAME), Json.write(Map.of("weight_map", weightMap)));
    }

    private void assertRefused(String message) {
        JalignException e = assertThrows(JalignException.class, () -> ModelFolder.open(folder));
        assertEquals(message, e.getMessage().replace(folder.toString(), "FOLDER"));
        assertEquals(JalignException.Kind.INPUT, e.kind());
    }

    private List<String> weightFiles() throws IOException {
        List<String> names = new ArrayList<>();
        try (var files = Files.list(folder)) {
            files.map(f -> f.getFileName().toString())
                    .filter(n -> n.startsWith("model"))
                    .sorted()
                    .forEach(names::add);
        }
        return names;
    }

    private static TensorSource floats(String name, int count) {
        return SafetensorsFile.floats(name, count);
    }
}
