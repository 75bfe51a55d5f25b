package io.github.jalign.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.checkpoint.Safetensors;
import io.github.jalign.checkpoint.SafetensorsWriter;
import io.github.jalign.checkpoint.TensorSource;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights to a folder and back: every bit, every name. */
final class ModelFilesTest {
    private static final String TWO_LAYERS = "\"num_hidden_layers\": 2, \"num_key_value_heads\": 4, ";

    @TempDir
    Path folder;

    static Stream<Arguments> models() {
        List<ModelConfig> configs = List.of(
                RandomModel.everything(),
                RandomModel.tied(),
                Configs.read("llama", TWO_LAYERS + "\"head_dim\": 6"),
                Configs.read("mistral", TWO_LAYERS + "\"sliding_window\": 3"),
                Configs.read("smollm3", TWO_LAYERS + "\"attention_bias\": true"),
                Configs.read("phi3", TWO_LAYERS + "\"tie_word_embeddings\": true"),
                Configs.read("phi3", TWO_LAYERS + "\"sliding_window\": 3"));
        return configs.stream().flatMap(c -> Stream.of(Backend.REFERENCE, Backend.CPU).map(b -> Arguments.of(c, b)));
    }

    private static Parameters allocate(Ops ops, ModelConfig config) {
        return new Parameters(config, ops.allocate("weights", Parameters.specs(config, ops.accumulationDtype())));
    }

    private void save(Ops ops, Parameters parameters, DType saveAs) {
        SavedModel.write(folder, Map.of("model_type", "any"), ops, parameters, saveAs);
    }

    private Parameters load(Ops ops, ModelConfig config) {
        Parameters loaded = allocate(ops, config);
        try (ModelFolder files = ModelFolder.open(folder)) {
            ModelFiles.load(files, config, loaded, ops);
        }
        return loaded;
    }

