package io.github.jalign.benchmarks;

import io.github.jalign.json.Json;
import io.github.jalign.model.Architecture;
import io.github.jalign.model.LayerSpec;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.RopeScaling;
import io.github.jalign.ops.AttentionShape;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is timed: a mode of {@code benchmarks/gpu/shapes.json}, which {@code benchmarks/gpu/peers.py} reads too. The build
 * puts the file beside this class.
 */
final class Shapes {
    private final String sha256;
    private final Map<String, @Nullable Object> all;
    private final Map<String, @Nullable Object> mode;

    private Shapes(String sha256, Map<String, @Nullable Object> all, Map<String, @Nullable Object> mode) {
        this.sha256 = sha256;
        this.all = all;
        this.mode = mode;
    }

    /** @param mode {@code full}, {@code quick} or {@code tiny} */
    static Shapes of(String mode) {
        try (InputStream in = Shapes.class.getResourceAsStream("shapes.json")) {
            if (in == null) {
                throw new IllegalStateException("shapes.json does not lie beside the classes: build with -Pbench");
            }
            byte[] bytes = in.readAllBytes();
            var all = Json.parseObject("shapes.json", new String(bytes, StandardCharsets.UTF_8));
            String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
            return new Shapes(hash, all, object(object(all, "modes"), mode));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Of the file: two programs that read the same one have the same hash. */
    String sha256() {
        return sha256;
    }

    /** How long one block of launches should take, in seconds. */
    double blockSeconds() {
        return ((Number) value(mode, "block_seconds")).doubleValue();
    }

    /** Blocks whose median is the result. */
    int blocks() {
        return integer(mode, "blocks");
    }

    /** Bytes to touch before the same ones come again, several times a GPU's L2 cache. */
    long coldBytes() {
        return ((Number) value(mode, "cold_bytes")).longValue();
    }

    /** T of every kernel but the head's. */
    int tokens() {
        return integer(mode, "tokens");
    }

    /** A sequence's lengths. */
    List<Integer> lengths() {
        return integers(value(object(mode, "attention"), "lengths"));
    }

    /** [prompt, completion] of pairs. */
    List<List<Integer>> prefixes() {
        return rows(object(mode, "attention"), "prefixes");
    }

    List<AttentionShape> heads() {
        return attention(rows(object(mode, "attention"), "heads"));
    }

    List<AttentionShape> rotated() {
        return attention(rows(mode, "rope"));
    }

    private static List<AttentionShape> attention(List<List<Integer>> rows) {
        return rows.stream()
                .map(r -> new AttentionShape(r.get(0), r.get(1), r.get(2), 0))
                .toList();
    }

    /** [hidden size, vocabulary] of heads. */
    List<List<Integer>> headSizes() {
        return rows(object(mode, "head"), "sizes");
    }

    List<Integer> headRows() {
        return integers(value(object(mode, "head"), "rows"));
    }

    List<Integer> normWidths() {
        return integers(value(mode, "norm"));
    }

    /** F, half of what gate and up have together. */
    List<Integer> swigluWidths() {
        return integers(value(mode, "swiglu"));
    }

    /** Parameters of one update. */
    int adamW() {
        return integer(mode, "adamw");
    }

    int launches() {
        return integer(mode, "launches");
    }

    /** Names of models whose products are timed. */
    List<String> gemm() {
        return strings(value(mode, "gemm"));
    }

    Steps steps() {
        Map<String, @Nullable Object> steps = object(mode, "steps");
        int pairs = integer(steps, "pairs");
        List<List<Integer>> ragged = rows(object(all, "ragged"), (String) value(steps, "ragged")).subList(0, pairs);
        List<Integer> fixed = List.of(integer(steps, "prompt"), integer(steps, "completion"), integer(steps, "completion"));
        return new Steps(
                strings(value(steps, "models")),
                fixed.get(0) + " + " + fixed.get(1),
                Collections.nCopies(pairs, fixed),
                ragged,
                integer(steps, "group"),
                integer(steps, "timed"));
    }

    /**
     * Whole DPO steps.
     *
     * @param fixedName what the pairs of equal lengths are called
     * @param fixed [prompt, chosen, rejected] lengths of each pair
     * @param ragged the same of real pairs
     * @param group pairs of a loss group
     * @param timed steps, after one that is not
     */
    record Steps(
            List<String> models,
            String fixedName,
            List<List<Integer>> fixed,
            List<List<Integer>> ragged,
            int group,
            int timed) {}

    /** @param positions the longest sequence */
    ModelConfig model(String name, int positions) {
        Map<String, @Nullable Object> m = object(object(all, "models"), name);
        int headDim = integer(m, "head_dim");
        return new ModelConfig(
                Architecture.LLAMA,
                integer(m, "vocab_size"),
                integer(m, "hidden_size"),
                integer(m, "intermediate_size"),
                integer(m, "num_attention_heads"),
                integer(m, "num_key_value_heads"),
                headDim,
                headDim,
                Collections.nCopies(integer(m, "num_hidden_layers"), new LayerSpec(0, true)),
                1e-5,
                1e5,
                new RopeScaling.Unscaled(),
                positions,
                true,
                false,
                false,
                -1,
                List.of());
    }

    private static Object value(Map<String, @Nullable Object> object, String key) {
        Object value = object.get(key);
        if (value == null) {
            throw new IllegalArgumentException("shapes.json has no " + key + " among " + object.keySet());
        }
        return value;
    }

    private static Map<String, @Nullable Object> object(Map<String, @Nullable Object> object, String key) {
        return Json.asObject((Map<?, ?>) value(object, key));
    }

    private static int integer(Map<String, @Nullable Object> object, String key) {
        return Math.toIntExact((Long) value(object, key));
    }

    private static List<Integer> integers(Object list) {
        return ((List<?>) list).stream().map(i -> Math.toIntExact((Long) i)).toList();
    }

    private static List<String> strings(Object list) {
        return ((List<?>) list).stream().map(String.class::cast).toList();
    }

    private static List<List<Integer>> rows(Map<String, @Nullable Object> object, String key) {
        return ((List<?>) value(object, key)).stream().map(Shapes::integers).toList();
    }
}
