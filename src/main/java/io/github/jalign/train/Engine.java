package io.github.jalign.train;

import io.github.jalign.data.Pack;
import io.github.jalign.model.Activations;
import io.github.jalign.model.Backward;
import io.github.jalign.model.CausalLm;
import io.github.jalign.model.Forward;
import io.github.jalign.model.Head;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.Parameters;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.PairTerms;
import io.github.jalign.ops.Workload;
import io.github.jalign.optim.AdamW;
import io.github.jalign.tensor.TensorArena;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Everything a training run keeps in a backend's memory, allocated once: weights, gradients, moments, activations and
 * head. Built over {@link io.github.jalign.ops.CountingOps} it is the memory plan of the same run.
 */
public final class Engine {
    /**
     * The largest pack that will come.
     *
     * @param tokens T
     * @param rows C
     * @param longest tokens of the longest sequence, prompt included
     */
    public record Sizes(int tokens, int rows, int longest) {}

    private final Ops ops;
    private final TensorArena weights;
    private final TensorArena gradientArena;
    private final TensorArena first;
    private final TensorArena second;
    private final Parameters gradients;
    private final Parameters firstMoment;
    private final Parameters secondMoment;
    private final CausalLm model;
    private final Activations activations;
    private final Forward forward;
    private final Backward backward;
    private final Head head;

    public Engine(Ops ops, ModelConfig config, Sizes sizes, boolean recompute) {
        this.ops = ops;
        var specs = Parameters.specs(config, ops.accumulationDtype());
        this.weights = ops.allocate("weights", specs);
        this.gradientArena = ops.allocate("gradients", specs);
        this.first = ops.allocate("first moment", specs);
        this.second = ops.allocate("second moment", specs);
        this.gradients = new Parameters(config, gradientArena);
        this.firstMoment = new Parameters(config, first);
        this.secondMoment = new Parameters(config, second);
        this.model = new CausalLm(ops, config, new Parameters(config, weights), sizes.longest());
        this.activations = new Activations(
                ops, config, sizes.tokens(), recompute ? Activations.Keep.LAYER_INPUTS : Activations.Keep.ALL);
        this.head = new Head(model, sizes.rows(), true);
        this.forward = new Forward(model, activations);
        this.backward = new Backward(model, activations, forward, gradients);
        ops.reserve(workload(config, sizes, Head.chunkRows(config, ops.accumulationDtype(), sizes.rows())));
    }

    private static Workload workload(ModelConfig c, Sizes sizes, int headRows) {
        return new Workload(
                sizes.tokens(),
                sizes.longest(),
                c.numAttentionHeads(),
                c.numKeyValueHeads(),
                c.headDim(),
                Math.max(2 * c.intermediateSize(), c.packedWidth()),
                c.hiddenSize(),
                c.vocabularySize(),
                headRows,
                true);
    }

    public AdamW optimizer(AdamW.Settings settings) {
        return new AdamW(
                ops,
                settings,
                weights,
                gradientArena,
                first,
                second,
                model.parameters().decayEnd());
    }

    /** The head's statistics for every row of the pack: [C · COLUMNS]. */
    public double[] forward(Pack pack) {
        forward.run(pack.tokens(), pack.segments());
        return head.forward(activations.hidden(pack.tokens().length), pack.rows(), pack.targets());
    }

    /** The device's own loss of pairs, if it has one. */
    public Optional<Ops.PairLoss> pairLoss() {
        return ops.pairLoss();
    }

    /**
     * Forward, loss and backward of a pack in one go, without the host in between.
     *
     * @return results of the pairs, a row each, as {@link Ops.PairLoss#run} gives them
     */
    public Supplier<double[]> step(Pack pack, Ops.PairLoss loss, PairTerms pairs) {
        int tokens = pack.tokens().length;
        forward.run(pack.tokens(), pack.segments());
        head.run(activations.hidden(tokens), pack.rows(), pack.targets());
        Supplier<double[]> results = loss.run(head.statistics(), pairs, head.g());
        head.backward(activations.dhidden(tokens), gradients);
        backward.run(pack.segments());
        return results;
    }

    /**
     * Adds to the gradients; must follow {@link #forward} of the same pack.
     *
     * @param g [C] dLoss/dlogp of each row
     */
    public void backward(Pack pack, double[] g) {
        head.backward(g, activations.dhidden(pack.tokens().length), gradients);
        backward.run(pack.segments());
    }

    /** Parameters but for the embedding table, as transformers' {@code num_parameters(exclude_embeddings=True)}. */
    public long nonEmbeddingParameters() {
        ModelConfig c = model.config();
        return c.parameterCount() - (long) c.vocabularySize() * c.hiddenSize();
    }

    /** Whether layers are run again in the backward pass. */
    public boolean recomputes() {
        return activations.keep() == Activations.Keep.LAYER_INPUTS;
    }

    public CausalLm model() {
        return model;
    }

    public Parameters gradients() {
        return gradients;
    }

    public TensorArena weights() {
        return weights;
    }

    /** AdamW's running mean of gradients, in the model's layout. */
    public Parameters firstMoment() {
        return firstMoment;
    }

    /** AdamW's running mean of squared gradients, in the model's layout. */
    public Parameters secondMoment() {
        return secondMoment;
    }
}
