package io.github.jalign.model;

import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Weight;
import io.github.jalign.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A model's parameters in the memory of one backend, as the linear layers that {@link Forward} and {@link Backward} use. */
public final class CausalLm {
    /** One layer's linear maps. */
    record Layer(Projection qkv, Projection o, Projection gateUp, Projection down) {}

    private final Ops ops;
    private final ModelConfig config;
    private final Parameters parameters;
    private final List<Layer> layers = new ArrayList<>();
    private final List<Weight> weights = new ArrayList<>();
    private final Weight head;
    private final Rope rope;

    /** @param positions the longest sequence that will come */
    public CausalLm(Ops ops, ModelConfig config, Parameters parameters, int positions) {
        this.ops = ops;
        this.config = config;
        this.parameters = parameters;
        this.rope = new Rope(ops, config, positions);
        for (Parameters.Layer p : parameters.layers()) {
            layers.add(new Layer(
                    new Projection(weight(p.qkv()), p.qkvBias()),
                    new Projection(weight(p.o()), p.oBias()),
                    new Projection(weight(p.gateUp()), p.gateUpBias()),
                    new Projection(weight(p.down()), p.downBias())));
        }
        this.head = weight(parameters.head());
    }

    private Weight weight(Tensor w) {
        Weight weight = ops.weight(w);
        weights.add(weight);
        return weight;
    }

    /** To be called after the parameters have changed. */
    public void refresh() {
        weights.forEach(Weight::refresh);
    }

    public Ops ops() {
        return ops;
    }

    public ModelConfig config() {
        return config;
    }

    public Parameters parameters() {
        return parameters;
    }

    Layer layer(int l) {
        return layers.get(l);
    }

    Weight head() {
        return head;
    }

    Rope rope() {
        return rope;
    }
}
