package io.github.jalign.train;

import io.github.jalign.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run must remember between two optimiser steps, besides weights and moments. Its JSON form holds every double to
 * the last bit.
 */
final class TrainState {
    /** Optimiser steps done. */
    int step;
    /** Of {@code step}, when the log was last written. */
    int loggedStep;
    /** Loss since then, a sum over steps. */
    double lossSinceLog;
    /** Loss of the whole run up to {@link #loggedStep}, a sum over steps. */
    double loggedLoss;
    /** Loss groups since the last log. */
    long groupsSinceLog;
    /** Sums over those groups. */
    final Map<String, Double> sumsSinceLog = new LinkedHashMap<>();
    /** TRL's {@code num_tokens}. */
    long numTokens;
    /** transformers' {@code total_flos}. */
    double totalFlos;
    double gradientNorm;
    double learningRate;
    /** Bytes of the metrics file that belong to this state. */
    long metricsBytes;

    Map<String, @Nullable Object> toJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("global_step", step);
        json.put("logged_step", loggedStep);
        json.put("loss_since_log", lossSinceLog);
        json.put("logged_loss", loggedLoss);
        json.put("groups_since_log", groupsSinceLog);
        json.put("sums_since_log", new LinkedHashMap<>(sumsSinceLog));
        json.put("num_tokens", numTokens);
        json.put("total_flos", totalFlos);
        json.put("grad_norm", gradientNorm);
        json.put("learning_rate", learningRate);
        json.put("metrics_bytes", metricsBytes);
        return json;
    }

    static TrainState fromJson(Map<String, @Nullable Object> json) {
        TrainState state = new TrainState();
        state.step = (int) number(json, "global_step").longValue();
        state.loggedStep = (int) number(json, "logged_step").longValue();
        state.lossSinceLog = number(json, "loss_since_log").doubleValue();
        state.loggedLoss = number(json, "logged_loss").doubleValue();
        state.groupsSinceLog = number(json, "groups_since_log").longValue();
        if (json.get("sums_since_log") instanceof Map<?, ?> sums) {
            Json.asObject(sums).forEach((k, v) -> state.sumsSinceLog.put(k, number(Json.asObject(sums), k).doubleValue()));
        }
        state.numTokens = number(json, "num_tokens").longValue();
        state.totalFlos = number(json, "total_flos").doubleValue();
        state.gradientNorm = number(json, "grad_norm").doubleValue();
        state.learningRate = number(json, "learning_rate").doubleValue();
        state.metricsBytes = number(json, "metrics_bytes").longValue();
        return state;
    }

    private static Number number(Map<String, @Nullable Object> json, String key) {
        if (json.get(key) instanceof Number n) {
            return n;
        }
        throw new IllegalArgumentException("state.json has no number " + key);
    }

    /** Joins one group's metrics to the sums. */
    void addGroup(Map<String, Double> metrics) {
        groupsSinceLog++;
        metrics.forEach((k, v) -> sumsSinceLog.merge(k, v, Double::sum));
    }
}
