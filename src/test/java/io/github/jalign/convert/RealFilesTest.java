package io.github.jalign.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.Shared;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.SavedModel;
import io.github.jalign.tensor.DType;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real tokenizers and models to GGUF and back, and a real GGUF file. */
class RealFilesTest {
    private static final ConvertListener SILENT = new ConvertListener() {
        @Override
        public void written(int done, int total) {}

        @Override
        public void warned(String message) {
            throw new AssertionError(message);
        }
    };

    @TempDir
    private Path temporary = Path.of("");

    /** Merges recovered from scores, a space before every text, BOS. */
    @Test
    @Tag("shared")
    void stories260KComesBack() throws IOException {
        Path folder = Shared.data("stories260K-hf");
        Path again = thereAndBack(folder);
        assertSameWeights(folder, again);
        assertSameTokenizerJson(folder, again);
        Map<?, ?> golden = (Map<?, ?>) Shared.json(folder.resolve("golden.json"));
        try (Tokenizer tokenizer = Tokenizer.load(again)) {
            for (Object c : (List<?>) Objects.requireNonNull(golden.get("encode"))) {
                String text = (String) ((Map<?, ?>) c).get("text");
                // llama2.c, which made the file, puts a space before no text at all; Hugging Face does not
                int[] expected = text.isEmpty() ? new int[] {1} : ints(((Map<?, ?>) c).get("ids"));
                assertArrayEquals(expected, tokenizer.encode(text, true), text);
            }
        }
    }

    @Test
    @Tag("shared")
    void theTokenizerOfPhi3ComesBack() throws IOException {
        tokenizerComesBack("phi3-mini", "phi3", 32_011);
    }

    @Test
    @Tag("shared")
    void theTokenizerOfSmolLmComesBack() throws IOException {
        tokenizerComesBack("smollm", "llama", 49_154);
    }

    private void tokenizerComesBack(String name, String type, int vocabulary) throws IOException {
        Path source = Shared.data("tokenizers/" + name);
        Path folder = temporary.resolve("model");
        SavedModel.write(
                folder,
                TinyFolder.config(
                        type,
                        "\"vocab_size\": %d, \"hidden_size\": 32, \"num_hidden_layers\": 1, \"sliding_window\": null"
                                .formatted(vocabulary)),
                0.1,
                1);
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(source.resolve(file), folder.resolve(file));
        }
        Path again = thereAndBack(folder);
        assertSameTokenizerJson(folder, again);
        Map<?, ?> golden = (Map<?, ?>) Shared.json(Shared.data("golden/tokenizers/" + name + ".json.gz"));
        try (Tokenizer tokenizer = Tokenizer.load(again)) {
            for (Object c : (List<?>) Objects.requireNonNull(golden.get("cases"))) {
                Map<?, ?> fields = (Map<?, ?>) c;
                String text = (String) fields.get("text");
                int[] ids = ints(fields.get("ids"));
                assertArrayEquals(ids, tokenizer.encode(text, false), text);
                assertArrayEquals(ints(fields.get("ids_with_special")), tokenizer.encode(text, true), text);
                assertEquals(fields.get("decoded"), tokenizer.decode(ids, false), text);
            }
        }
    }

    /** What the library reads, but for a processor that does nothing and the form in which merges are written. */
    private static void assertSameTokenizerJson(Path before, Path after) {
        Map<String, Object> a = tokenizerJson(before);
        Map<String, Object> b = tokenizerJson(after);
        assertEquals(a.get("added_tokens"), b.get("added_tokens"));
        assertEquals(a.get("normalizer"), b.get("normalizer"));
        assertEquals(a.get("pre_tokenizer"), b.get("pre_tokenizer"));
        assertEquals(a.get("decoder"), b.get("decoder"));
        assertEquals(merges(a), merges(b));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> tokenizerJson(Path folder) {
        return (Map<String, Object>) Objects.requireNonNull(Shared.json(folder.resolve("tokenizer.json")));
    }

    private static List<String> merges(Map<String, Object> json) {
        Map<?, ?> model = (Map<?, ?>) Objects.requireNonNull(json.get("model"));
        return ((List<?>) Objects.requireNonNull(model.get("merges")))
                .stream().map(m -> m instanceof List<?> pair ? pair.get(0) + " " + pair.get(1) : (String) m).toList();
    }

    private Path thereAndBack(Path folder) {
        Path file = temporary.resolve("model.gguf");
        Path again = temporary.resolve("again");
        GgufExport.run(folder, file, null, SILENT);
        GgufImport.run(file, again, null, SILENT);
        return again;
    }

    private static void assertSameWeights(Path before, Path after) {
        try (ModelFolder a = ModelFolder.open(before);
                ModelFolder b = ModelFolder.open(after)) {
            assertEquals(new TreeSet<>(a.tensorNames()), new TreeSet<>(b.tensorNames()));
            for (String tensor : a.tensorNames()) {
                assertEquals(a.entry(tensor).dtype(), b.entry(tensor).dtype(), tensor);
                assertEquals(a.entry(tensor).shape(), b.entry(tensor).shape(), tensor);
                MemorySegment bytes = a.bytes(tensor);
                assertEquals(-1, bytes.mismatch(b.bytes(tensor)), tensor);
            }
        }
    }

    private static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(v -> ((Long) v).intValue()).toArray();
    }

    /**
     * SmolLM2-135M-Instruct, quantised by llama.cpp: {@code -Djalign.smollm2=FOLDER}, with the file that it was made from
     * beside it. That folder comes from the gguf package's formulas and another model's tokenizer.json.
     */
    @Test
    @Tag("long")
    void aRealFileGivesTheFolderThatThePackageGives() {
        Path folder = Path.of(System.getProperty("jalign.smollm2", ""));
        Path file = folder.resolveSibling("SmolLM2-135M-Instruct.Q4_1.gguf");
        assertTrue(Files.exists(file), "-Djalign.smollm2 must name the built model folder; there is no " + file);
        Path again = temporary.resolve("again");
        assertEquals(DType.BF16, GgufImport.run(file, again, null, SILENT));
        assertSameWeights(folder, again);
        assertEquals(tokenizerJson(folder), tokenizerJson(again));
        try (ModelFolder a = ModelFolder.open(folder);
                ModelFolder b = ModelFolder.open(again);
                Tokenizer before = Tokenizer.load(folder);
                Tokenizer after = Tokenizer.load(again)) {
            assertEquals(ModelConfigReader.read("a", a.config()), ModelConfigReader.read("b", b.config()));
            assertEquals(before.templateVariables(), after.templateVariables());
            assertEquals(
                    Objects.requireNonNull(before.chatTemplate()).source(),
                    Objects.requireNonNull(after.chatTemplate()).source());
            Map<?, ?> golden = (Map<?, ?>) Shared.json(Shared.data("golden/tokenizers/smollm.json.gz"));
            for (Object c : (List<?>) Objects.requireNonNull(golden.get("cases"))) {
                String text = (String) ((Map<?, ?>) c).get("text");
                assertArrayEquals(before.encode(text, true), after.encode(text, true), text);
            }
        }
    }
}
