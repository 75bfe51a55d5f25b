package io.github.jalign.model;

import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;

/**
 * The fused head: final norm and language-model matrix on the rows that predict a completion token, and on no others.
 * Logits exist for one chunk of rows at a time; the last chunk is still there when backward begins, earlier ones are
 * computed again, to the same bits.
 */
public final class Head implements AutoCloseable {
    /** Logits held at once, in bytes, unless one row needs more. */
    private static final long LOGITS_BYTES = 256L << 20;

    private final CausalLm model;
    private final Ops ops;
    private final ModelConfig config;
    private final int chunk;
    private final TensorArena arena;
    private final TensorArena wide;
    private final TensorArena ids;
    private int rows;
    private int chunkInMemory = -1;

    /**
     * @param capacity rows C of one pack at most
     * @param withGradients whether {@link #backward} will be called
     */
    public Head(CausalLm model, int capacity, boolean withGradients) {
        this(model, capacity, withGradients, chunkRows(model.config(), model.ops().accumulationDtype(), capacity));
    }

    /** @param chunk rows of logits held at once */
    Head(CausalLm model, int capacity, boolean withGradients, int chunk) {
        this.model = model;
        this.ops = model.ops();
        this.config = model.config();
        this.chunk = chunk;
        DType type = ops.dtype();
        DType wideType = ops.accumulationDtype();
        int d = config.hiddenSize();
        int backwardRows = withGradients ? capacity : 0;
        this.arena = ops.allocate(
                "head",
                List.of(
                        new TensorSpec("gathered", type, capacity, d),
                        new TensorSpec("normed", type, capacity, d),
                        new TensorSpec("dnormed", type, backwardRows, d),
                        new TensorSpec("dgathered", type, backwardRows, d)));
        this.wide = ops.allocate(
                "logits",
                List.of(
                        new TensorSpec("logits", wideType, chunk, config.vocabularySize()),
                        new TensorSpec("rstd", wideType, 1, capacity),
                        new TensorSpec("statistics", wideType, capacity, HeadStatistics.COLUMNS),
                        new TensorSpec("g", wideType, 1, capacity)));
        this.ids = ops.allocate(
                "head rows",
                List.of(
                        new TensorSpec("rows", DType.I32, 1, capacity),
                        new TensorSpec("targets", DType.I32, 1, capacity)));
    }

    /** Rows of logits held at once for a pack of at most {@code capacity} rows. */
    public static int chunkRows(ModelConfig config, DType type, int capacity) {
        long fit = LOGITS_BYTES / ((long) config.vocabularySize() * type.bytes());
        return Math.clamp(fit, 1, Math.max(1, capacity));
    }

    /**
     * What the model says about each target.
     *
     * @param hidden [T, D] as {@link Forward} left it
     * @param rowsOfHidden [C] the row that predicts each target
     * @param targets [C] token ids
     * @return [C · {@link HeadStatistics#COLUMNS}], row by row
     */
    public double[] forward(Tensor hidden, int[] rowsOfHidden, int[] targets) {
        run(hidden, rowsOfHidden, targets);
        return ops.read(statistics());
    }

    /** {@link #forward} whose result stays in {@link #statistics()}. */
    public void run(Tensor hidden, int[] rowsOfHidden, int[] targets) {
        rows = targets.length;
        ops.write(ids.get("rows").columns(0, rows), rowsOfHidden);
        ops.write(ids.get("targets").columns(0, rows), targets);
        ops.gatherRows(hidden, ids.get("rows").columns(0, rows), part("gathered", 0, rows));
        ops.rmsNorm(
                part("gathered", 0, rows),
                model.parameters().finalNorm(),
                config.rmsNormEps(),
                part("normed", 0, rows),
                wide.get("rstd").columns(0, rows));
        for (int at = 0; at < rows; at += chunk) {
            int count = Math.min(chunk, rows - at);
            Tensor logits = logits(at, count);
            ops.logSoftmax(logits, ids.get("targets").columns(at, count), statistics(at, count));
        }
    }

    /** The logits of one row, as the sampler reads them: [1, V], valid until the next call. */
    public Tensor logits(Tensor hidden, int row) {
        ops.rmsNorm(
                hidden.rows(row, 1),
                model.parameters().finalNorm(),
                config.rmsNormEps(),
                part("normed", 0, 1),
                wide.get("rstd").columns(0, 1));
        chunkInMemory = -1;
        return logits(0, 1);
    }

    /** Where {@link #logits(Tensor, int)} leaves its result. */
    Tensor rowOfLogits() {
        return wide.get("logits").rows(0, 1);
    }

    private Tensor logits(int at, int count) {
        Tensor logits = wide.get("logits").rows(0, count);
        model.head().linear(part("normed", at, count), logits, false);
        chunkInMemory = at;
        return logits;
    }

    /**
     * From dLoss/dlogp of each row to the gradient of the residual stream, of the head's matrix and of the final norm.
     *
     * @param g [C]
     * @param dhidden [T, D] {@code =}
     * @param gradients {@code +=}
     */
    public void backward(double[] g, Tensor dhidden, Parameters gradients) {
        ops.write(g(), g);
        backward(dhidden, gradients);
    }

    /** {@link #backward(double[], Tensor, Parameters)} from what stands in {@link #g()}. */
    public void backward(Tensor dhidden, Parameters gradients) {
        int last = (rows - 1) / chunk * chunk;
        for (int at = last; at >= 0; at -= chunk) {
            int count = Math.min(chunk, rows - at);
            Tensor logits = chunkInMemory == at ? wide.get("logits").rows(0, count) : logits(at, count);
            Tensor dlogits = ops.logSoftmaxBackward(
                    logits,
                    ids.get("targets").columns(at, count),
                    statistics(at, count),
                    wide.get("g").columns(at, count));
            chunkInMemory = -1;
            model.head().linearDw(dlogits, part("normed", at, count), gradients.head());
            model.head().linearDx(dlogits, part("dnormed", at, count), false);
        }
        Tensor dgathered = part("dgathered", 0, rows);
        ops.fill(dgathered, 0);
        ops.rmsNormBackward(
                part("dnormed", 0, rows),
                part("gathered", 0, rows),
                model.parameters().finalNorm(),
                wide.get("rstd").columns(0, rows),
                dgathered,
                gradients.finalNorm());
        ops.fill(dhidden, 0);
        ops.scatterRows(dgathered, ids.get("rows").columns(0, rows), dhidden);
    }

    /** [C, {@link HeadStatistics#COLUMNS}] of the last {@link #run}. */
    public Tensor statistics() {
        return statistics(0, rows);
    }

    /** [1, C]: dLoss/dlogp of each row. */
    public Tensor g() {
        return wide.get("g").columns(0, rows);
    }

    private Tensor statistics(int from, int count) {
        return wide.get("statistics").rows(from, count);
    }

    private Tensor part(String name, int from, int count) {
        return arena.get(name).rows(from, count);
    }

    /** Gives the memory back. */
    @Override
    public void close() {
        arena.close();
        wide.close();
        ids.close();
    }
}
