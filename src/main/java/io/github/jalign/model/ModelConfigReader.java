package io.github.jalign.model;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * config.json, as transformers 4 or 5 wrote it, to a {@link ModelConfig}. Keys that change the numbers are understood or
 * refused; all others are left to travel along.
 */
public final class ModelConfigReader {
    private final String where;
    private final Map<String, @Nullable Object> config;

    private ModelConfigReader(String where, Map<String, @Nullable Object> config) {
        this.where = where;
        this.config = config;
    }

    /**
     * @param where the file's name, for errors
     * @throws JalignException of kind INPUT, naming the key
     */
    public static ModelConfig read(String where, Map<String, @Nullable Object> config) {
        return new ModelConfigReader(where, config).read();
    }

    private ModelConfig read() {
        Architecture architecture = architecture();
        String activation = String.valueOf(config.getOrDefault("hidden_act", "silu"));
        if (!activation.equals("silu")) {
            throw error("hidden_act", "only SwiGLU layers are supported", activation, "silu", "use another model");
        }
        int hidden = positive(config, "hidden_size");
        int heads = positive(config, "num_attention_heads");
        int keyValueHeads =
                config.get("num_key_value_heads") == null ? heads : positive(config, "num_key_value_heads");
        if (heads % keyValueHeads != 0) {
            throw error(
                    "num_key_value_heads",
                    "key/value heads must divide the query heads",
                    keyValueHeads + " for " + heads + " query heads",
                    "a divisor of " + heads,
                    "correct config.json");
        }
        if (config.get("head_dim") == null && hidden % heads != 0) {
            throw error(
                    "head_dim",
                    "without head_dim, the heads must divide hidden_size",
                    "hidden_size " + hidden + ", num_attention_heads " + heads,
                    "a multiple, or head_dim",
                    "correct config.json");
        }
        int headDim = config.get("head_dim") == null ? hidden / heads : positive(config, "head_dim");
        Map<String, @Nullable Object> rope = rope();
        double partial = number(rope, "partial_rotary_factor", number(config, "partial_rotary_factor", 1.0));
        int rotary = (int) (headDim * partial);
        if (rotary < 2 || rotary % 2 != 0 || rotary > headDim) {
            throw error(
                    "partial_rotary_factor",
                    "the rotated part of a head must be even and at most head_dim",
                    partial + " of " + headDim,
                    "an even number of columns",
                    "correct config.json");
        }
        int maxPositions = config.get("max_position_embeddings") == null
                ? 2048
                : positive(config, "max_position_embeddings");
        return new ModelConfig(
                architecture,
                positive(config, "vocab_size"),
                hidden,
                positive(config, "intermediate_size"),
                heads,
                keyValueHeads,
                headDim,
                rotary,
                layers(architecture),
                number(config, "rms_norm_eps", 1e-6),
                number(rope, "rope_theta", number(config, "rope_theta", 10000.0)),
                scaling(rope),
                maxPositions,
                flag("tie_word_embeddings", architecture == Architecture.SMOLLM3),
                flag("attention_bias", false),
                flag("mlp_bias", false),
                config.get("pad_token_id") instanceof Long pad ? Math.toIntExact(pad) : -1,
                eosTokenIds());
    }

    private Architecture architecture() {
        Object type = config.get("model_type");
        for (Architecture a : Architecture.values()) {
            if (a.modelType().equals(type)) {
                return a;
            }
        }
        throw error(
                "model_type",
                "the architecture must be one that jalign knows",
                type == null ? "no model_type" : Json.write(type),
                "llama, mistral, smollm3 or phi3",
                "use a model of the Llama family; other architectures need their own layers");
    }

