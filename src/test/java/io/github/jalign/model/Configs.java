package io.github.jalign.model;

import io.github.jalign.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** config.json files of tiny models, in which a test names only what it is about. */
public final class Configs {
    private static final String SIZES =
            """
            {"vocab_size": 50, "hidden_size": 64, "intermediate_size": 12, "num_hidden_layers": 5,
             "num_attention_heads": 16}""";

    private Configs() {}

    /** The sizes and nothing else. */
    static Map<String, @Nullable Object> sizes(String modelType) {
        Map<String, @Nullable Object> config = Json.parseObject("sizes", SIZES);
        config.put("model_type", modelType);
        return config;
    }

    /** @param more an object's inside, which overrides sizes, such as {@code "head_dim": 6} */
    public static Map<String, @Nullable Object> of(String modelType, String more) {
        Map<String, @Nullable Object> config = sizes(modelType);
        config.putAll(Json.parseObject("more", "{" + more + "}"));
        return config;
    }

    /** As {@link #of}, without one key. */
    static Map<String, @Nullable Object> without(String modelType, String key) {
        Map<String, @Nullable Object> config = new LinkedHashMap<>(sizes(modelType));
        config.remove(key);
        return config;
    }

    public static ModelConfig read(String modelType, String more) {
        return ModelConfigReader.read("config.json", of(modelType, more));
    }
}
