package io.github.jalign.model;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.tensor.Tensor;
import java.util.Arrays;

/**
 * The forward pass of a Llama-family model over a pack: from token ids [T] to the residual stream [T, D] that
 * {@link Head} reads. {@link Backward} numbers its steps alike.
 */
public final class Forward {
    private final CausalLm model;
    private final Ops ops;
    private final ModelConfig config;
    private final Activations activations;

    public Forward(CausalLm model, Activations activations) {
        this.model = model;
        this.ops = model.ops();
        this.config = model.config();
        this.activations = activations;
    }

    /** Where a layer's queries look: in the pack, or in the cache. */
    private sealed interface Keys {
        record InPack(Segments segments) implements Keys {}

        record InCache(KvCache cache) implements Keys {}

        /** In the pack, which then becomes the cache's beginning. */
        record First(Segments segments, KvCache cache) implements Keys {}
    }

    /**
     * Runs all layers over a pack of sequences and shared prompts.
     *
     * @param tokens [T] ids
     */
    public void run(int[] tokens, Segments segments) {
        place(tokens, model.rope().rows(segments));
        run(tokens.length, new Keys.InPack(segments));
    }

    /**
     * Runs all layers over the next tokens of the cached sequence, which they join.
     *
     * @param tokens [T] ids, at positions {@code cache.length()} and up
     */
    public void extend(int[] tokens, KvCache cache) {
        extend(tokens, cache, cache.length() + tokens.length);
    }

    /** @param length tokens of the whole sequence as far as it is known; decides on its rotary positions */
    public void extend(int[] tokens, KvCache cache, int length) {
        rotateFor(cache, length);
        place(tokens, cache);
        extend(tokens.length, cache);
        cache.extend(tokens);
    }

    /** Tokens of a sequence that need not be read again: its beginning in the cache, with the same rotary positions. */
    public int reusable(KvCache cache, int[] sequence) {
        return model.rope().longer(sequence.length) == cache.longer() ? cache.commonPrefix(sequence) : 0;
    }

    /**
     * Sees to it that the cached keys have the rotary positions of a sequence of that length: where the switch lies in
     * between, the tokens before are read again, as transformers does ({@code Phi3ForCausalLM}).
     */
    void rotateFor(KvCache cache, int length) {
        boolean longer = model.rope().longer(length);
        if (cache.longer() == longer) {
            return;
        }
        int[] tokens = cache.restart(longer);
        for (int from = 0; from < tokens.length; from += activations.capacity()) {
            int to = Math.min(tokens.length, from + activations.capacity());
            extend(Arrays.copyOfRange(tokens, from, to), cache, length);
        }
    }

    /** Puts tokens where {@link #extend(int, KvCache)} reads them. */
    void place(int[] tokens, KvCache cache) {
        int[] slots = new int[tokens.length];
        for (int t = 0; t < tokens.length; t++) {
            slots[t] = cache.length() + t;
        }
        ops.write(activations.slots(tokens.length), slots);
        place(tokens, model.rope().rows(cache.length(), tokens.length, cache.longer()));
    }

    private void place(int[] tokens, int[] rotary) {
        ops.write(activations.tokens(tokens.length), tokens);
        ops.write(activations.rotary(rotary.length), rotary);
    }

    /** All layers over {@code count} tokens that were placed; the cache's length is left as it is. */
    void extend(int count, KvCache cache) {
        run(
                count,
                cache.length() == 0 && count > 1
                        ? new Keys.First(Segments.sequences(count), cache)
                        : new Keys.InCache(cache));
    }

    private void run(int count, Keys keys) {
        Tensor ids = activations.tokens(count);
        Tensor hidden = activations.hidden(count);
        Tensor delta = activations.scratch("delta", count);
        int layers = config.layers().size();

        // 1. Embedding: the residual stream begins.
        Tensor input = activations.slot(0, count).input();
        ops.embed(model.parameters().embedding(), ids, input);
        for (int l = 0; l < layers; l++) {
            Activations.Slot slot = activations.slot(l, count);
            Parameters.Layer p = model.parameters().layers().get(l);
            Tensor normed = activations.scratch("normed", count);

            // 2. Input norm, after adding what the layer below left.
            if (l == 0) {
                ops.rmsNorm(slot.input(), p.inputNorm(), config.rmsNormEps(), normed, slot.rstd1());
            } else {
                Tensor below = activations.slot(l - 1, count).middle();
                ops.addRmsNorm(
                        below, delta, p.inputNorm(), config.rmsNormEps(), slot.input(), normed, slot.rstd1());
            }
            layer(l, slot, normed, delta, keys);
        }
        ops.add(activations.slot(layers - 1, count).middle(), delta, hidden);
    }

    /** Steps 2 to 10 of a layer from its kept input alone, for backward under gradient checkpointing. */
    void again(int l, Segments segments) {
        Activations.Slot slot = activations.slot(l, segments.tokens());
        Tensor normed = activations.scratch("normed", segments.tokens());
        Tensor weight = model.parameters().layers().get(l).inputNorm();
        ops.rmsNorm(slot.input(), weight, config.rmsNormEps(), normed, slot.rstd1());
        layer(l, slot, normed, activations.scratch("delta", segments.tokens()), new Keys.InPack(segments));
    }

    /**
     * Steps 3 to 10.
     *
     * @param normed [T, D], the normed input; overwritten
     * @param delta [T, D] {@code =}, what the layer adds to {@code slot.middle}
     */
    private void layer(int l, Activations.Slot slot, Tensor normed, Tensor delta, Keys keys) {
        CausalLm.Layer layer = model.layer(l);
        Parameters.Layer p = model.parameters().layers().get(l);
        AttentionShape shape = config.attention(l);
        int count = normed.rows();

        // 3. Queries, keys and values in one product.
        layer.qkv().forward(ops, normed, slot.qkv());

        // 4. Rotary positions, in place on queries and keys.
        if (config.layers().get(l).rotary()) {
            ops.rope(
                    slot.qkv(),
                    activations.rotary(count),
                    model.rope().cos(),
                    model.rope().sin(),
                    shape.heads() + shape.keyValueHeads(),
                    shape.headDim());
        }

        // 5. Attention.
        switch (keys) {
            case Keys.InPack(Segments segments) ->
                ops.attention(slot.qkv(), segments, shape, slot.attention(), slot.lse());
            case Keys.First(Segments segments, KvCache cache) -> {
                ops.attention(slot.qkv(), segments, shape, slot.attention(), slot.lse());
                ops.appendToCache(slot.qkv(), shape, activations.slots(count), cache.keys(l), cache.values(l));
            }
            case Keys.InCache(KvCache cache) -> {
                Tensor slots = activations.slots(count);
                ops.appendToCache(slot.qkv(), shape, slots, cache.keys(l), cache.values(l));
                ops.attentionCached(slot.qkv(), cache.keys(l), cache.values(l), slots, shape, slot.attention());
            }
        }

        // 6. Attention out.
        layer.o().forward(ops, slot.attention(), delta);

        // 7. Post-attention norm, after adding it to the residual stream.
        ops.addRmsNorm(slot.input(), delta, p.postNorm(), config.rmsNormEps(), slot.middle(), normed, slot.rstd2());

        // 8. Gate and up in one product.
        layer.gateUp().forward(ops, normed, slot.gateUp());

        // 9. SwiGLU.
        Tensor mlp = activations.scratch("mlp", count);
        ops.swiglu(slot.gateUp(), mlp);

        // 10. Down.
        layer.down().forward(ops, mlp, delta);
    }
}
