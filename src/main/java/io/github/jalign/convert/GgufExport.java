package io.github.jalign.convert;

import io.github.jalign.checkpoint.AtomicFiles;
import io.github.jalign.checkpoint.GgmlType;
import io.github.jalign.checkpoint.GgufTensor;
import io.github.jalign.checkpoint.GgufValue;
import io.github.jalign.checkpoint.GgufWriter;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.checkpoint.Safetensors;
import io.github.jalign.errors.JalignException;
import io.github.jalign.model.Architecture;
import io.github.jalign.model.LayerSpec;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.RopeScaling;
import io.github.jalign.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A Hugging Face folder to a GGUF file that llama.cpp loads. */
public final class GgufExport {
    private static final Pattern PHI3_NAME = Pattern.compile("phi-?3", Pattern.CASE_INSENSITIVE);
    private static final Set<String> PHI3_TOKENS = Set.of("<unk>", "<s>", "</s>", "<|endoftext|>");

    private final ModelFolder folder;
    private final String where;
    private final ModelConfig config;
    private final GgufArchitecture architecture;
    private final ConvertListener listener;

    private GgufExport(ModelFolder folder, ConvertListener listener) {
        this.folder = folder;
        this.where = folder.path().resolve("config.json").toString();
        this.config = ModelConfigReader.read(where, folder.config());
        this.architecture = GgufArchitecture.of(config.architecture());
        this.listener = listener;
    }

    /**
     * Writes the file, which appears as a whole or not at all. Beside the mapped weights, memory holds one matrix of
     * queries or keys at a time, and the vocabulary.
     *
     * @param type of the matrices, F32, F16, BF16 or Q8_0; null for the folder's own. Vectors are F32 always, as
     *     llama.cpp needs them
     * @return the type of the matrices
     * @throws JalignException of kind INPUT when the folder breaks a rule or holds a model that llama.cpp cannot run, of
     *     kind NUMERIC when a value is too large for the type, of kind IO when the file system refuses
     */
    public static GgmlType run(Path folder, Path file, @Nullable GgmlType type, ConvertListener listener) {
        try (ModelFolder model = ModelFolder.open(folder)) {
            return new GgufExport(model, listener).write(file, type);
        }
    }

    private GgmlType write(Path file, @Nullable GgmlType wanted) {
        requireKnown();
        ModelTensors tensors = ModelTensors.of(config);
        checkTensors(tensors);
        GgmlType type = wanted == null ? ownType() : wanted;
        Vocabulary vocabulary = FolderVocabulary.read(folder.path(), config, listener::warned);
        Map<String, GgufValue> keys = keys(type, vocabulary);
        List<GgufTensor> all = new ArrayList<>();
        RotaryKeys.write(where, config, folder.config(), keys, all);
        VocabularyKeys.write(vocabulary, keys);
        try (Arena arena = Arena.ofConfined()) {
            all.addAll(tensors(tensors, type, arena));
            AtomicFiles.write(
                    file, out -> GgufWriter.write(out, keys, all, done -> listener.written(done, all.size())));
        }
        return type;
    }

