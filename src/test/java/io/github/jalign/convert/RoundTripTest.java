package io.github.jalign.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.checkpoint.GgmlType;
import io.github.jalign.checkpoint.Gguf;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.errors.JalignException;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.RopeScaling;
import io.github.jalign.tensor.DType;
import io.github.jalign.text.Tokenizer;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** A folder that becomes a GGUF file and a folder again is the folder that it was. */
class RoundTripTest {
    private static final List<String> TEXTS = List.of(
            "", "the", " the the", "a\n\n  b\t", "it's 1234 then", "é😀", "<|im_start|>user\nhi<|im_end|>", "in the thin\u00a0ink");

    @TempDir
    private Path temporary = Path.of("");

    private final List<String> warnings = new ArrayList<>();
    private final List<String> progress = new ArrayList<>();
    private final ConvertListener listener = new ConvertListener() {
        @Override
        public void written(int done, int total) {
            progress.add(done + "/" + total);
        }

        @Override
        public void warned(String message) {
            warnings.add(message);
        }
    };

    @TestFactory
    Stream<DynamicTest> everyKindOfModelComesBack() {
        return TinyFolder.configs().entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> comesBack(e.getKey(), e.getValue())));
    }

    private void comesBack(String name, Map<String, @Nullable Object> config) throws IOException {
        Path home = Files.createDirectory(temporary.resolve(name.replaceAll("\\W+", "-")));
        Path folder = TinyFolder.write(home.resolve("model"), config);
        Path gguf = home.resolve("model.gguf");
        Path again = home.resolve("again");
        assertEquals(GgmlType.F32, GgufExport.run(folder, gguf, null, listener));
        assertEquals(DType.F32, GgufImport.run(gguf, again, null, listener));
        assertEquals(List.of(), warnings);
        assertSameWeights(folder, again);
        assertSameText(folder, again);
        try (ModelFolder before = ModelFolder.open(folder);
                ModelFolder after = ModelFolder.open(again)) {
            // Mistral without a window is Llama in llama.cpp
            Map<String, @Nullable Object> expected = new LinkedHashMap<>(before.config());
            expected.replace("model_type", "mistral", "llama");
            assertEquals(
                    ModelConfigReader.read("before", expected), ModelConfigReader.read("after", after.config()));
        }
    }

    private static void assertSameWeights(Path before, Path after) {
        try (ModelFolder a = ModelFolder.open(before);
                ModelFolder b = ModelFolder.open(after)) {
            assertEquals(new TreeSet<>(a.tensorNames()), new TreeSet<>(b.tensorNames()));
            for (String tensor : a.tensorNames()) {
                assertEquals(a.entry(tensor).dtype(), b.entry(tensor).dtype(), tensor);
                assertEquals(a.entry(tensor).shape(), b.entry(tensor).shape(), tensor);
                assertArrayEquals(
                        a.bytes(tensor).toArray(ValueLayout.JAVA_BYTE),
                        b.bytes(tensor).toArray(ValueLayout.JAVA_BYTE),
                        tensor);
            }
        }
    }

    private static void assertSameText(Path before, Path after) {
        try (Tokenizer a = Tokenizer.load(before);
                Tokenizer b = Tokenizer.load(after)) {
            for (String text : TEXTS) {
                assertArrayEquals(a.encode(text, true), b.encode(text, true), text);
                int[] ids = a.encode(text, false);
                assertEquals(a.decode(ids, false), b.decode(ids, false), text);
            }
            assertEquals(a.templateVariables(), b.templateVariables());
            assertEquals(TinyFolder.TEMPLATE, Objects.requireNonNull(b.chatTemplate()).source());
        }
    }

    /** The quotient of it and the usual one is a float32: wrong by 2^-24 of itself at most, and a product's rounding. */
    @Test
    void anAttentionFactorOfYarnComesBackNearby() throws IOException {
        for (String given : List.of("\"attention_factor\": 1.25", "\"mscale\": 1.0, \"mscale_all_dim\": 0.5")) {
            Path home = Files.createDirectory(temporary.resolve(given.replaceAll("\\W+", "-")));
            Path folder = TinyFolder.write(home.resolve("model"), TinyFolder.yarn(", " + given));
            GgufExport.run(folder, home.resolve("model.gguf"), null, listener);
            GgufImport.run(home.resolve("model.gguf"), home.resolve("again"), null, listener);
            RopeScaling.Yarn before = yarn(folder);
            RopeScaling.Yarn after = yarn(home.resolve("again"));
            assertEquals(before.attentionFactor(), after.attentionFactor(), before.attentionFactor() * 0x1.0001p-24);
            assertNotEquals(RopeScaling.Yarn.usualAttention(4, 1), after.attentionFactor(), 1e-3);
        }
    }

    @Test
    void yarnsBetasComeBackWithAWarning() throws IOException {
        Path folder = TinyFolder.write(
                temporary.resolve("model"), TinyFolder.yarn(", \"beta_fast\": 8.0, \"beta_slow\": 2"));
        GgufExport.run(folder, temporary.resolve("model.gguf"), null, listener);
        assertEquals(
                List.of("llama.cpp reads no betas of yarn for llama; run it with --yarn-beta-fast 8.0 --yarn-beta-slow 2.0"),
                warnings);
        GgufImport.run(temporary.resolve("model.gguf"), temporary.resolve("again"), null, listener);
        assertEquals(yarn(folder), yarn(temporary.resolve("again")));
    }

    private static RopeScaling.Yarn yarn(Path folder) {
        try (ModelFolder files = ModelFolder.open(folder)) {
            return (RopeScaling.Yarn)
                    ModelConfigReader.read("config.json", files.config()).ropeScaling();
        }
    }

    /** A file's matrices decide the folder's type; in bfloat16 its vectors, F32 in every GGUF file, become that too. */
    @Test
    void bfloat16ComesBackAsBfloat16() throws IOException {
        Path folder = TinyFolder.write(temporary.resolve("model"), TinyFolder.config("llama", "\"attention_bias\": true"));
        Path narrow = temporary.resolve("narrow");
        GgufExport.run(folder, temporary.resolve("first.gguf"), GgmlType.F32, listener);
        assertEquals(DType.BF16, GgufImport.run(temporary.resolve("first.gguf"), narrow, DType.BF16, listener));
        Path again = temporary.resolve("again");
        assertEquals(GgmlType.BF16, GgufExport.run(narrow, temporary.resolve("second.gguf"), null, listener));
        assertEquals(DType.BF16, GgufImport.run(temporary.resolve("second.gguf"), again, null, listener));
        assertSameWeights(narrow, again);
        Path half = temporary.resolve("half");
        GgufExport.run(narrow, temporary.resolve("third.gguf"), GgmlType.F16, listener);
        assertEquals(DType.F16, GgufImport.run(temporary.resolve("third.gguf"), half, null, listener));
    }

    /** With d a block's largest value over 127: half a step, and what F16 takes off d, 2^-11 of it, up to 127 times. */
    @Test
    void q8ComesBackNearby() throws IOException {
        Path folder = TinyFolder.write(temporary.resolve("model"), TinyFolder.config("llama", "\"num_key_value_heads\": 2"));
        Path again = temporary.resolve("again");
        GgufExport.run(folder, temporary.resolve("model.gguf"), GgmlType.Q8_0, listener);
        assertEquals(DType.F32, GgufImport.run(temporary.resolve("model.gguf"), again, DType.F32, listener));
        assertEquals(
                DType.BF16, GgufImport.run(temporary.resolve("model.gguf"), temporary.resolve("b"), null, listener));
        try (ModelFolder a = ModelFolder.open(folder);
                ModelFolder b = ModelFolder.open(again)) {
            for (String tensor : a.tensorNames()) {
                float[] before = a.bytes(tensor).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
                float[] after = b.bytes(tensor).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
                boolean vector = a.entry(tensor).shape().size() == 1;
                for (int block = 0; block < before.length; block += 32) {
                    float largest = 0;
                    for (int i = block; i < block + 32; i++) {
                        largest = Math.max(largest, Math.abs(before[i]));
                    }
                    double near = vector ? 0 : largest / 127 * (0.5 + 127 / 2048.0);
                    for (int i = block; i < block + 32; i++) {
                        assertEquals(before[i], after[i], near, tensor + " " + i);
                    }
                }
            }
        }
    }

    @Test
    void rowsThatHoldNoWholeBlocksBecomeF16WithAWarning() throws IOException {
        Path folder = TinyFolder.write(temporary.resolve("model"), TinyFolder.config("llama", "\"intermediate_size\": 80"));
        GgufExport.run(folder, temporary.resolve("model.gguf"), GgmlType.Q8_0, listener);
        assertEquals(
                List.of("2 tensors (blk.0.ffn_down.weight …) are F16: their rows are no multiples of 32 elements, as"
                        + " Q8_0 needs"),
                warnings);
        GgufImport.run(temporary.resolve("model.gguf"), temporary.resolve("again"), null, listener);
    }

    @Test
    void aWindowComesBackWithAWarning() throws IOException {
        Path folder = TinyFolder.write(
                temporary.resolve("model"), TinyFolder.config("mistral", "\"sliding_window\": 16, \"num_key_value_heads\": 4"));
        Path again = temporary.resolve("again");
        GgufExport.run(folder, temporary.resolve("model.gguf"), null, listener);
        assertEquals(
                List.of("llama.cpp attends to all tokens of a mistral model; answers differ where a text is longer than"
                        + " the window of 16 tokens"),
                warnings);
        GgufImport.run(temporary.resolve("model.gguf"), again, null, listener);
        try (ModelFolder a = ModelFolder.open(folder);
                ModelFolder b = ModelFolder.open(again)) {
            assertEquals(ModelConfigReader.read("a", a.config()), ModelConfigReader.read("b", b.config()));
        }
    }

    @Test
    void everyTensorIsTold() throws IOException {
        Path folder = TinyFolder.write(
                temporary.resolve("model"),
                TinyFolder.config("phi3", "\"num_hidden_layers\": 1, \"sliding_window\": null, \"tie_word_embeddings\": true"));
        GgufExport.run(folder, temporary.resolve("model.gguf"), null, listener);
        assertEquals(List.of("1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8"), progress);
        progress.clear();
        GgufImport.run(temporary.resolve("model.gguf"), temporary.resolve("again"), null, listener);
        assertEquals(List.of("1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8"), progress);
    }

    /** llama.cpp looks for Phi-3's tokens in every model of that name, and fails without them. */
    @Test
    void onlyPhi3sOwnVocabularyIsCalledPhi3() throws IOException {
        Map<String, @Nullable Object> config = TinyFolder.config("phi3", "\"sliding_window\": null");
        for (Map.Entry<String, String> e :
                Map.of("my-Phi3-mini", "my-phi 3-mini", "phi-3", "phi 3", "other", "other").entrySet()) {
            Path folder = TinyFolder.write(temporary.resolve(e.getKey()), config);
            Path file = temporary.resolve(e.getKey() + ".gguf");
            GgufExport.run(folder, file, null, listener);
            try (Gguf gguf = Gguf.open(file)) {
                assertEquals(e.getValue(), gguf.keys().text("general.name"));
            }
        }
    }

    /** Nothing is left of a conversion that fails half way, here at a weight that F16 cannot hold. */
    @Test
    void aFailureLeavesNothing() throws IOException {
        Path folder = TinyFolder.write(temporary.resolve("model"), TinyFolder.config("llama", ""));
        Path weights = folder.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putFloat(Long.BYTES + (int) buffer.getLong(0), 1e6f); // the first of lm_head.weight
        Files.write(weights, bytes);
        Path out = Files.createDirectory(temporary.resolve("out"));
        assertThrows(
                JalignException.class, () -> GgufExport.run(folder, out.resolve("model.gguf"), GgmlType.F16, listener));
        GgufExport.run(folder, temporary.resolve("model.gguf"), null, listener);
        assertThrows(
                JalignException.class,
                () -> GgufImport.run(temporary.resolve("model.gguf"), out.resolve("again"), DType.F16, listener));
        try (Stream<Path> left = Files.list(out)) {
            assertEquals(List.of(), left.toList());
        }
    }
}
