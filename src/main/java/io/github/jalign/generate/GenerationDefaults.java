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
            case Long id -> stop.add(Math.toIntExact(id));
            case List<?> ids -> ids.forEach(id -> stop.add(((Number) id).intValue()));
            case Object other ->
                throw new JalignException(
                        JalignException.Kind.INPUT,
                        file + ": eos_token_id",
                        "stop tokens are ids",
                        Json.write(other),
                        "a number or a list of numbers",
                        "correct the file");
        }
        boolean sample = Boolean.TRUE.equals(json.get("do_sample"));
        return new GenerationDefaults(
                sample ? number(json, "temperature", 1) : 0,
                (int) number(json, "top_k", TRANSFORMERS_TOP_K),
                number(json, "top_p", 1),
                stop);
    }

    private static double number(Map<String, @Nullable Object> json, String key, double absent) {
        return json.get(key) instanceof Number n ? n.doubleValue() : absent;
    }
}