    private List<LayerSpec> layers(Architecture architecture) {
        int count = positive(config, "num_hidden_layers");
        int window = config.get("sliding_window") == null ? 0 : positive(config, "sliding_window");
        List<?> types = config.get("layer_types") instanceof List<?> list ? list : List.of();
        List<?> noRope = config.get("no_rope_layers") instanceof List<?> list ? list : List.of();
        int interval = config.get("no_rope_layer_interval") instanceof Long n ? Math.toIntExact(n) : 4;
        checkLength("layer_types", types, count);
        checkLength("no_rope_layers", noRope, count);
        List<LayerSpec> layers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean sliding = types.isEmpty() || "sliding_attention".equals(types.get(i));
            layers.add(switch (architecture) {
                case LLAMA -> new LayerSpec(0, true);
                case MISTRAL, PHI3 -> new LayerSpec(window, true);
                case SMOLLM3 -> {
                    boolean rotary = noRope.isEmpty() ? (i + 1) % interval != 0 : Long.valueOf(1).equals(noRope.get(i));
                    boolean windowed =
                            flag("use_sliding_window", false) && (types.isEmpty() ? !rotary : sliding);
                    yield new LayerSpec(windowed ? window : 0, rotary);
                }
            });
        }
        return List.copyOf(layers);
    }

    private void checkLength(String key, List<?> values, int count) {
        if (!values.isEmpty() && values.size() != count) {
            throw error(
                    key, "there must be one entry a layer", values.size() + " entries", count + "", "correct config.json");
        }
    }

    /** {@code rope_parameters} of transformers 5, or {@code rope_scaling} of 4, or nothing. */
    private Map<String, @Nullable Object> rope() {
        for (String key : List.of("rope_parameters", "rope_scaling")) {
            if (config.get(key) instanceof Map<?, ?> map) {
                return Json.asObject(map);
            }
        }
        return Map.of();
    }

    private RopeScaling scaling(Map<String, @Nullable Object> rope) {
        Object type = rope.get("rope_type") != null ? rope.get("rope_type") : rope.get("type");
        return switch (type == null ? "default" : String.valueOf(type)) {
            case "default" -> new RopeScaling.Unscaled();
            case "linear" -> new RopeScaling.Linear(required(rope, "factor"));
            case "llama3" ->
                new RopeScaling.Llama3(
                        required(rope, "factor"),
                        required(rope, "low_freq_factor"),
                        required(rope, "high_freq_factor"),
                        positive(rope, "original_max_position_embeddings"));
            default ->
                throw error(
                        "rope_type",
                        "the rotary scaling must be one that jalign knows",
                        Json.write(type),
                        "default, linear or llama3",
                        "use a model without it; yarn and longrope are planned");
        };
    }

    private List<Integer> eosTokenIds() {
        List<Integer> ids = new ArrayList<>();
        if (config.get("eos_token_id") instanceof Long id) {
            ids.add(Math.toIntExact(id));
        } else if (config.get("eos_token_id") instanceof List<?> list) {
            list.forEach(id -> ids.add(Math.toIntExact((Long) id)));
        }
        return List.copyOf(ids);
    }

    private boolean flag(String key, boolean absent) {
        return switch (config.get(key)) {
            case null -> absent;
            case Boolean b -> b;
            case Object other -> throw error(key, "a flag", Json.write(other), "true or false", "correct config.json");
        };
    }

    private int positive(Map<String, @Nullable Object> map, String key) {
        if (map.get(key) instanceof Long n && n > 0 && n <= Integer.MAX_VALUE) {
            return Math.toIntExact(n);
        }
        throw error(
                key,
                "a size",
                map.get(key) == null ? "nothing" : Json.write(map.get(key)),
                "a whole number of at least 1",
                "correct config.json, or download the model again");
    }

    private double required(Map<String, @Nullable Object> map, String key) {
        double value = number(map, key, Double.NaN);
        if (Double.isNaN(value)) {
            throw error(key, "this rotary scaling needs it", "nothing", "a number", "correct config.json");
        }
        return value;
    }

    private double number(Map<String, @Nullable Object> map, String key, double absent) {
        return switch (map.get(key)) {
            case null -> absent;
            case Number n -> n.doubleValue();
            case Object other -> throw error(key, "a number", Json.write(other), "a number", "correct config.json");
        };
    }

    private JalignException error(String key, String rule, String found, String expected, String action) {
        return new JalignException(
                JalignException.Kind.INPUT, where + ": " + key, rule, found, expected, action);
    }
}
