package io.github.jalign.convert;

import io.github.jalign.checkpoint.GgmlType;
import io.github.jalign.checkpoint.Gguf;
import io.github.jalign.checkpoint.GgufTensor;
import io.github.jalign.checkpoint.GgufValue;
import io.github.jalign.json.Json;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.RopeScaling;
import io.github.jalign.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Scaled rotary positions: {@code rope_scaling} of config.json, and what llama.cpp has instead. There, llama3's scaling
 * and longrope's factors are tensors, linear's and yarn's numbers are keys (conversion/llama.py and phi.py of August
 * 2026).
 */
final class RotaryKeys {
    private static final String TYPE = "rope.scaling.type";
    private static final String FACTOR = "rope.scaling.factor";
    private static final String ORIGINAL = "rope.scaling.original_context_length";
    private static final String ATTENTION = "rope.scaling.attn_factor";
    private static final String BETA_FAST = "rope.scaling.yarn_beta_fast";
    private static final String BETA_SLOW = "rope.scaling.yarn_beta_slow";

    /** What llama3's scaling is everywhere, where the file does not say: the numbers of Llama 3.1 to 3.3. */
    private static final int LLAMA3_LENGTH = 8192;

    private static final double LLAMA3_LOW = 1;
    private static final double LLAMA3_HIGH = 4;

    /** llama.cpp keeps llama3's factors in float32 and computes them from float32 frequencies. */
    private static final double FACTOR_TOLERANCE = 1e-4;

    private RotaryKeys() {}

    /**
     * What a GGUF file says, as {@code rope_scaling}; null for plain positions.
     *
     * @param rotaryDim columns of a head that are rotated
     */
    static @Nullable Map<String, @Nullable Object> read(
            Gguf gguf, ArchitectureKeys keys, int rotaryDim, double theta, int maxPositions) {
        String type = keys.text(TYPE);
        Double factor = keys.number(FACTOR);
        Integer original = keys.size(ORIGINAL);
        Double attention = keys.number(ATTENTION);
        Double betaFast = keys.number(BETA_FAST);
        Double betaSlow = keys.number(BETA_SLOW);
        if (gguf.tensors().containsKey(ModelTensors.ROPE_FREQS)) {
            return llama3(gguf, rotaryDim, theta, original == null ? LLAMA3_LENGTH : original);
        }
        if (gguf.tensors().containsKey(ModelTensors.ROPE_LONG)) {
            return longrope(gguf, rotaryDim, maxPositions, original == null ? maxPositions : original, attention);
        }
        Map<String, @Nullable Object> rope = new LinkedHashMap<>();
        switch (type == null ? (factor == null ? "none" : "linear") : type) {
            case "none" -> {
                return null;
            }
            case "linear" -> {
                if (factor == null || factor == 1) {
                    return null;
                }
                rope.put("rope_type", "linear");
                rope.put("factor", factor);
            }
            case "yarn" -> {
                double scale = factor == null ? 1 : factor;
                rope.put("rope_type", "yarn");
                rope.put("factor", scale);
                rope.put("original_max_position_embeddings", original == null ? maxPositions : original);
                rope.put("beta_fast", betaFast == null ? RopeScaling.Yarn.USUAL_BETA_FAST : betaFast);
                rope.put("beta_slow", betaSlow == null ? RopeScaling.Yarn.USUAL_BETA_SLOW : betaSlow);
                if (attention != null && attention != 1) {
                    rope.put("attention_factor", attention * unaskedAttention(scale));
                }
            }
            default ->
                throw Refusal.of(
                        keys.where(TYPE),
                        "the rotary scaling must be one that jalign can convert",
                        Json.write(type),
                        "none, linear, yarn, or the tensors of llama3's or longrope's scaling",
                        "use the model's own Hugging Face folder");
        }
        return rope;
    }

    private static @Nullable Map<String, @Nullable Object> llama3(
            Gguf gguf, int rotaryDim, double theta, int original) {
        float[] factors = factors(gguf, ModelTensors.ROPE_FREQS, rotaryDim);
        double factor = decimal(factors[factors.length - 1]);
        if (factor == 1) {
            return null;
        }
        RopeScaling scaling = new RopeScaling.Llama3(factor, LLAMA3_LOW, LLAMA3_HIGH, original);
        double[] expected = wavelengthFactors(scaling, rotaryDim, theta);
        for (int i = 0; i < factors.length; i++) {
            if (!(Math.abs(factors[i] - expected[i]) <= FACTOR_TOLERANCE * expected[i])) {
                throw Refusal.of(
                        gguf.where() + ": tensor " + ModelTensors.ROPE_FREQS,
                        "the factors must be those of llama3's scaling",
                        factors[i] + " at index " + i,
                        expected[i] + ", for factor " + factor + ", low_freq_factor " + LLAMA3_LOW
                                + ", high_freq_factor " + LLAMA3_HIGH + " and " + original + " original positions",
                        "use the model's own Hugging Face folder");
            }
        }
        Map<String, @Nullable Object> rope = new LinkedHashMap<>();
        rope.put("rope_type", "llama3");
        rope.put("factor", factor);
        rope.put("low_freq_factor", LLAMA3_LOW);
        rope.put("high_freq_factor", LLAMA3_HIGH);
        rope.put("original_max_position_embeddings", original);
        return rope;
    }

