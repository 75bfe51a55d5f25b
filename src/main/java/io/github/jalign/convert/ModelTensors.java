package io.github.jalign.convert;

import io.github.jalign.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** The tensors of a model under both names, in the order of llama.cpp's own files. */
record ModelTensors(List<Pair> pairs) {
    /** Multipliers of the rotary wavelengths, which GGUF keeps as tensors and transformers in config.json. */
    static final String ROPE_FREQS = "rope_freqs.weight";

    static final String ROPE_LONG = "rope_factors_long.weight";
    static final String ROPE_SHORT = "rope_factors_short.weight";

    /**
     * One tensor.
     *
     * @param name in checkpoints of transformers
     * @param gguf in files of llama.cpp
     * @param heads the heads whose rows lie in another order there; 0 where the order is the same
     */
    record Pair(String name, String gguf, List<Long> shape, int heads) {}

    static ModelTensors of(ModelConfig config) {
        GgufArchitecture architecture = GgufArchitecture.of(config.architecture());
        List<Pair> pairs = new ArrayList<>();
        long d = config.hiddenSize();
        long v = config.vocabularySize();
        pairs.add(new Pair("model.embed_tokens.weight", "token_embd.weight", List.of(v, d), 0));
        for (int i = 0; i < config.layers().size(); i++) {
            new Layer(pairs, "model.layers." + i + ".", "blk." + i + ".", architecture.turnsNeighbours()).add(config);
        }
        pairs.add(new Pair("model.norm.weight", "output_norm.weight", List.of(d), 0));
        if (!config.tieWordEmbeddings()) {
            pairs.add(new Pair("lm_head.weight", "output.weight", List.of(v, d), 0));
        }
        return new ModelTensors(List.copyOf(pairs));
    }

    /** Adds the tensors of a layer. */
    private record Layer(List<Pair> pairs, String prefix, String ggufPrefix, boolean reordered) {
        void add(ModelConfig c) {
            long d = c.hiddenSize();
            long f = c.intermediateSize();
            norm("input_layernorm", "attn_norm", d);
            if (c.architecture().fusedProjections()) {
                matrix("self_attn.qkv_proj", "attn_qkv", c.packedWidth(), d, false, 0);
            } else {
                int qHeads = reordered ? c.numAttentionHeads() : 0;
                int kHeads = reordered ? c.numKeyValueHeads() : 0;
                matrix("self_attn.q_proj", "attn_q", c.queryWidth(), d, c.attentionBias(), qHeads);
                matrix("self_attn.k_proj", "attn_k", c.keyWidth(), d, c.attentionBias(), kHeads);
                matrix("self_attn.v_proj", "attn_v", c.keyWidth(), d, c.attentionBias(), 0);
            }
            matrix("self_attn.o_proj", "attn_output", d, c.queryWidth(), c.attentionBias(), 0);
            norm("post_attention_layernorm", "ffn_norm", d);
            if (c.architecture().fusedProjections()) {
                matrix("mlp.gate_up_proj", "ffn_up", 2 * f, d, false, 0);
            } else {
                matrix("mlp.gate_proj", "ffn_gate", f, d, c.mlpBias(), 0);
                matrix("mlp.up_proj", "ffn_up", f, d, c.mlpBias(), 0);
            }
            matrix("mlp.down_proj", "ffn_down", d, f, c.mlpBias(), 0);
        }

        private void norm(String name, String gguf, long width) {
            pairs.add(new Pair(prefix + name + ".weight", ggufPrefix + gguf + ".weight", List.of(width), 0));
        }

        private void matrix(String name, String gguf, long rows, long columns, boolean bias, int heads) {
            List<Long> shape = List.of(rows, columns);
            pairs.add(new Pair(prefix + name + ".weight", ggufPrefix + gguf + ".weight", shape, heads));
            if (bias) {
                pairs.add(new Pair(prefix + name + ".bias", ggufPrefix + gguf + ".bias", List.of(rows), heads));
            }
        }
    }
}
