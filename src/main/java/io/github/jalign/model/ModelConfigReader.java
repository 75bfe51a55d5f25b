package io.github.jalign.model;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * config.json, as transformers 4 or 5 wrote it, to a {@link ModelConfig}. Keys that change the numbers are understood as
 * transformers 5.23 understands them, or refused; all others are left to travel along.
 */
public final class ModelConfigReader {
    private final String where;
    private final Architecture architecture;
    private final Map<String, @Nullable Object> config;

    private ModelConfigReader(String where, Map<String, @Nullable Object> config) {
        this.where = where;
        this.config = config;
        this.architecture = architecture();
        absent(architecture).forEach((key, value) -> {
            // a key that says null means none, and not this
            if (!config.containsKey(key)) {
                config.put(key, value);
            }
        });
    }

    /** What a key that is not there means: the defaults of transformers' configuration classes, sizes left out. */
    private static Map<String, Object> absent(Architecture architecture) {
        return switch (architecture) {
            case LLAMA -> Map.of("rms_norm_eps", 1e-6, "max_position_embeddings", 2048L, "eos_token_id", 2L);
            case MISTRAL ->
                Map.of(
                        "num_key_value_heads", 8L,
                        "sliding_window", 4096L,
                        "rms_norm_eps", 1e-6,
                        "max_position_embeddings", 131072L,
                        "eos_token_id", 2L);
            case SMOLLM3 ->
                Map.of(
                        "num_key_value_heads", 4L,
                        "rope_theta", 2e6,
                        "rms_norm_eps", 1e-6,
                        "max_position_embeddings", 32768L,
                        "tie_word_embeddings", true,
                        "no_rope_layer_interval", 4L,
                        "pad_token_id", 128004L,
                        "eos_token_id", 128001L);
            case PHI3 ->
                Map.of(
                        "rms_norm_eps", 1e-5,
                        "max_position_embeddings", 4096L,
                        "original_max_position_embeddings", 4096L,
                        "pad_token_id", 32000L,
                        "eos_token_id", 32000L);
        };
    }

    /**
     * @param where the file's name, for errors
     * @throws JalignException of kind INPUT, naming the key
     */
    public static ModelConfig read(String where, Map<String, @Nullable Object> config) {
        return new ModelConfigReader(where, new LinkedHashMap<>(config)).read();
    }

    private ModelConfig read() {
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
        boolean biases = architecture == Architecture.LLAMA || architecture == Architecture.SMOLLM3;
        int headDim = config.get("head_dim") == null ? hidden / heads : positive(config, "head_dim");
        Map<String, @Nullable Object> rope = rope(where, config);
        int maxPositions = positive(config, "max_position_embeddings");
        String ropeType = ropeType(rope);
        int rotaryDim = rotaryDim(rope, ropeType.equals("default"), headDim);
        double theta = number(rope, "rope_theta", number(config, "rope_theta", 10000.0));
        int vocabulary = positive(config, "vocab_size");
        return new ModelConfig(
                architecture,
                vocabulary,
                hidden,
                positive(config, "intermediate_size"),
                heads,
                keyValueHeads,
                headDim,
                rotaryDim,
                layers(),
                required(config, "rms_norm_eps", "the norms need it"),
                theta,
                scaling(ropeType, rope, maxPositions, rotaryDim, theta),
                maxPositions,
                flag("tie_word_embeddings"),
                biases && flag("attention_bias"),
                biases && flag("mlp_bias"),
                padTokenId(vocabulary),
                eosTokenIds());
    }

    /** Phi-3 turns a part of each head; the others turn all of it, whatever the key says, and cannot scale a part. */
    private int rotaryDim(Map<String, @Nullable Object> rope, boolean unscaled, int headDim) {
        double partial = number(rope, "partial_rotary_factor", number(config, "partial_rotary_factor", 1.0));
        boolean whole = architecture != Architecture.PHI3;
        int rotary = (int) (headDim * (whole && unscaled ? 1.0 : partial));
        if (rotary < 2 || rotary % 2 != 0 || rotary > headDim || whole && rotary != headDim) {
            throw error(
                    "partial_rotary_factor",
                    whole ? "only phi3 turns a part of a head" : "the turned part of a head must be even and at most head_dim",
                    partial + " of " + headDim + " columns",
                    whole ? "all of them, an even number" : "an even number of columns",
                    "correct config.json");
        }
        return rotary;
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

    /**
     * Llama and Phi-3 read no {@code layer_types}; Mistral with them is read as Ministral, whose layers differ only by
     * their window.
     */
    private List<LayerSpec> layers() {
        int count = positive(config, "num_hidden_layers");
        int window = config.get("sliding_window") == null ? 0 : positive(config, "sliding_window");
        @Nullable List<?> types = list("layer_types", count, count);
        @Nullable List<?> rotary = list("no_rope_layers", count, Integer.MAX_VALUE);
        List<LayerSpec> layers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            layers.add(switch (architecture) {
                case LLAMA -> new LayerSpec(0, true);
                case PHI3 -> new LayerSpec(window, true);
                case MISTRAL -> new LayerSpec(types == null || sliding(types.get(i), window) ? window : 0, true);
                case SMOLLM3 -> {
                    boolean turned = rotary == null
                            ? (i + 1) % positive(config, "no_rope_layer_interval") != 0
                            : !Long.valueOf(0).equals(rotary.get(i));
                    boolean windowed =
                            types == null ? flag("use_sliding_window") && !turned : sliding(types.get(i), window);
                    yield new LayerSpec(windowed ? window : 0, turned);
                }
            });
        }
        return List.copyOf(layers);
    }

