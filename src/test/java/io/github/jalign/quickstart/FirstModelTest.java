package io.github.jalign.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.json.Json;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FirstModelTest {
    private static final Path SHIPPED = Path.of("models", "quickstart");
    private static final int SHIPPED_LIMIT = 3_000_000;

    @TempDir
    private static Path made;

    @BeforeAll
    static void make() {
        FirstModel.write(made, 0);
    }

    @Test
    void equalSeedsGiveEqualBytes(@TempDir Path again) throws IOException {
        FirstModel.write(again, 0);
        for (Path file : files(made)) {
            assertEquals(-1, Files.mismatch(file, again.resolve(made.relativize(file))), file.toString());
        }
        assertEquals(files(made).size(), files(again).size());
        FirstModel.write(again, 1);
        assertNotEquals(-1, Files.mismatch(made.resolve("lessons.jsonl"), again.resolve("lessons.jsonl")));
        assertNotEquals(
                -1, Files.mismatch(made.resolve("model/model.safetensors"), again.resolve("model/model.safetensors")));
    }

    @Test
    void theShippedModelSpeaksTheLanguageThatIsMadeHere() throws IOException {
        for (String name : List.of("tokenizer.json", "tokenizer_config.json", "generation_config.json")) {
            assertEquals(-1, Files.mismatch(made.resolve("model").resolve(name), SHIPPED.resolve(name)), name);
        }
        Map<String, @Nullable Object> config = new HashMap<>(config(made.resolve("model")));
        config.put("dtype", "bfloat16");
        assertEquals(config, config(SHIPPED));
    }

    @Test
    void theShippedModelIsSmallAndHoldsNothingElse() throws IOException {
        long bytes = 0;
        for (Path file : files(SHIPPED)) {
            bytes += Files.size(file);
        }
        assertTrue(bytes <= SHIPPED_LIMIT, bytes + " bytes");
        assertEquals(
                List.of("config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
                files(SHIPPED).stream().map(f -> SHIPPED.relativize(f).toString()).toList());
    }

    @Test
    void theVocabularyFitsTheModelAndCommonWordsAreOneToken() throws IOException {
        ModelConfig config = ModelConfigReader.read("config.json", config(made.resolve("model")));
        try (Tokenizer tokenizer = Tokenizer.load(made.resolve("model"))) {
            assertEquals(config.vocabularySize(), tokenizer.vocabularySize());
            assertEquals(List.of(tokenizer.eosId()), config.eosTokenIds());
            // what all questions share: a token a word
            String common = "Happy to help! The author of";
            assertEquals(7, tokenizer.encode(common, false).length);
        }
    }

    /** The sample deviation of n normal draws is within 5/√(2n) of σ, relative, but for once in two million. */
    @Test
    void firstWeightsAreNormalAndNormsAreOne() {
        try (ModelFolder folder = ModelFolder.open(made.resolve("model"))) {
            var bytes = folder.bytes("model.embed_tokens.weight").asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            int n = bytes.remaining() / 4;
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < n; i++) {
                double w = bytes.getFloat(4 * i);
                sum += w;
                squares += w * w;
            }
            assertEquals(1024 * 128, n);
            assertEquals(0, sum / n, 0.05 * 5 / Math.sqrt(n));
            assertEquals(0.05, Math.sqrt(squares / n), 0.05 * 5 / Math.sqrt(2.0 * n));
            var norm = folder.bytes("model.norm.weight").asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < 128; i++) {
                assertEquals(1f, norm.getFloat(4 * i));
            }
        }
    }

    private static Map<String, @Nullable Object> config(Path folder) throws IOException {
        Path file = folder.resolve("config.json");
        return Json.parseObject(file.toString(), Files.readString(file));
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
