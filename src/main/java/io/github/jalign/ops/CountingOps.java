package io.github.jalign.ops;

import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Memory;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs nothing and adds up: bytes of arenas and workspace, floating-point operations (2 a multiply-add), and tokens that
 * went through a linear layer. A memory plan is a run of the real forward and backward code over it.
 */
public final class CountingOps implements Ops {
    private final DType dtype;
    private final DType accumulationDtype;
    private final Function<Workload, List<TensorSpec>> workspace;
    private final Arenas arenas = Arenas.planned();
    private @Nullable TensorArena reserved;
    private final Set<Memory> roundedCopies = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<String, Long> bytesByPurpose = new LinkedHashMap<>();
    private long linearFlops;
    private long attentionFlops;
    private long embeddedTokens;
    private long headRows;

    /**
     * @param dtype of activations of the backend that is planned for
     * @param accumulationDtype of its masters and sums
     * @param workspace what that backend allocates in {@link Ops#reserve}
     */
    public CountingOps(DType dtype, DType accumulationDtype, Function<Workload, List<TensorSpec>> workspace) {
        this.dtype = dtype;
        this.accumulationDtype = accumulationDtype;
        this.workspace = workspace;
    }

    /** What was asked for, in order, whether or not it was given back. */
    public Map<String, Long> bytesByPurpose() {
        return Collections.unmodifiableMap(bytesByPurpose);
    }

    /** FLOPs of all matrix products, the head's included. */
    public long linearFlops() {
        return linearFlops;
    }

    /** FLOPs of attention's scores and mixing: 4·E a (query, key) pair and head forward, 10·E backward. */
    public long attentionFlops() {
        return attentionFlops;
    }

    /** Tokens that entered the model. */
    public long embeddedTokens() {
        return embeddedTokens;
    }

    /** Rows of logits that were looked at. */
    public long headRows() {
        return headRows;
    }

    @Override
    public String name() {
        return "counting";
    }

    @Override
    public String description() {
        return "dry run";
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public DType accumulationDtype() {
        return accumulationDtype;
    }

    @Override
    public TensorArena allocate(String purpose, List<TensorSpec> specs) {
        bytesByPurpose.merge(purpose, TensorArena.bytes(specs), Long::sum);
        return arenas.allocate(purpose, specs);
    }

    @Override
    public void reserve(Workload load) {
        if (reserved != null) {
            reserved.close();
        }
        reserved = allocate("workspace", workspace.apply(load));
    }

    @Override
    public long allocatedBytes() {
        return arenas.allocated();
    }

    @Override
    public long peakBytes() {
        return arenas.peak();
    }

    @Override
    public void upload(Tensor destination, Consumer<MemorySegment> writer) {}

    /** Zeros: a dry run of code that looks at results goes on. */
    @Override
    public double[] read(Tensor source) {
        return new double[Math.toIntExact(source.elements())];
    }

    @Override
    public MemorySegment download(Tensor source) {
        throw new IllegalStateException("a dry run has no values");
    }

    @Override
    public Weight weight(Tensor w) {
        if (w.dtype() != dtype && roundedCopies.add(w.memory())) {
            allocate("rounded weights", List.of(RoundedCopy.spec(w.memory(), w.dtype(), dtype)));
        }
        return new Weight() {
            @Override
            public void linear(Tensor x, Tensor y, boolean accumulate) {
                linearFlops += 2L * x.rows() * w.elements();
            }

            @Override
            public void linearDx(Tensor dy, Tensor dx, boolean accumulate) {
                linearFlops += 2L * dy.rows() * w.elements();
            }

            @Override
            public void linearDw(Tensor dy, Tensor x, Tensor dw) {
                linearFlops += 2L * dy.rows() * w.elements();
            }

            @Override
            public void refresh() {}
        };
    }

    @Override
    public void fill(Tensor x, double value) {}

    @Override
    public void copy(Tensor x, Tensor y) {}

    @Override
    public double sumOfSquares(Tensor x) {
        return 1;
    }

    @Override
    public void adamW(Tensor w, Tensor g, Tensor m, Tensor v, AdamWStep step) {}

    @Override
    public void embed(Tensor table, Tensor ids, Tensor out) {
        embeddedTokens += ids.cols();
    }

    @Override
    public void embedBackward(Tensor dout, Tensor ids, int paddingId, Tensor dtable) {}

    @Override
    public void gatherRows(Tensor x, Tensor rows, Tensor out) {}

    @Override
    public void scatterRows(Tensor dout, Tensor rows, Tensor dx) {}

    @Override
    public void addBias(Tensor y, Tensor bias) {}

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {}

    @Override
    public void addRmsNorm(Tensor x, Tensor delta, Tensor weight, double eps, Tensor sum, Tensor out, Tensor rstd) {}

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double eps, Tensor out, Tensor rstd) {}

    @Override
    public void rmsNormAgain(Tensor x, Tensor weight, Tensor rstd, Tensor out) {}

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {}

    @Override
    public void rmsNormBackward(Tensor dout, Tensor x, Tensor weight, Tensor rstd, Tensor dx, Tensor dweight) {}

    @Override
    public void rope(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {}

    @Override
    public void ropeBackward(Tensor dx, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {}

    @Override
    public void attention(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse) {
        attentionFlops += 4 * segments.attended() * shape.queryWidth();
    }

    @Override
    public void attentionBackward(
            Tensor dout, Tensor qkv, Tensor out, Tensor lse, Segments segments, AttentionShape shape, Tensor dqkv) {
        attentionFlops += 10 * segments.attended() * shape.queryWidth();
    }

    @Override
    public void swiglu(Tensor gateUp, Tensor out) {}

    @Override
    public void swigluBackward(Tensor dout, Tensor gateUp, Tensor dgateUp) {}

    @Override
    public void logSoftmax(Tensor logits, Tensor targets, Tensor statistics) {
        headRows += logits.rows();
    }

    @Override
    public Tensor logSoftmaxBackward(Tensor logits, Tensor targets, Tensor statistics, Tensor g) {
        return logits;
    }

    @Override
    public void appendToCache(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {}

    /** Counts as if the cache were full: a dry run does not know how far it is. */
    @Override
    public void attentionCached(Tensor qkv, Tensor keys, Tensor values, Tensor slots, AttentionShape shape, Tensor out) {
        attentionFlops += 4L * qkv.rows() * keys.rows() * shape.queryWidth();
    }

    @Override
    public void close() {
        arenas.close();
    }
}
