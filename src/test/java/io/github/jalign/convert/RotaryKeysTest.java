package io.github.jalign.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.checkpoint.GgufTensor;
import io.github.jalign.checkpoint.GgufValue;
import io.github.jalign.model.ModelConfigReader;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What an exported file says of rotary positions is what {@link ModelConfigReader} understood. */
class RotaryKeysTest {
    private final List<GgufTensor> tensors = new ArrayList<>();

    private Map<String, GgufValue> keys(Map<String, @Nullable Object> json) {
        Map<String, GgufValue> keys = new LinkedHashMap<>();
        tensors.clear();
        RotaryKeys.write("config.json", ModelConfigReader.read("config.json", json), json, keys, tensors);
        return keys;
    }

    private static Map<String, GgufValue> longrope(int originalLength, double attention) {
        return Map.of(
                "phi3.rope.scaling.type", new GgufValue.Text("longrope"),
                "phi3.rope.scaling.original_context_length", new GgufValue.Whole(originalLength),
                "phi3.rope.scaling.attn_factor", new GgufValue.Real((float) attention));
    }

    private static Map<String, GgufValue> yarn(double betaFast, double betaSlow) {
        return new LinkedHashMap<>(Map.of(
                "llama.rope.scaling.type", new GgufValue.Text("yarn"),
                "llama.rope.scaling.factor", new GgufValue.Real(4),
                "llama.rope.scaling.original_context_length", new GgufValue.Whole(32),
                "llama.rope.scaling.yarn_beta_fast", new GgufValue.Real((float) betaFast),
                "llama.rope.scaling.yarn_beta_slow", new GgufValue.Real((float) betaSlow)));
    }

    @Test
    void phi3sScalingIsLongropeUnderEachOfItsNames() {
        for (String name : List.of("su", "yarn", "longrope")) {
            assertEquals(longrope(32, Math.sqrt(1 + Math.log(4) / Math.log(32))), keys(TinyFolder.longrope(name)), name);
            assertEquals(
                    List.of("rope_factors_long.weight", "rope_factors_short.weight"),
                    tensors.stream().map(GgufTensor::name).toList());
            assertArrayEquals(
                    new float[] {2, 3, 4, 5, 6, 7, 8, 9},
                    tensors.getFirst().values().get().toArray(ValueLayout.JAVA_FLOAT));
        }
    }

    @Test
    void phi3sOriginalLengthIsTheOneThatTransformersPutsInItsPlace() {
        Map<String, @Nullable Object> json = TinyFolder.longrope("longrope");
        json.remove("original_max_position_embeddings");
        json.put("max_position_embeddings", 16384L);
        assertEquals(longrope(4096, Math.sqrt(1 + Math.log(4) / Math.log(4096))), keys(json));
    }

    @Test
    void yarnsBetasAreTheUsualOnesWhereTheConfigurationHasNone() {
        for (String none : List.of("", ", \"beta_fast\": 0, \"beta_slow\": 0", ", \"beta_fast\": null, \"beta_slow\": 0.0")) {
            assertEquals(yarn(32, 1), keys(TinyFolder.yarn(none)), none);
        }
        assertEquals(yarn(8, 2), keys(TinyFolder.yarn(", \"beta_fast\": 8, \"beta_slow\": 2.0")));
    }

    /** llama.cpp multiplies by the usual one unasked. */
    @Test
    void yarnsAttentionFactorIsWrittenWhereItIsNotTheUsualOne() {
        double usual = 0.1 * Math.log(4) + 1;
        Map<String, GgufValue> keys = yarn(32, 1);
        keys.put("llama.rope.scaling.attn_factor", new GgufValue.Real((float) (1.25 / usual)));
        assertEquals(keys, keys(TinyFolder.yarn(", \"attention_factor\": 1.25")));
        keys.put("llama.rope.scaling.attn_factor", new GgufValue.Real((float) (1 / (0.05 * Math.log(4) + 1))));
        assertEquals(keys, keys(TinyFolder.yarn(", \"mscale\": 1.0, \"mscale_all_dim\": 0.5")));
        assertEquals(yarn(32, 1), keys(TinyFolder.yarn(", \"mscale\": 0.5"))); // counts only with mscale_all_dim
    }
}