    private static Map<String, @Nullable Object> longrope(
            Gguf gguf, int rotaryDim, int maxPositions, int original, @Nullable Double attention) {
        Map<String, @Nullable Object> rope = new LinkedHashMap<>();
        rope.put("rope_type", "longrope");
        rope.put("long_factor", decimals(factors(gguf, ModelTensors.ROPE_LONG, rotaryDim)));
        rope.put("short_factor", decimals(factors(gguf, ModelTensors.ROPE_SHORT, rotaryDim)));
        rope.put("factor", (double) maxPositions / original);
        rope.put("original_max_position_embeddings", original);
        double usual = RopeScaling.LongRope.usualAttention((double) maxPositions / original, original);
        double given = attention == null ? 1 : attention;
        if (Math.abs(given - usual) > 1e-6 * usual) { // a float32 of the usual one is that
            rope.put("attention_factor", given);
        }
        return rope;
    }

    private static float[] factors(Gguf gguf, String tensor, int rotaryDim) {
        Gguf.Entry entry = gguf.entry(tensor);
        if (!entry.shape().equals(List.of(rotaryDim / 2L))) {
            throw Refusal.of(
                    gguf.where() + ": tensor " + tensor,
                    "there must be one factor for two columns that are rotated",
                    "shape " + entry.shape(),
                    "[" + rotaryDim / 2 + "]",
                    "convert the original model to GGUF again");
        }
        float[] factors = new float[rotaryDim / 2];
        gguf.read(tensor, DType.F32, MemorySegment.ofArray(factors));
        return factors;
    }

    /**
     * Adds the scaling of a configuration to the keys and tensors of a GGUF file.
     *
     * @param where names config.json in errors
     * @param json what {@code config} was read from, for errors
     */
    static void write(
            String where,
            ModelConfig config,
            Map<String, @Nullable Object> json,
            Map<String, GgufValue> keys,
            List<GgufTensor> tensors) {
        GgufArchitecture architecture = GgufArchitecture.of(config.architecture());
        String prefix = architecture.key() + ".";
        switch (config.ropeScaling()) {
            case RopeScaling.Unscaled() -> {}
            case RopeScaling.Linear(double factor) -> {
                keys.put(prefix + TYPE, new GgufValue.Text("linear"));
                keys.put(prefix + FACTOR, new GgufValue.Real((float) factor));
            }
            case RopeScaling.Llama3 llama3 when architecture == GgufArchitecture.LLAMA -> {
                keys.put(prefix + ORIGINAL, new GgufValue.Whole(llama3.originalLength()));
                double[] factors = wavelengthFactors(llama3, config.rotaryDim(), config.ropeTheta());
                tensors.add(tensor(ModelTensors.ROPE_FREQS, factors));
            }
            case RopeScaling.Yarn yarn when yarn.truncate() -> {
                keys.put(prefix + TYPE, new GgufValue.Text("yarn"));
                keys.put(prefix + FACTOR, new GgufValue.Real((float) yarn.factor()));
                keys.put(prefix + ORIGINAL, new GgufValue.Whole(yarn.originalLength()));
                keys.put(prefix + BETA_FAST, new GgufValue.Real((float) yarn.betaFast()));
                keys.put(prefix + BETA_SLOW, new GgufValue.Real((float) yarn.betaSlow()));
                double usual = unaskedAttention(yarn.factor());
                if (yarn.attentionFactor() != usual) {
                    keys.put(prefix + ATTENTION, new GgufValue.Real((float) (yarn.attentionFactor() / usual)));
                }
            }
            case RopeScaling.LongRope longRope when architecture == GgufArchitecture.PHI3 -> {
                keys.put(prefix + TYPE, new GgufValue.Text("longrope"));
                keys.put(prefix + ORIGINAL, new GgufValue.Whole(longRope.originalLength()));
                keys.put(prefix + ATTENTION, new GgufValue.Real((float) longRope.attentionFactor()));
                tensors.add(tensor(ModelTensors.ROPE_LONG, doubles(longRope.longFactor())));
                tensors.add(tensor(ModelTensors.ROPE_SHORT, doubles(longRope.shortFactor())));
            }
            case RopeScaling.Llama3 _, RopeScaling.Yarn _, RopeScaling.LongRope _ ->
                throw Refusal.of(
                        where + ": rope_type",
                        "the rotary scaling must be one that llama.cpp has for a " + architecture.key() + " model",
                        Json.write(ModelConfigReader.rope(where, json)),
                        "default, linear, plain yarn, llama3 (llama) or longrope (phi3)",
                        "use the model as a Hugging Face folder");
        }
    }

    private static double[] doubles(List<Double> factors) {
        return factors.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** By what each wave becomes longer: f_i / scaled(f_i), with f_i = theta^(-2i/N). */
    private static double[] wavelengthFactors(RopeScaling scaling, int rotaryDim, double theta) {
        double[] factors = new double[rotaryDim / 2];
        for (int i = 0; i < factors.length; i++) {
            double frequency = Math.pow(theta, -2.0 * i / rotaryDim);
            factors[i] = frequency / scaling.scale(i, frequency, false);
        }
        return factors;
    }

    /** What llama.cpp multiplies cosines and sines by with yarn unasked: what transformers does without mscale. */
    private static double unaskedAttention(double factor) {
        return RopeScaling.Yarn.usualAttention(factor, 1);
    }

    private static GgufTensor tensor(String name, double[] factors) {
        float[] values = new float[factors.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) factors[i];
        }
        List<Long> shape = List.of((long) values.length);
        return new GgufTensor(name, shape, DType.F32, GgmlType.F32, () -> MemorySegment.ofArray(values));
    }

    private static List<Double> decimals(float[] values) {
        List<Double> decimals = new ArrayList<>();
        for (float v : values) {
            decimals.add(decimal(v));
        }
        return decimals;
    }

    /** The shortest decimal that rounds to a float: what was written before it became one. */
    private static double decimal(float value) {
        return Double.parseDouble(Float.toString(value));
    }
}
