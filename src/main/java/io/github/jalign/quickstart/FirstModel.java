package io.github.jalign.quickstart;

import io.github.jalign.checkpoint.FolderWriter;
import io.github.jalign.checkpoint.WeightsWriter;
import io.github.jalign.json.Json;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.ModelFiles;
import io.github.jalign.model.Parameters;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The model before its first lesson: a Llama of under a million random parameters, and the text it is to learn from. */
public final class FirstModel {
    private static final int VOCABULARY = 1024;
    private static final int POSITIONS = 512;
    private static final double INITIALIZER_RANGE = 0.05;

    /** Each question, in each style, so that the draws of one round do not become what the model knows by heart. */
    private static final int ROUNDS = 3;

    private FirstModel() {}

    /**
     * Writes {@code lessons.jsonl}, rows for {@code jalign sft}, and {@code model}, a Hugging Face folder, to a folder.
     *
     * @param seed equal seeds give equal bytes
     * @throws io.github.jalign.errors.JalignException of kind IO when the file system refuses
     */
    public static void write(Path folder, long seed) {
        List<Lesson> lessons = Lesson.all(ROUNDS, seed);
        BytePairs pairs = BytePairs.learn(
                lessons.stream()
                        .flatMap(l -> Stream.of("user\n", "assistant\n", l.question().text(), l.answer()))
                        .toList(),
                VOCABULARY - TokenizerFiles.CONTROL.size());
        int vocabulary = TokenizerFiles.CONTROL.size() + pairs.symbols().size();
        Map<String, @Nullable Object> config = config(vocabulary);
        try (FolderWriter writer = FolderWriter.into(folder)) {
            StringBuilder rows = new StringBuilder();
            lessons.forEach(l -> rows.append(Json.write(l.row())).append('\n'));
            writer.writeString("lessons.jsonl", rows.toString());
            writer.commit();
        }
        try (FolderWriter writer = FolderWriter.whole(folder.resolve("model"))) {
            writer.writeString("config.json", Json.writePretty(config, 2));
            writer.writeString("generation_config.json", Json.writePretty(generation(), 2));
            writer.writeString("tokenizer.json", TokenizerFiles.tokenizer(pairs));
            writer.writeString("tokenizer_config.json", TokenizerFiles.configuration(POSITIONS));
            writeWeights(writer, ModelConfigReader.read("config.json", config), seed);
            writer.commit();
        }
    }

    private static Map<String, @Nullable Object> config(int vocabulary) {
        Map<String, @Nullable Object> config = new LinkedHashMap<>();
        config.put("architectures", List.of("LlamaForCausalLM"));
        config.put("attention_bias", false);
        config.put("attention_dropout", 0.0);
        config.put("bos_token_id", null);
        config.put("dtype", "float32");
        config.put("eos_token_id", (long) TokenizerFiles.CONTROL.indexOf(TokenizerFiles.TURN_END));
        config.put("head_dim", 32L);
        config.put("hidden_act", "silu");
        config.put("hidden_size", 128L);
        config.put("initializer_range", INITIALIZER_RANGE);
        config.put("intermediate_size", 384L);
        config.put("max_position_embeddings", (long) POSITIONS);
        config.put("mlp_bias", false);
        config.put("model_type", "llama");
        config.put("num_attention_heads", 4L);
        config.put("num_hidden_layers", 4L);
        config.put("num_key_value_heads", 2L);
        config.put("pad_token_id", (long) TokenizerFiles.CONTROL.indexOf(TokenizerFiles.PAD));
        config.put("rms_norm_eps", 1e-5);
        config.put("rope_theta", 10000.0);
        config.put("tie_word_embeddings", true);
        config.put("vocab_size", (long) vocabulary);
        return config;
    }

    private static Map<String, @Nullable Object> generation() {
        Map<String, @Nullable Object> generation = new LinkedHashMap<>();
        generation.put("eos_token_id", TokenizerFiles.CONTROL.indexOf(TokenizerFiles.TURN_END));
        generation.put("pad_token_id", TokenizerFiles.CONTROL.indexOf(TokenizerFiles.PAD));
        return generation;
    }

    /** Matrices and embeddings normal around 0 with {@link #INITIALIZER_RANGE}, norms 1, as transformers begins. */
    private static void writeWeights(FolderWriter writer, ModelConfig config, long seed) {
        Random random = Seeds.random(seed, "weights");
        try (Ops ops = Backend.REFERENCE.open(1);
                TensorArena arena = ops.allocate("weights", Parameters.specs(config, ops.accumulationDtype()))) {
            Parameters parameters = new Parameters(config, arena);
            for (Tensor tensor : parameters.named().values()) {
                double[] values = new double[Math.toIntExact(tensor.elements())];
                for (int i = 0; i < values.length; i++) {
                    values[i] = tensor.rows() == 1 ? 1 : INITIALIZER_RANGE * random.nextGaussian();
                }
                ops.write(tensor, values);
            }
            WeightsWriter.write(
                    writer, ModelFiles.sources(ops, parameters, "", DType.F32), WeightsWriter.SHARD_BYTES);
        }
    }
}
