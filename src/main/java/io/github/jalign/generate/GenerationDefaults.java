package io.github.jalign.generate;

import io.github.jalign.checkpoint.JsonFile;
import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.model.ModelConfig;
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
 * @param minP 0 when the file is silent
 * @param repetitionPenalty 1 when the file is silent
 * @param stopIds tokens that end an answer
 * @param ignored keys of the file that would change what transformers generates, and change nothing here
 */
public record GenerationDefaults(
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        Set<Integer> stopIds,
        List<String> ignored) {
    private static final int TRANSFORMERS_TOP_K = 50;

    /** Other keys by which transformers 5.23 changes logits or searches, each with values by which it does not. */
    private static final Map<String, Set<Object>> OTHERS = Map.ofEntries(
            Map.entry("bad_words_ids", Set.of()),
            Map.entry("begin_suppress_tokens", Set.of()),
            Map.entry("encoder_repetition_penalty", Set.of(1L, 1.0)),
            Map.entry("epsilon_cutoff", Set.of(0L, 0.0)),
            Map.entry("eta_cutoff", Set.of(0L, 0.0)),
            Map.entry("exponential_decay_length_penalty", Set.of()),
            Map.entry("forced_bos_token_id", Set.of()),
            Map.entry("forced_eos_token_id", Set.of()),
            Map.entry("guidance_scale", Set.of(1L, 1.0)),
            Map.entry("min_length", Set.of(0L)),
            Map.entry("min_new_tokens", Set.of(0L)),
            Map.entry("no_repeat_ngram_size", Set.of(0L)),
            Map.entry("num_beams", Set.of(1L)),
            Map.entry("penalty_alpha", Set.of(0L, 0.0)),
            Map.entry("sequence_bias", Set.of()),
            Map.entry("stop_strings", Set.of()),
            Map.entry("suppress_tokens", Set.of()),
            Map.entry("top_h", Set.of()),
            Map.entry("typical_p", Set.of(1L, 1.0)));

    public GenerationDefaults {
        stopIds = Set.copyOf(stopIds);
        ignored = List.copyOf(ignored);
    }

    /** What {@code generation_config.json} says, and {@code config.json} where it is silent. */
    public static GenerationDefaults read(Path folder, ModelConfig config) {
        Path file = folder.resolve("generation_config.json");
        Map<String, @Nullable Object> json = Files.exists(file) ? JsonFile.read(file) : Map.of();
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
                number(file, json, "min_p", 0),
                number(file, json, "repetition_penalty", 1),
                stop,
                ignored(json));
    }

    private static List<String> ignored(Map<String, @Nullable Object> json) {
        return OTHERS.entrySet().stream()
                .filter(other -> json.get(other.getKey()) != null
                        && !other.getValue().contains(json.get(other.getKey()))
                        && !List.of().equals(json.get(other.getKey())))
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
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