    private boolean sliding(@Nullable Object type, int window) {
        if ("full_attention".equals(type)) {
            return false;
        }
        if (!"sliding_attention".equals(type) || window == 0) {
            throw error(
                    "layer_types",
                    "a layer's attention must be one that jalign knows",
                    Json.write(type) + (window == 0 ? " without a sliding_window" : ""),
                    "full_attention, or sliding_attention and a sliding_window",
                    "correct config.json, or use another model");
        }
        return true;
    }

    /** Null when the key says nothing. */
    private @Nullable List<?> list(String key, int least, int most) {
        return switch (config.get(key)) {
            case null -> null;
            case List<?> list when list.size() >= least && list.size() <= most -> list;
            case List<?> list ->
                throw error(
                        key, "there must be one entry a layer", list.size() + " entries", least + "", "correct config.json");
            case Object other -> throw error(key, "this key holds a list", Json.write(other), "one entry a layer", "correct config.json");
        };
    }

    /**
     * What a configuration says of rotary positions, word for word: {@code rope_scaling} of transformers 4, or
     * {@code rope_parameters} of 5, or nothing; the first that says anything.
     *
     * @param where the file's name, for errors
     * @throws JalignException of kind INPUT when it is not an object, or one for several kinds of layers
     */
    public static Map<String, @Nullable Object> rope(String where, Map<String, @Nullable Object> config) {
        for (String key : List.of("rope_scaling", "rope_parameters")) {
            @Nullable Object value = config.get(key);
            if (value instanceof Map<?, ?> map && map.values().stream().noneMatch(Map.class::isInstance)) {
                if (!map.isEmpty()) {
                    return Json.asObject(map);
                }
            } else if (value != null) {
                throw error(
                        where,
                        key,
                        "rotary positions are described once for all layers",
                        Json.write(value),
                        "an object with rope_type and numbers",
                        "correct config.json");
            }
        }
        return Map.of();
    }

    /** Phi-3 knows one scaling, which was called otherwise once. */
    private String ropeType(Map<String, @Nullable Object> rope) {
        Object given = rope.get("rope_type") != null ? rope.get("rope_type") : rope.get("type");
        String type = given == null ? "default" : String.valueOf(given);
        boolean phi3 = architecture == Architecture.PHI3;
        if (phi3 && (type.equals("su") || type.equals("yarn"))) {
            return "longrope";
        }
        List<String> known =
                phi3 ? List.of("default", "longrope") : List.of("default", "linear", "llama3", "yarn", "longrope");
        if (!known.contains(type)) {
            throw error(
                    "rope_type",
                    "the rotary scaling must be one that jalign knows",
                    Json.write(given),
                    String.join(", ", known) + (phi3 ? ", for phi3" : ""),
                    "use a model with one of them");
        }
        return type;
    }

    private RopeScaling scaling(
            String type, Map<String, @Nullable Object> rope, int maxPositions, int rotaryDim, double theta) {
        String needed = "this rotary scaling needs it";
        return switch (type) {
            case "linear" -> new RopeScaling.Linear(required(rope, "factor", needed));
            case "llama3" ->
                new RopeScaling.Llama3(
                        required(rope, "factor", needed),
                        required(rope, "low_freq_factor", needed),
                        required(rope, "high_freq_factor", needed),
                        originalLength(rope, maxPositions));
            case "yarn" -> yarn(rope, maxPositions, rotaryDim, theta);
            case "longrope" -> longRope(rope, maxPositions, rotaryDim);
            default -> new RopeScaling.Unscaled();
        };
    }