    private Set<String> names() {
        try (ModelFolder files = ModelFolder.open(folder)) {
            return new TreeSet<>(files.tensorNames());
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyBitComesBack(ModelConfig config, Backend backend) {
        try (Ops ops = backend.open(1)) {
            Parameters saved = allocate(ops, config);
            RandomModel.fill(ops, saved, 0.3, 7);
            save(ops, saved, ops.dtype());
            assertArrayEquals(
                    ops.read(saved.arena().flat()), ops.read(load(ops, config).arena().flat()));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void otherPrecisionsAreRoundedOnce(Backend backend) {
        ModelConfig config = RandomModel.everything();
        try (Ops ops = backend.open(1)) {
            Parameters saved = allocate(ops, config);
            RandomModel.fill(ops, saved, 0.3, 7);
            double[] exact = ops.read(saved.arena().flat());
            save(ops, saved, DType.F64);
            assertArrayEquals(exact, ops.read(load(ops, config).arena().flat()));
            save(ops, saved, DType.F32);
            assertArrayEquals(
                    Arrays.stream(exact).map(x -> (float) x).toArray(),
                    ops.read(load(ops, config).arena().flat()));
            save(ops, saved, DType.BF16);
            // 8 significant bits: half a unit in the last place is at most 2^-8 of the value
            double[] rounded = ops.read(load(ops, config).arena().flat());
            for (int i = 0; i < exact.length; i++) {
                assertEquals(exact[i], rounded[i], 0x1p-8 * Math.abs(exact[i]));
            }
        }
    }

    /** The same rows of q, k, v, gate and up, whether a file holds them apart or fused. */
    @Test
    void fusedAndSeparateFilesFillTheSameMatrices() {
        ModelConfig llama = Configs.read("llama", TWO_LAYERS + "\"tie_word_embeddings\": false");
        ModelConfig phi = Configs.read("phi3", TWO_LAYERS + "\"tie_word_embeddings\": false");
        try (Ops ops = Backend.REFERENCE.open(1)) {
            Parameters parts = allocate(ops, llama);
            RandomModel.fill(ops, parts, 0.3, 7);
            Parameters fused = allocate(ops, phi);
            ops.copy(parts.arena().flat(), fused.arena().flat());
            save(ops, fused, DType.F64);
            Parameters loaded = load(ops, phi);
            for (int l = 0; l < 2; l++) {
                assertArrayEquals(
                        concatenated(ops, parts, l, "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
                        ops.read(loaded.layers().get(l).qkv()));
                assertArrayEquals(
                        concatenated(ops, parts, l, "mlp.gate_proj", "mlp.up_proj"),
                        ops.read(loaded.layers().get(l).gateUp()));
            }
        }
    }

    private static double[] concatenated(Ops ops, Parameters parameters, int layer, String... names) {
        return Arrays.stream(names)
                .flatMapToDouble(name -> Arrays.stream(
                        ops.read(parameters.named().get("model.layers." + layer + "." + name + ".weight"))))
                .toArray();
    }

    @Test
    void namesOfALlamaWithBiases() {
        ModelConfig config = Configs.read("llama", "\"num_hidden_layers\": 1, \"attention_bias\": true, \"mlp_bias\": true");
        assertNames(
                config,
                "lm_head.weight",
                "model.embed_tokens.weight",
                "model.layers.0.input_layernorm.weight",
                "model.layers.0.mlp.down_proj.bias",
                "model.layers.0.mlp.down_proj.weight",
                "model.layers.0.mlp.gate_proj.bias",
                "model.layers.0.mlp.gate_proj.weight",
                "model.layers.0.mlp.up_proj.bias",
                "model.layers.0.mlp.up_proj.weight",
                "model.layers.0.post_attention_layernorm.weight",
                "model.layers.0.self_attn.k_proj.bias",
                "model.layers.0.self_attn.k_proj.weight",
                "model.layers.0.self_attn.o_proj.bias",
                "model.layers.0.self_attn.o_proj.weight",
                "model.layers.0.self_attn.q_proj.bias",
                "model.layers.0.self_attn.q_proj.weight",
                "model.layers.0.self_attn.v_proj.bias",
                "model.layers.0.self_attn.v_proj.weight",
                "model.norm.weight");
    }

    @Test
    void namesOfATiedPhi3() {
        ModelConfig config = Configs.read("phi3", "\"num_hidden_layers\": 1, \"tie_word_embeddings\": true");
        assertNames(
                config,
                "model.embed_tokens.weight",
                "model.layers.0.input_layernorm.weight",
                "model.layers.0.mlp.down_proj.weight",
                "model.layers.0.mlp.gate_up_proj.weight",
                "model.layers.0.post_attention_layernorm.weight",
                "model.layers.0.self_attn.o_proj.weight",
                "model.layers.0.self_attn.qkv_proj.weight",
                "model.norm.weight");
    }

    private void assertNames(ModelConfig config, String... expected) {
        try (Ops ops = Backend.REFERENCE.open(1)) {
            save(ops, allocate(ops, config), DType.F32);
            assertEquals(new TreeSet<>(List.of(expected)), names());
        }
    }

    @Test
    void vectorsAndMatricesHaveTheShapesOfCheckpoints() {
        ModelConfig config = Configs.read("llama", "\"num_hidden_layers\": 1, \"num_key_value_heads\": 1, \"mlp_bias\": true");
        try (Ops ops = Backend.REFERENCE.open(1)) {
            save(ops, allocate(ops, config), DType.F32);
            try (ModelFolder files = ModelFolder.open(folder)) {
                Map<String, List<Long>> shapes = new LinkedHashMap<>();
                for (String name : List.of(
                        "model.norm.weight",
                        "model.layers.0.mlp.up_proj.bias",
                        "model.layers.0.mlp.up_proj.weight",
                        "model.layers.0.self_attn.k_proj.weight",
                        "lm_head.weight")) {
                    shapes.put(name, files.entry(name).shape());
                }
                assertEquals(
                        List.of(List.of(64L), List.of(12L), List.of(12L, 64L), List.of(4L, 64L), List.of(50L, 64L)),
                        List.copyOf(shapes.values()));
            }
        }
    }

    /** Old files hold tables of inverse frequencies, and some a tied head written out: transformers reads neither. */
    @Test
    void tensorsThatTransformersIgnoresAreIgnored() throws IOException {
        ModelConfig config = RandomModel.tied();
        try (Ops ops = Backend.REFERENCE.open(1)) {
            Parameters parameters = allocate(ops, config);
            RandomModel.fill(ops, parameters, 0.3, 7);
            save(ops, parameters, DType.F64);
            List<TensorSource> sources = new ArrayList<>(ModelFiles.sources(ops, parameters, "", DType.F64));
            List<Long> vector = List.of((long) config.hiddenSize());
            for (String name : List.of("model.layers.0.self_attn.rotary_emb.inv_freq", "lm_head.weight")) {
                sources.add(new TensorSource(
                        name, vector, DType.F64, DType.F64, () -> ops.download(parameters.finalNorm())));
            }
            try (OutputStream out = Files.newOutputStream(folder.resolve("model.safetensors"))) {
                SafetensorsWriter.write(out, sources, Map.of());
            }
            assertEquals(parameters.named().size() + 2, names().size());
            assertArrayEquals(
                    ops.read(parameters.arena().flat()), ops.read(load(ops, config).arena().flat()));
        }
    }

    /** What optimiser moments are kept as: the same tensors under a prefix, in one file. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"REFERENCE", "CPU"})
    void prefixedTensorsComeBackFromOneFile(Backend backend) throws IOException {
        ModelConfig config = RandomModel.everything();
        Path file = folder.resolve("optimizer.safetensors");
        try (Ops ops = backend.open(1)) {
            Parameters first = allocate(ops, config);
            Parameters second = allocate(ops, config);
            RandomModel.fill(ops, first, 0.3, 7);
            RandomModel.fill(ops, second, 0.3, 8);
            List<TensorSource> sources = new ArrayList<>(ModelFiles.sources(ops, first, "exp_avg.", ops.dtype()));
            sources.addAll(ModelFiles.sources(ops, second, "exp_avg_sq.", ops.dtype()));
            try (OutputStream out = Files.newOutputStream(file)) {
                SafetensorsWriter.write(out, sources, Map.of());
            }
            Parameters loaded = allocate(ops, config);
            try (Safetensors in = Safetensors.open(file)) {
                ModelFiles.load(in, "exp_avg_sq.", loaded, ops);
            }
            assertArrayEquals(ops.read(second.arena().flat()), ops.read(loaded.arena().flat()));
        }
    }
}
