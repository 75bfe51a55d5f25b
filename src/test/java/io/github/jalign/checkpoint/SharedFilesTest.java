package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("shared")
class SharedFilesTest {
    private static final Path DATA = Path.of(System.getProperty("jalign.shared"), "data");

    @Test
    void aRealModelSavedAgainHoldsTheSameBytes(@TempDir Path copy) throws IOException {
        try (ModelFolder model = ModelFolder.open(DATA.resolve("stories260K-hf"))) {
            assertEquals(47, model.tensorNames().size());
            assertEquals(64L, model.config().get("hidden_size"));
            assertEquals(List.of(Path.of("tokenizer.json"), Path.of("tokenizer_config.json")), model.companionFiles());
            try (FolderWriter out = FolderWriter.into(copy)) {
                out.copy(model.path().resolve("config.json"), "config.json");
                WeightsWriter.write(out, sources(model, DType.F32), WeightsWriter.SHARD_BYTES);
                out.commit();
            }
        }
        assertEquals(List.of(), Manifest.verify(copy));
        assertArrayEquals(
                Files.readAllBytes(DATA.resolve("stories260K-hf/model.safetensors")),
                Files.readAllBytes(copy.resolve("model.safetensors")));
    }

    /** BF16 keeps 8 significant bits, so half a unit of the last is at most 2^-8 |a| for normal numbers. */
    @Test
    void aRealModelSavedAsBfloat16InShardsIsWithinHalfAUnit(@TempDir Path copy) {
        try (ModelFolder model = ModelFolder.open(DATA.resolve("stories260K-hf"))) {
            try (FolderWriter out = FolderWriter.into(copy)) {
                out.copy(model.path().resolve("config.json"), "config.json");
                WeightsWriter.write(out, sources(model, DType.BF16), 100_000);
                out.commit();
            }
            try (ModelFolder saved = ModelFolder.open(copy)) {
                assertEquals(model.tensorNames(), saved.tensorNames());
                for (String name : model.tensorNames()) {
                    double[] a = doubles(model, name);
                    double[] b = doubles(saved, name);
                    for (int i = 0; i < a.length; i++) {
                        assertEquals(a[i], b[i], Math.abs(a[i]) * 0x1p-8, name + " " + i);
                    }
                }
            }
        }
    }

    @Test
    void everySafetensorsFileOfTheGoldensIsAccepted() throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(DATA.resolve("golden"))) {
            files = walk.filter(f -> f.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
        }
        assertTrue(files.size() >= 34, "found only " + files);
        for (Path path : files) {
            try (Safetensors file = Safetensors.open(path)) {
                for (Safetensors.Entry e : file.tensors().values()) {
                    assertEquals(
                            e.shape().stream().reduce(1L, Math::multiplyExact)
                                    * e.dtype().bytes(),
                            file.bytes(e.name()).byteSize(),
                            path + " " + e.name());
                }
            }
        }
    }

    private static List<TensorSource> sources(ModelFolder model, DType saveAs) {
        List<TensorSource> sources = new ArrayList<>();
        for (String name : model.tensorNames()) {
            Safetensors.Entry e = model.entry(name);
            sources.add(new TensorSource(name, e.shape(), e.dtype(), saveAs, () -> model.bytes(name)));
        }
        return sources;
    }

    private static double[] doubles(ModelFolder model, String name) {
        double[] values = new double[Math.toIntExact(model.entry(name).elements())];
        model.readDoubles(name, MemorySegment.ofArray(values));
        return values;
    }
}
