package io.github.jalign.train;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint belongs to: everything that shapes the numbers after it. A run goes on only when all of it is the
 * same.
 *
 * @param date the day that templates saw
 * @param referenceWeights hash of the reference model's weights, or empty without one
 * @param settings groups of settings and hashes of data, by name
 */
record RunIdentity(LocalDate date, String referenceWeights, Map<String, String> settings) {

    /** The setting that the plan chose for the machine's memory. */
    static final String PACK_TOKENS = "tokens of a pack";

    /** Tokens of a pack at most. */
    @Nullable Integer packTokens() {
        String tokens = settings.get(PACK_TOKENS);
        return tokens == null ? null : Integer.valueOf(tokens);
    }

    void toJson(Map<String, @Nullable Object> json) {
        json.put("date", date.toString());
        json.put("reference_weights", referenceWeights);
        json.put("identity", new LinkedHashMap<>(settings));
    }

    static RunIdentity fromJson(Map<String, @Nullable Object> json) {
        Map<String, String> settings = new LinkedHashMap<>();
        if (json.get("identity") instanceof Map<?, ?> map) {
            Json.asObject(map).forEach((k, v) -> settings.put(k, String.valueOf(v)));
        }
        return new RunIdentity(
                LocalDate.parse(String.valueOf(json.get("date"))),
                String.valueOf(json.get("reference_weights")),
                settings);
    }

    /** @throws JalignException of kind USAGE, naming the first difference */
    void requireSame(RunIdentity now, Path checkpoint) {
        now.settings.forEach((name, value) -> {
            String before = settings.get(name);
            if (!value.equals(before)) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        "resume_from_checkpoint: " + checkpoint,
                        "a run goes on with what it began with; " + name + " is different",
                        value,
                        String.valueOf(before),
                        "restore the setting or data, or start anew in another output_dir");
            }
        });
    }
}
