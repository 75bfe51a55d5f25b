package io.github.jalign.model;

import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one pass over at most T tokens, planned once: what each layer keeps for backward, and what all share.
 * Norm outputs and SwiGLU outputs are never kept: writing them again costs a copy's time.
 */
public final class Activations implements AutoCloseable {
    /** What survives a layer. */
    public enum Keep {
        /** All that backward reads. */
        ALL,
        /** Each layer's input; backward runs the layer again (gradient checkpointing). */
        LAYER_INPUTS,
        /** Nothing: forward only. */
        NOTHING
    }

    /**
     * One layer's slots for T tokens.
     *
     * @param input [T, D] the residual stream that enters the layer
     * @param rstd1 [1, T] wide
     * @param qkv [T, (H+2K)·E], rotated
     * @param attention [T, H·E]
     * @param lse [T, H] wide
     * @param middle [T, D] the residual stream between attention and MLP
     * @param rstd2 [1, T] wide
     * @param gateUp [T, 2F]; backward leaves its gradient here
     */
    record Slot(
            Tensor input,
            Tensor rstd1,
            Tensor qkv,
            Tensor attention,
            Tensor lse,
            Tensor middle,
            Tensor rstd2,
            Tensor gateUp) {

        Slot first(int tokens) {
            return new Slot(
                    input.rows(0, tokens),
                    rstd1.columns(0, tokens),
                    qkv.rows(0, tokens),
                    attention.rows(0, tokens),
                    lse.rows(0, tokens),
                    middle.rows(0, tokens),
                    rstd2.columns(0, tokens),
                    gateUp.rows(0, tokens));
        }
    }

    private final int capacity;
    private final Keep keep;
    private final List<Slot> slots = new ArrayList<>();
    private final TensorArena kept;
    private final TensorArena wide;
    private final TensorArena scratch;
    private final TensorArena ids;
    private final @Nullable TensorArena gradients;

    /** @param capacity T */
    public Activations(Ops ops, ModelConfig config, int capacity, Keep keep) {
        this.capacity = capacity;
        this.keep = keep;
        int layers = config.layers().size();
        DType type = ops.dtype();
        DType wideType = ops.accumulationDtype();
        int d = config.hiddenSize();
        List<TensorSpec> specs = new ArrayList<>();
        for (int l = 0; l < (keep == Keep.NOTHING ? 1 : layers); l++) {
            specs.add(new TensorSpec("input." + l, type, capacity, d));
        }
        List<TensorSpec> wideSpecs = new ArrayList<>();
        for (int l = 0; l < (keep == Keep.ALL ? layers : 1); l++) {
            specs.add(new TensorSpec("qkv." + l, type, capacity, config.packedWidth()));
            specs.add(new TensorSpec("attention." + l, type, capacity, config.queryWidth()));
            specs.add(new TensorSpec("middle." + l, type, capacity, d));
            specs.add(new TensorSpec("gateUp." + l, type, capacity, 2 * config.intermediateSize()));
            wideSpecs.add(new TensorSpec("rstd1." + l, wideType, 1, capacity));
            wideSpecs.add(new TensorSpec("lse." + l, wideType, capacity, config.numAttentionHeads()));
            wideSpecs.add(new TensorSpec("rstd2." + l, wideType, 1, capacity));
        }
        kept = ops.allocate("activations", specs);
        wide = ops.allocate("norms of rows", wideSpecs);
        for (int l = 0; l < layers; l++) {
            int i = keep == Keep.NOTHING ? 0 : l;
            int j = keep == Keep.ALL ? l : 0;
            slots.add(new Slot(
                    kept.get("input." + i),
                    wide.get("rstd1." + j),
                    kept.get("qkv." + j),
                    kept.get("attention." + j),
                    wide.get("lse." + j),
                    kept.get("middle." + j),
                    wide.get("rstd2." + j),
                    kept.get("gateUp." + j)));
        }
        scratch = ops.allocate(
                "scratch",
                List.of(
                        new TensorSpec("hidden", type, capacity, d),
                        new TensorSpec("normed", type, capacity, d),
                        new TensorSpec("delta", type, capacity, d),
                        new TensorSpec("mlp", type, capacity, config.intermediateSize())));
        ids = ops.allocate(
                "token ids",
                List.of(
                        new TensorSpec("tokens", DType.I32, 1, capacity),
                        new TensorSpec("rotary", DType.I32, 1, capacity),
                        new TensorSpec("slots", DType.I32, 1, capacity)));
        gradients = keep == Keep.NOTHING
                ? null
                : ops.allocate(
                        "activation gradients",
                        List.of(
                                new TensorSpec("dhidden", type, capacity, d),
                                new TensorSpec("dnormed", type, capacity, d),
                                new TensorSpec("dattention", type, capacity, config.queryWidth()),
                                new TensorSpec("dqkv", type, capacity, config.packedWidth()),
                                new TensorSpec("dmlp", type, capacity, config.intermediateSize())));
    }

    public int capacity() {
        return capacity;
    }

    public Keep keep() {
        return keep;
    }

    Slot slot(int layer, int tokens) {
        return slots.get(layer).first(tokens);
    }

    /** [T, D]: the residual stream that leaves the last layer. */
    public Tensor hidden(int tokens) {
        return scratch.get("hidden").rows(0, tokens);
    }

    Tensor scratch(String name, int tokens) {
        return scratch.get(name).rows(0, tokens);
    }

    Tensor tokens(int tokens) {
        return ids.get("tokens").columns(0, tokens);
    }

    /** [T]: each token's row of the rotary tables. */
    Tensor rotary(int tokens) {
        return ids.get("rotary").columns(0, tokens);
    }

    /** [T]: each token's row of the key/value cache. */
    Tensor slots(int tokens) {
        return ids.get("slots").columns(0, tokens);
    }

    /** [T, D]: the gradient of the residual stream; the head writes it, backward carries it down. */
    public Tensor dhidden(int tokens) {
        return gradient("dhidden", tokens);
    }

    Tensor gradient(String name, int tokens) {
        if (gradients == null) {
            throw new IllegalStateException("these activations were planned for forward only");
        }
        return gradients.get(name).rows(0, tokens);
    }

    /** Gives the memory back. */
    @Override
    public void close() {
        kept.close();
        wide.close();
        scratch.close();
        ids.close();
        if (gradients != null) {
            gradients.close();
        }
    }
}