    private RopeScaling yarn(Map<String, @Nullable Object> rope, int maxPositions, int rotaryDim, double theta) {
        int original = originalLength(rope, maxPositions);
        // A factor that says null is the ratio; transformers refuses one that is not there.
        double factor = rope.containsKey("factor") && rope.get("factor") == null
                ? (double) maxPositions / original
                : required(rope, "factor", "this rotary scaling needs it");
        double mscale = number(rope, "mscale", 0);
        double mscaleAllDim = number(rope, "mscale_all_dim", 0);
        double usual = mscale != 0 && mscaleAllDim != 0
                ? RopeScaling.Yarn.usualAttention(factor, mscale) / RopeScaling.Yarn.usualAttention(factor, mscaleAllDim)
                : RopeScaling.Yarn.usualAttention(factor, 1);
        double betaFast = number(rope, "beta_fast", 0);
        double betaSlow = number(rope, "beta_slow", 0);
        return new RopeScaling.Yarn(
                factor,
                number(rope, "attention_factor", usual),
                original,
                betaFast == 0 ? RopeScaling.Yarn.USUAL_BETA_FAST : betaFast,
                betaSlow == 0 ? RopeScaling.Yarn.USUAL_BETA_SLOW : betaSlow,
                !rope.containsKey("truncate") || Boolean.TRUE.equals(rope.get("truncate")),
                rotaryDim,
                theta);
    }

    private RopeScaling longRope(Map<String, @Nullable Object> rope, int maxPositions, int rotaryDim) {
        int original = originalLength(rope, maxPositions);
        double factor = number(rope, "factor", (double) maxPositions / original);
        return new RopeScaling.LongRope(
                divisors(rope, "short_factor", rotaryDim / 2),
                divisors(rope, "long_factor", rotaryDim / 2),
                number(rope, "attention_factor", RopeScaling.LongRope.usualAttention(factor, original)),
                original);
    }

    private List<Double> divisors(Map<String, @Nullable Object> rope, String key, int count) {
        List<Double> divisors = new ArrayList<>();
        if (rope.get(key) instanceof List<?> list) {
            for (Object value : list) {
                if (value instanceof Number n && n.doubleValue() > 0) {
                    divisors.add(n.doubleValue());
                }
            }
            if (divisors.size() == count && list.size() == count) {
                return divisors;
            }
        }
        throw error(
                key,
                "longrope divides every frequency by a number of its own",
                Json.write(rope.get(key)),
                "a list of " + count + " numbers above 0",
                "correct config.json");
    }

    /** Beside the other numbers of the scaling, or, with precedence, beside the sizes of the model. */
    private int originalLength(Map<String, @Nullable Object> rope, int maxPositions) {
        String key = "original_max_position_embeddings";
        return config.get(key) != null ? positive(config, key) : rope.get(key) != null ? positive(rope, key) : maxPositions;
    }

    /** As torch.nn.Embedding counts: a negative id from the end of the vocabulary. */
    private int padTokenId(int vocabulary) {
        @Nullable Object value = config.get("pad_token_id");
        if (value == null) {
            return -1;
        }
        int pad = id("pad_token_id", value);
        return pad < 0 ? vocabulary + pad : pad;
    }

    private List<Integer> eosTokenIds() {
        return switch (config.get("eos_token_id")) {
            case null -> List.of();
            case List<?> ids -> ids.stream().map(id -> id("eos_token_id", id)).toList();
            case Object id -> List.of(id("eos_token_id", id));
        };
    }

    private int id(String key, @Nullable Object value) {
        if (value instanceof Long n && n >= -1 && n <= Integer.MAX_VALUE) {
            return Math.toIntExact(n);
        }
        throw error(key, "this key holds token ids", Json.write(value), "a whole number of at least 0", "correct config.json");
    }

    private boolean flag(String key) {
        return switch (config.get(key)) {
            case null -> false;
            case Boolean b -> b;
            case Object other -> throw error(key, "this key is a flag", Json.write(other), "true or false", "correct config.json");
        };
    }

    private int positive(Map<String, @Nullable Object> map, String key) {
        if (map.get(key) instanceof Long n && n > 0 && n <= Integer.MAX_VALUE) {
            return Math.toIntExact(n);
        }
        throw error(
                key,
                "the model needs this size",
                map.get(key) == null ? "nothing" : Json.write(map.get(key)),
                "a whole number of at least 1",
                "correct config.json, or download the model again");
    }

    private double required(Map<String, @Nullable Object> map, String key, String why) {
        double value = number(map, key, Double.NaN);
        if (Double.isNaN(value)) {
            throw error(key, why, "nothing", "a number", "correct config.json");
        }
        return value;
    }

    private double number(Map<String, @Nullable Object> map, String key, double absent) {
        return switch (map.get(key)) {
            case null -> absent;
            case Number n -> n.doubleValue();
            case Object other -> throw error(key, "this key holds a number", Json.write(other), "a number", "correct config.json");
        };
    }

    private JalignException error(String key, String rule, String found, String expected, String action) {
        return error(where, key, rule, found, expected, action);
    }

    private static JalignException error(
            String where, String key, String rule, String found, String expected, String action) {
        return new JalignException(
                JalignException.Kind.INPUT, where + ": " + key, rule, found, expected, action);
    }
}
