package io.github.jalign.model;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.tensor.Tensor;

/**
 * The backward pass: from the gradient of the residual stream that {@link Head} left in {@code dhidden} to the gradient
 * of every parameter, {@code +=}. Steps bear the numbers of {@link Forward}, in reverse.
 */
public final class Backward {
    private final CausalLm model;
    private final Ops ops;
    private final ModelConfig config;
    private final Activations activations;
    private final Forward forward;
    private final Parameters gradients;

    /**
     * @param forward the pass that filled {@code activations}
     * @param gradients of the model's layout
     */
    public Backward(CausalLm model, Activations activations, Forward forward, Parameters gradients) {
        this.model = model;
        this.ops = model.ops();
        this.config = model.config();
        this.activations = activations;
        this.forward = forward;
        this.gradients = gradients;
    }

    /** Must follow {@link Forward#run} of the same pack; uses its activations up. */
    public void run(Segments segments) {
        for (int l = config.layers().size() - 1; l >= 0; l--) {
            if (activations.keep() == Activations.Keep.LAYER_INPUTS) {
                forward.again(l, segments);
            }
            layer(l, segments);
        }
        // 1'. Embedding.
        int count = segments.tokens();
        ops.embedBackward(
                activations.dhidden(count), activations.tokens(count), config.padTokenId(), gradients.embedding());
    }

    private void layer(int l, Segments segments) {
        int count = segments.tokens();
        Activations.Slot slot = activations.slot(l, count);
        CausalLm.Layer layer = model.layer(l);
        Parameters.Layer p = model.parameters().layers().get(l);
        Parameters.Layer g = gradients.layers().get(l);
        AttentionShape shape = config.attention(l);
        Tensor normed = activations.scratch("normed", count);
        Tensor mlp = activations.scratch("mlp", count);
        Tensor dhidden = activations.dhidden(count);
        Tensor dnormed = activations.gradient("dnormed", count);
        Tensor dattention = activations.gradient("dattention", count);
        Tensor dqkv = activations.gradient("dqkv", count);
        Tensor dmlp = activations.gradient("dmlp", count);

        // 10'. Down; its input is made again.
        ops.swiglu(slot.gateUp(), mlp);
        layer.down().backward(ops, dhidden, mlp, dmlp, g.down(), g.downBias());

        // 9'. SwiGLU, in place.
        Tensor dgateUp = slot.gateUp();
        ops.swigluBackward(dmlp, slot.gateUp(), dgateUp);

        // 8'. Gate and up; their input is made again.
        ops.rmsNormAgain(slot.middle(), p.postNorm(), slot.rstd2(), normed);
        layer.gateUp().backward(ops, dgateUp, normed, dnormed, g.gateUp(), g.gateUpBias());

        // 7'. Post-attention norm joins the residual stream's gradient.
        ops.rmsNormBackward(dnormed, slot.middle(), p.postNorm(), slot.rstd2(), dhidden, g.postNorm());

        // 6'. Attention out.
        layer.o().backward(ops, dhidden, slot.attention(), dattention, g.o(), g.oBias());

        // 5'. Attention.
        ops.attentionBackward(dattention, slot.qkv(), slot.attention(), slot.lse(), segments, shape, dqkv);

        // 4'. Rotary positions turned back.
        if (config.layers().get(l).rotary()) {
            ops.ropeBackward(
                    dqkv,
                    activations.rotary(count),
                    model.rope().cos(),
                    model.rope().sin(),
                    shape.heads() + shape.keyValueHeads(),
                    shape.headDim());
        }

        // 3'. Queries, keys and values; their input is made again.
        ops.rmsNormAgain(slot.input(), p.inputNorm(), slot.rstd1(), normed);
        layer.qkv().backward(ops, dqkv, normed, dnormed, g.qkv(), g.qkvBias());

        // 2'. Input norm.
        ops.rmsNormBackward(dnormed, slot.input(), p.inputNorm(), slot.rstd1(), dhidden, g.inputNorm());
    }
}
