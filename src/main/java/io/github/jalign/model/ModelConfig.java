package io.github.jalign.model;

import io.github.jalign.ops.AttentionShape;
import java.util.List;

/**
 * The numbers of a Llama-family model, read from config.json by {@link ModelConfigReader}. Names are those of
 * transformers; the letter behind each is the one used in shapes.
 *
 * @param vocabularySize V
 * @param hiddenSize D
 * @param intermediateSize F
 * @param numAttentionHeads H
 * @param numKeyValueHeads K
 * @param headDim E
 * @param rotaryDim columns of a head that are rotated, even, at most E
 * @param layers L of them
 * @param tieWordEmbeddings whether the embedding is the head's matrix too
 * @param attentionBias biases on q, k, v and o
 * @param mlpBias biases on gate, up and down
 * @param padTokenId a token whose embedding row gets no gradient from look-ups, or -1
 * @param eosTokenIds tokens that end an answer; may be empty
 */
public record ModelConfig(
        Architecture architecture,
        int vocabularySize,
        int hiddenSize,
        int intermediateSize,
        int numAttentionHeads,
        int numKeyValueHeads,
        int headDim,
        int rotaryDim,
        List<LayerSpec> layers,
        double rmsNormEps,
        double ropeTheta,
        RopeScaling ropeScaling,
        int maxPositionEmbeddings,
        boolean tieWordEmbeddings,
        boolean attentionBias,
        boolean mlpBias,
        int padTokenId,
        List<Integer> eosTokenIds) {

    public AttentionShape attention(int layer) {
        return new AttentionShape(
                numAttentionHeads, numKeyValueHeads, headDim, layers.get(layer).window());
    }

    /** H·E. */
    public int queryWidth() {
        return numAttentionHeads * headDim;
    }

    /** K·E. */
    public int keyWidth() {
        return numKeyValueHeads * headDim;
    }

    /** (H + 2K)·E. */
    public int packedWidth() {
        return queryWidth() + 2 * keyWidth();
    }

    /** Parameters, a tied head counted once. */
    public long parameterCount() {
        long d = hiddenSize;
        long attention = d * packedWidth() + d * queryWidth() + (attentionBias ? packedWidth() + d : 0);
        long mlp = 3 * d * intermediateSize + (mlpBias ? 2L * intermediateSize + d : 0);
        long embedding = d * vocabularySize;
        return layers.size() * (attention + mlp + 2 * d) + d + (tieWordEmbeddings ? embedding : 2 * embedding);
    }
}
