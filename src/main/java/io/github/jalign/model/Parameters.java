package io.github.jalign.model;

import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A flat arena seen as the tensors of a model: its weights, or their gradients, or a moment. Rows of q, k and v lie one
 * after another, and so do gate and up, so that each layer multiplies by one matrix whatever the checkpoint calls its
 * parts. Matrices and embeddings come first, norms and biases after {@link #decayEnd}: AdamW decays one range and not
 * the other.
 */
public final class Parameters {
    /** One layer's tensors; matrices are [out, in], vectors [1, out]. */
    public record Layer(
            Tensor inputNorm,
            Tensor qkv,
            @Nullable Tensor qkvBias,
            Tensor o,
            @Nullable Tensor oBias,
            Tensor postNorm,
            Tensor gateUp,
            @Nullable Tensor gateUpBias,
            Tensor down,
            @Nullable Tensor downBias) {}

    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";
    private static final String FINAL_NORM = "model.norm.weight";

    private final TensorArena arena;
    private final Tensor embedding;
    private final Tensor head;
    private final Tensor finalNorm;
    private final List<Layer> layers = new ArrayList<>();
    private final Map<String, Tensor> named = new LinkedHashMap<>();
    private final long decayEnd;

    /** @param arena allocated from {@link #specs} */
    public Parameters(ModelConfig config, TensorArena arena) {
        this.arena = arena;
        this.embedding = arena.get(EMBEDDING);
        this.head = config.tieWordEmbeddings() ? embedding : arena.get(HEAD);
        this.finalNorm = arena.get(FINAL_NORM);
        named.put(EMBEDDING, embedding);
        for (int l = 0; l < config.layers().size(); l++) {
            layers.add(layer(config, l));
        }
        named.put(FINAL_NORM, finalNorm);
        if (!config.tieWordEmbeddings()) {
            named.put(HEAD, head);
        }
        this.decayEnd = arena.get(layerName(0, "input_layernorm.weight")).offset();
    }

    /** What to allocate: decayed matrices, then norms and biases. */
    public static List<TensorSpec> specs(ModelConfig c, DType dtype) {
        List<TensorSpec> specs = new ArrayList<>();
        int d = c.hiddenSize();
        int f = c.intermediateSize();
        specs.add(new TensorSpec(EMBEDDING, dtype, c.vocabularySize(), d));
        for (int l = 0; l < c.layers().size(); l++) {
            specs.add(new TensorSpec(layerName(l, "self_attn.qkv_proj.weight"), dtype, c.packedWidth(), d));
            specs.add(new TensorSpec(layerName(l, "self_attn.o_proj.weight"), dtype, d, c.queryWidth()));
            specs.add(new TensorSpec(layerName(l, "mlp.gate_up_proj.weight"), dtype, 2 * f, d));
            specs.add(new TensorSpec(layerName(l, "mlp.down_proj.weight"), dtype, d, f));
        }
        if (!c.tieWordEmbeddings()) {
            specs.add(new TensorSpec(HEAD, dtype, c.vocabularySize(), d));
        }
        for (int l = 0; l < c.layers().size(); l++) {
            specs.add(new TensorSpec(layerName(l, "input_layernorm.weight"), dtype, 1, d));
            specs.add(new TensorSpec(layerName(l, "post_attention_layernorm.weight"), dtype, 1, d));
            if (c.attentionBias()) {
                specs.add(new TensorSpec(layerName(l, "self_attn.qkv_proj.bias"), dtype, 1, c.packedWidth()));
                specs.add(new TensorSpec(layerName(l, "self_attn.o_proj.bias"), dtype, 1, d));
            }
            if (c.mlpBias()) {
                specs.add(new TensorSpec(layerName(l, "mlp.gate_up_proj.bias"), dtype, 1, 2 * f));
                specs.add(new TensorSpec(layerName(l, "mlp.down_proj.bias"), dtype, 1, d));
            }
        }
        specs.add(new TensorSpec(FINAL_NORM, dtype, 1, d));
        return specs;
    }

    private static String layerName(int layer, String rest) {
        return "model.layers." + layer + "." + rest;
    }

    private Layer layer(ModelConfig c, int l) {
        int q = c.queryWidth();
        int k = c.keyWidth();
        int f = c.intermediateSize();
        List<String> qkvParts = List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");
        List<String> gateUpParts = List.of("mlp.gate_proj", "mlp.up_proj");
        boolean fused = c.architecture().fusedProjections();
        Tensor inputNorm = name(l, "input_layernorm.weight");
        Tensor qkv = split(l, "self_attn.qkv_proj", ".weight", fused ? List.of() : qkvParts, q, k, k);
        @Nullable Tensor qkvBias =
                c.attentionBias() ? split(l, "self_attn.qkv_proj", ".bias", fused ? List.of() : qkvParts, q, k, k) : null;
        Tensor o = name(l, "self_attn.o_proj.weight");
        @Nullable Tensor oBias = c.attentionBias() ? name(l, "self_attn.o_proj.bias") : null;
        Tensor postNorm = name(l, "post_attention_layernorm.weight");
        Tensor gateUp = split(l, "mlp.gate_up_proj", ".weight", fused ? List.of() : gateUpParts, f, f);
        @Nullable Tensor gateUpBias =
                c.mlpBias() ? split(l, "mlp.gate_up_proj", ".bias", fused ? List.of() : gateUpParts, f, f) : null;
        Tensor down = name(l, "mlp.down_proj.weight");
        @Nullable Tensor downBias = c.mlpBias() ? name(l, "mlp.down_proj.bias") : null;
        return new Layer(inputNorm, qkv, qkvBias, o, oBias, postNorm, gateUp, gateUpBias, down, downBias);
    }

    private Tensor name(int l, String rest) {
        Tensor tensor = arena.get(layerName(l, rest));
        named.put(tensor.name(), tensor);
        return tensor;
    }

    /** The fused tensor; the checkpoint's names are given to its parts, or to itself when there are none. */
    private Tensor split(int l, String fused, String kind, List<String> parts, int... sizes) {
        Tensor whole = arena.get(layerName(l, fused + kind));
        if (parts.isEmpty()) {
            named.put(whole.name(), whole);
        }
        int at = 0;
        for (int i = 0; i < parts.size(); i++) {
            String name = layerName(l, parts.get(i) + kind);
            Tensor part = whole.rows() == 1 ? whole.columns(at, sizes[i]) : whole.rows(at, sizes[i]);
            named.put(name, part.named(name));
            at += sizes[i];
        }
        return whole;
    }

    public TensorArena arena() {
        return arena;
    }

    /** [V, D]. */
    public Tensor embedding() {
        return embedding;
    }

    /** [V, D]; the embedding itself when tied. */
    public Tensor head() {
        return head;
    }

    /** [1, D]. */
    public Tensor finalNorm() {
        return finalNorm;
    }

    public List<Layer> layers() {
        return Collections.unmodifiableList(layers);
    }

    /** Every tensor under the name that checkpoints use, in the order of transformers' state dict. */
    public Map<String, Tensor> named() {
        return Collections.unmodifiableMap(named);
    }

    /** The element where weight decay ends: matrices and embeddings lie before it. */
    public long decayEnd() {
        return decayEnd;
    }
}