    /** What jalign's numbers rest on and llama.cpp does otherwise. */
    private void requireKnown() {
        for (int i = 0; i < config.layers().size(); i++) {
            LayerSpec layer = config.layers().get(i);
            boolean turned = architecture != GgufArchitecture.SMOLLM3 || (i + 1) % 4 != 0;
            String found = layer.rotary() ? "with them" : "without them";
            require(layer.rotary() == turned, "no_rope_layers",
                    "llama.cpp leaves every fourth layer of smollm3 without rotary positions and no other",
                    "layer " + i + " " + found, turned ? "with them" : "without them");
            require(layer.window() == 0 || architecture != GgufArchitecture.SMOLLM3, "use_sliding_window",
                    "llama.cpp has no windows for smollm3", "a window of " + layer.window(), "none");
        }
        boolean biases = architecture == GgufArchitecture.LLAMA;
        require(biases || !config.attentionBias() && !config.mlpBias(), "attention_bias, mlp_bias",
                "llama.cpp has no biases for " + architecture.key(), "true", "false");
        boolean plainHeads = config.headDim() * config.numAttentionHeads() == config.hiddenSize();
        require(plainHeads || architecture != GgufArchitecture.PHI3, "head_dim",
                "llama.cpp's phi3 divides hidden_size among the heads",
                config.headDim() + "", config.hiddenSize() + " / " + config.numAttentionHeads());
        int window = config.layers().getFirst().window();
        if (config.layers().stream().anyMatch(l -> l.window() > 0)) {
            listener.warned("llama.cpp attends to all tokens of a " + config.architecture().modelType()
                    + " model; answers differ where a text is longer than the window of " + window + " tokens");
        }
        if (config.ropeScaling() instanceof RopeScaling.Yarn yarn && !yarn.usualBetas()) {
            listener.warned("llama.cpp reads no betas of yarn for " + architecture.key() + "; run it with --yarn-beta-fast "
                    + yarn.betaFast() + " --yarn-beta-slow " + yarn.betaSlow());
        }
    }

    private void require(boolean holds, String key, String rule, String found, String expected) {
        if (!holds) {
            throw Refusal.of(where + ": " + key, rule, found, expected, "use the model as a Hugging Face folder");
        }
    }

    /** Every tensor of the configuration exactly once, of the shape that it implies. */
    private void checkTensors(ModelTensors tensors) {
        Set<String> unexpected = new TreeSet<>(folder.tensorNames());
        // transformers ignores these too: the tables of old checkpoints, and a tied head that was written out
        unexpected.removeIf(name -> name.endsWith(".rotary_emb.inv_freq")
                || config.tieWordEmbeddings() && name.equals("lm_head.weight"));
        for (ModelTensors.Pair pair : tensors.pairs()) {
            Safetensors.Entry entry = folder.entry(pair.name());
            unexpected.remove(pair.name());
            if (!Set.of(DType.F64, DType.F32, DType.F16, DType.BF16).contains(entry.dtype())) {
                throw Refusal.of(
                        folder.path() + ": " + pair.name(),
                        "a tensor must hold numbers with a fraction",
                        entry.dtype().toString(),
                        "F64, F32, F16 or BF16",
                        "make sure that the folder holds unquantised weights");
            }
            if (!entry.shape().equals(pair.shape())) {
                throw Refusal.of(
                        folder.path() + ": " + pair.name(),
                        "a tensor's shape must follow from the configuration",
                        entry.shape().toString(),
                        pair.shape().toString(),
                        "check that config.json and the weights belong together");
            }
        }
        if (!unexpected.isEmpty()) {
            throw Refusal.of(
                    folder.path().toString(),
                    "the tensors must be those of the configuration",
                    unexpected.size() + " others, such as " + unexpected.iterator().next(),
                    tensors.pairs().size() + " tensors",
                    "check that config.json and the weights belong together");
        }
    }

    private GgmlType ownType() {
        return switch (folder.entry("model.embed_tokens.weight").dtype()) {
            case F16 -> GgmlType.F16;
            case BF16 -> GgmlType.BF16;
            case F64, F32, I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> GgmlType.F32;
        };
    }

