package io.github.jalign.generate;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.model.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a model folder says of generation: {@code generation_config.json}, and config.json for the stop tokens that it
 * does not name.
 *
 * @param temperature 0 unless {@code do_sample} is set
 * @param topK 0 for all; transformers' own default of 50 holds when sampling is asked for and the file is silent
 * @param stopIds tokens that end an answer
 */
public record GenerationDefaults(double temperature, int topK, double topP, Set<Integer> stopIds) {
    private static final int TRANSFORMERS_TOP_K = 50;

    public GenerationDefaults {
        stopIds = Set.copyOf(stopIds);
    }

    static GenerationDefaults read(Path folder, ModelConfig config) {
        Path file = folder.resolve("generation_config.json");
        Map<String, @Nullable Object> json = Map.of();
        if (Files.exists(file)) {
            try {
                json = Json.parseObject(file.toString(), Files.readString(file));
            } catch (IOException e) {
                throw new JalignException(
                        JalignException.Kind.IO,
                        file.toString(),
                        "the file must be readable",
                        String.valueOf(e.getMessage()),
                        "a readable file",
                        "check its permissions",
                        e);
            }
        }
        Set<Integer> stop = new LinkedHashSet<>();
        switch (json.get("eos_token_id")) {
            case null -> stop.addAll(config.eosTokenIds());
            case List<?> ids -> ids.forEach(id -> stop.add(stopId(file, id)));
            case Object id -> stop.add(stopId(file, id));
        }
        boolean sample = Boolean.TRUE.equals(json.get("do_sample"));
        return new GenerationDefaults(
                sample ? number(file, json, "temperature", 1) : 0,
                (int) number(file, json, "top_k", TRANSFORMERS_TOP_K),
                number(file, json, "top_p", 1),
                stop);
    }

    private static int stopId(Path file, @Nullable Object value) {
        if (value instanceof Long id && id >= 0 && id <= Integer.MAX_VALUE) {
            return Math.toIntExact(id);
        }
        throw refused(file, "eos_token_id", "stop tokens are ids", value, "a whole number or a list of them");
    }

    private static double number(Path file, Map<String, @Nullable Object> json, String key, double absent) {
        return switch (json.get(key)) {
            case null -> absent;
            case Number n -> n.doubleValue();
            case Object other -> throw refused(file, key, "this key holds a number", other, "a number");
        };
    }

    private static JalignException refused(Path file, String key, String rule, @Nullable Object found, String expected) {
        return new JalignException(
                JalignException.Kind.INPUT, file + ": " + key, rule, Json.write(found), expected, "correct the file");
    }
}
