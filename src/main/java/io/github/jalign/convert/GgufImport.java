package io.github.jalign.convert;

import io.github.jalign.checkpoint.FolderWriter;
import io.github.jalign.checkpoint.GgmlType;
import io.github.jalign.checkpoint.Gguf;
import io.github.jalign.checkpoint.TensorSource;
import io.github.jalign.checkpoint.WeightsWriter;
import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A GGUF file to a Hugging Face folder: weights, config.json, generation_config.json, tokenizer.json and
 * tokenizer_config.json with the chat template, all from the file alone.
 */
public final class GgufImport {
    private final Gguf gguf;
    private final ConvertListener listener;

    private GgufImport(Gguf gguf, ConvertListener listener) {
        this.gguf = gguf;
        this.listener = listener;
    }

    /**
     * Writes the folder, which appears as a whole or not at all. Beside the mapped file, memory holds one tensor at a
     * time.
     *
     * @param dtype the type of all tensors, F32, F16 or BF16; null for the matrices' own, or BF16 when some are quantised
     * @return the type of the tensors
     * @throws JalignException of kind INPUT when the file breaks a rule or is a model that jalign does not know, of kind
     *     NUMERIC when a value is too large for the type, of kind IO when the file system refuses
     */
    public static DType run(Path file, Path folder, @Nullable DType dtype, ConvertListener listener) {
        try (Gguf gguf = Gguf.open(file)) {
            return new GgufImport(gguf, listener).write(folder, dtype);
        }
    }

    private DType write(Path folder, @Nullable DType wanted) {
        DType dtype = wanted == null ? ownType() : wanted;
        GgufArchitecture architecture = ConfigOfGguf.architecture(gguf);
        Vocabulary vocabulary = VocabularyKeys.read(gguf.where(), gguf.keys());
        Map<String, @Nullable Object> json =
                ConfigOfGguf.config(gguf, architecture, vocabulary.special(), dtype);
        String configText = Json.writePretty(json, 2);
        // read back, so that what is written is what jalign can use
        ModelConfig config = ModelConfigReader.read(
                gguf.where() + ", as config.json", Json.parseObject(gguf.where(), configText));
        ModelTensors tensors = ModelTensors.of(config);
        checkTensors(tensors);
        TokenizerFiles tokenizer = new TokenizerFiles(vocabulary, architecture);
        try (Arena arena = Arena.ofConfined();
                FolderWriter writer = FolderWriter.whole(folder)) {
            WeightsWriter.write(writer, sources(tensors, dtype, arena), WeightsWriter.SHARD_BYTES);
            writer.writeString("config.json", configText);
            writer.writeString(
                    "generation_config.json", Json.writePretty(ConfigOfGguf.generationConfig(vocabulary.special()), 2));
            writer.writeString("tokenizer.json", tokenizer.tokenizer());
            writer.writeString("tokenizer_config.json", tokenizer.configuration(config.maxPositionEmbeddings()));
            writer.commit();
        }
        return dtype;
    }

    /** Of the matrices; vectors are F32 in every file. */
    private DType ownType() {
        Set<DType> types = EnumSet.noneOf(DType.class);
        for (Gguf.Entry e : gguf.tensors().values()) {
            GgmlType type = e.type();
            DType dtype = type.dtype();
            if (dtype == null) {
                return DType.BF16;
            }
            if (e.shape().size() > 1) {
                types.add(dtype);
            }
        }
        return types.size() == 1 ? types.iterator().next() : DType.F32;
    }

    /** Every tensor of the model exactly once, of the shape that the keys imply. */
    private void checkTensors(ModelTensors tensors) {
        Set<String> unexpected = new TreeSet<>(gguf.tensors().keySet());
        unexpected.removeAll(List.of(ModelTensors.ROPE_FREQS, ModelTensors.ROPE_LONG, ModelTensors.ROPE_SHORT));
        for (ModelTensors.Pair pair : tensors.pairs()) {
            Gguf.Entry entry = gguf.entry(pair.gguf());
            unexpected.remove(pair.gguf());
            if (!entry.shape().equals(pair.shape())) {
                throw Refusal.of(
                        gguf.where() + ": tensor " + pair.gguf(),
                        "a tensor's shape must follow from the keys",
                        entry.shape().toString(),
                        pair.shape().toString(),
                        "convert the original model to GGUF again");
            }
        }
        if (!unexpected.isEmpty()) {
            throw Refusal.of(
                    gguf.where(),
                    "the tensors must be those of the architecture",
                    unexpected.size() + " others, such as " + unexpected.iterator().next(),
                    tensors.pairs().size() + " tensors",
                    "use the model's own Hugging Face folder");
        }
    }

    private List<TensorSource> sources(ModelTensors tensors, DType dtype, Arena arena) {
        long largest = 0;
        long largestReordered = 0;
        for (ModelTensors.Pair p : tensors.pairs()) {
            long bytes = gguf.entry(p.gguf()).elements() * dtype.bytes();
            largest = Math.max(largest, bytes);
            largestReordered = p.heads() == 0 ? largestReordered : Math.max(largestReordered, bytes);
        }
        MemorySegment values = arena.allocate(largest, Long.BYTES);
        MemorySegment reordered = arena.allocate(largestReordered, Long.BYTES);
        int[] done = {0};
        List<TensorSource> sources = new ArrayList<>();
        for (ModelTensors.Pair p : tensors.pairs()) {
            long bytes = gguf.entry(p.gguf()).elements() * dtype.bytes();
            sources.add(new TensorSource(p.name(), p.shape(), dtype, dtype, () -> {
                MemorySegment tensor = values.asSlice(0, bytes);
                gguf.read(p.gguf(), dtype, tensor);
                listener.written(++done[0], sources.size());
                if (p.heads() == 0) {
                    return tensor;
                }
                MemorySegment separate = reordered.asSlice(0, bytes);
                HeadRows.separate(tensor, separate, p.heads(), p.shape().getFirst());
                return separate;
            }));
        }
        return sources;
    }
}