    private Map<String, GgufValue> keys(GgmlType type, Vocabulary vocabulary) {
        String prefix = architecture.key() + ".";
        Map<String, GgufValue> keys = new LinkedHashMap<>();
        keys.put("general.architecture", new GgufValue.Text(architecture.key()));
        keys.put("general.type", new GgufValue.Text("model"));
        keys.put("general.name", new GgufValue.Text(name(vocabulary)));
        keys.put("general.file_type", new GgufValue.Whole(fileType(type)));
        keys.put("general.quantization_version", new GgufValue.Whole(2));
        putSize(keys, prefix + "block_count", config.layers().size());
        putSize(keys, prefix + "context_length", config.maxPositionEmbeddings());
        putSize(keys, prefix + "embedding_length", config.hiddenSize());
        putSize(keys, prefix + "feed_forward_length", config.intermediateSize());
        putSize(keys, prefix + "attention.head_count", config.numAttentionHeads());
        putSize(keys, prefix + "attention.head_count_kv", config.numKeyValueHeads());
        if (config.headDim() * config.numAttentionHeads() != config.hiddenSize()) {
            putSize(keys, prefix + "attention.key_length", config.headDim());
            putSize(keys, prefix + "attention.value_length", config.headDim());
        }
        keys.put(
                prefix + "attention.layer_norm_rms_epsilon", new GgufValue.Real((float) config.rmsNormEps()));
        boolean windows = config.architecture() == Architecture.MISTRAL || config.architecture() == Architecture.PHI3;
        if (windows) {
            putSize(keys, prefix + "attention.sliding_window", config.layers().getFirst().window());
        }
        putSize(keys, prefix + "vocab_size", config.vocabularySize());
        putSize(keys, prefix + "rope.dimension_count", config.rotaryDim());
        keys.put(prefix + "rope.freq_base", new GgufValue.Real((float) config.ropeTheta()));
        return keys;
    }

    private static void putSize(Map<String, GgufValue> keys, String key, int size) {
        keys.put(key, new GgufValue.Whole(size));
    }

    /**
     * The folder's, with or without Phi-3's. In models that are called so, and in no others, llama.cpp lets Phi-3's
     * tokens take white space along; it fails on such a model that has not all of them.
     */
    private String name(Vocabulary vocabulary) {
        Path last = folder.path().toAbsolutePath().normalize().getFileName();
        String name = last == null ? "model" : last.toString();
        boolean phi3 = architecture == GgufArchitecture.PHI3
                && !vocabulary.byteLevel()
                && vocabulary.tokens().containsAll(PHI3_TOKENS);
        boolean called = PHI3_NAME.matcher(name).find();
        return phi3 == called ? name : phi3 ? name + " (phi-3)" : PHI3_NAME.matcher(name).replaceAll("phi 3");
    }

    /** The number of {@code llama_ftype}. */
    private static int fileType(GgmlType type) {
        return switch (type) {
            case F32 -> 0;
            case F16 -> 1;
            case Q4_0 -> 2;
            case Q4_1 -> 3;
            case Q8_0 -> 7;
            case BF16 -> 32;
        };
    }

    private List<GgufTensor> tensors(ModelTensors tensors, GgmlType type, Arena arena) {
        long largestReordered = 0;
        for (ModelTensors.Pair p : tensors.pairs()) {
            long bytes = p.heads() == 0 ? 0 : folder.bytes(p.name()).byteSize();
            largestReordered = Math.max(largestReordered, bytes);
        }
        MemorySegment reordered = arena.allocate(largestReordered, Long.BYTES);
        List<GgufTensor> all = new ArrayList<>();
        List<String> narrow = new ArrayList<>();
        for (ModelTensors.Pair p : tensors.pairs()) {
            GgmlType saveAs = p.shape().size() == 1 ? GgmlType.F32 : type;
            if (p.shape().getLast() % saveAs.blockElements() != 0) {
                narrow.add(p.gguf());
                saveAs = GgmlType.F16;
            }
            DType dtype = folder.entry(p.name()).dtype();
            all.add(new GgufTensor(p.gguf(), p.shape(), dtype, saveAs, () -> {
                MemorySegment values = folder.bytes(p.name());
                if (p.heads() == 0) {
                    return values;
                }
                MemorySegment interleaved = reordered.asSlice(0, values.byteSize());
                HeadRows.interleave(values, interleaved, p.heads(), p.shape().getFirst());
                return interleaved;
            }));
        }
        if (!narrow.isEmpty()) {
            String some = narrow.size() + " tensors (" + narrow.getFirst() + " …)";
            listener.warned(some + " are F16: their rows are no multiples of "
                    + type.blockElements() + " elements, as " + type + " needs");
        }
        return all;
    }
}
