package io.github.jalign.ops;

import io.github.jalign.tensor.BFloat16;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The operators of a Llama-family model, forward and backward. One implementation a backend; {@code ops.reference} is
 * the definition, and every other is judged by its distance from it.
 *
 * <p>Shapes use the letters of ARCHITECTURE.md. Activations and their gradients have {@link #dtype}; parameters, their
 * gradients and moments, logits, and what is marked <i>wide</i> have {@link #accumulationDtype}; token ids, positions and
 * row numbers are {@link DType#I32} tensors of one row. {@code =} means that an argument is overwritten, {@code +=} that
 * it is added to. Arguments do not overlap unless said. What a row of a forward result
 * holds depends on that row's inputs only, to the bit; sums along any axis have a fixed order, so results depend on no
 * thread count. An instance is used by one thread at a time.
 *
 * <p>Misuse (wrong shape, foreign memory) is a bug of the caller and throws {@link IllegalArgumentException}.
 */
public interface Ops extends AutoCloseable {

    /** The device's name on the command line: {@code reference}, {@code cpu} or {@code cuda}. */
    String name();

    /** One line for the start banner: what computes, with what width, threads and libraries. */
    String description();

    /** What the bits of results depend on beside their inputs: the backend, its precision and what computes. */
    default String numerics() {
        return name() + " " + dtype();
    }

    /** Of activations and their gradients. */
    DType dtype();

    /** Of masters, gradients of parameters, moments and sums: float32 at least, and no narrower than {@link #dtype}. */
    DType accumulationDtype();

    // memory

    /** Zeros. The arena's {@code close} gives them back; {@link #close} closes those still open. */
    TensorArena allocate(String purpose, List<TensorSpec> specs);

    /** Plans the backend's own workspace; asking again with a larger load grows it. Operators may be called only after. */
    void reserve(Workload load);

    /** Bytes of all arenas and workspaces now. */
    long allocatedBytes();

    /** The most that {@link #allocatedBytes} has been. */
    long peakBytes();

    /**
     * Fills a contiguous tensor. The writer gets host memory of exactly the tensor's elements in the tensor's dtype.
     */
    void upload(Tensor destination, Consumer<MemorySegment> writer);

    /** The elements of a contiguous tensor as read-only host memory, valid until the next operator. */
    MemorySegment download(Tensor source);

    /**
     * The master {@code w} as the matrix of a linear layer; it reads {@code w}'s memory, now or at {@link Weight#refresh}.
     * A backend whose {@link #dtype} is narrower keeps a rounded copy of the whole arena that {@code w} lies in.
     */
    Weight weight(Tensor w);

    // elementwise, on tensors of equal shape

    /** x = value. */
    void fill(Tensor x, double value);

    /** y = x. */
    void copy(Tensor x, Tensor y);

    /** Σ x², accumulated in float64. */
    double sumOfSquares(Tensor x);

    /**
     * One AdamW update of a flat range in one pass.
     *
     * @param w masters [n] {@code =}
     * @param g gradients [n], unscaled
     * @param m first moment [n] {@code =}
     * @param v second moment [n] {@code =}
     */
    void adamW(Tensor w, Tensor g, Tensor m, Tensor v, AdamWStep step);

    // rows

    /** out[t] = table[ids[t]]: table [V, D], ids [T], out [T, D] {@code =}. */
    void embed(Tensor table, Tensor ids, Tensor out);

    /**
     * dtable[ids[t]] += dout[t], in the order of t: dout [T, D], ids [T], dtable [V, D] {@code +=}.
     *
     * @param paddingId a token whose row gets nothing (torch.nn.Embedding's padding_idx), or -1
     */
    void embedBackward(Tensor dout, Tensor ids, int paddingId, Tensor dtable);

    /** out[c] = x[rows[c]]: x [T, D], rows [C], out [C, D] {@code =}. */
    void gatherRows(Tensor x, Tensor rows, Tensor out);

    /** dx[rows[c]] += dout[c], in the order of c: dout [C, D], rows [C], dx [T, D] {@code +=}. */
    void scatterRows(Tensor dout, Tensor rows, Tensor dx);

    /** y[t] += bias: y [T, N] {@code +=}, bias [1, N]. */
    void addBias(Tensor y, Tensor bias);

    /** dbias += Σ_t dy[t]: dy [T, N], dbias [1, N] {@code +=}. */
    void biasBackward(Tensor dy, Tensor dbias);

    // layers

    /**
     * Residual and root-mean-square norm in one pass (Zhang and Sennrich 2019): sum = x + delta,
     * rstd = 1/sqrt(mean(sum²) + eps), out = sum · rstd · weight.
     *
     * @param x [T, D]
     * @param delta [T, D]
     * @param weight [1, D]
     * @param sum [T, D] {@code =}, kept for backward; may be {@code x}
     * @param out [T, D] {@code =}
     * @param rstd [1, T] wide {@code =}, kept for backward
     */
    void addRmsNorm(Tensor x, Tensor delta, Tensor weight, double eps, Tensor sum, Tensor out, Tensor rstd);

    /** {@link #addRmsNorm} without a residual: out = x · rstd · weight. */
    void rmsNorm(Tensor x, Tensor weight, double eps, Tensor out, Tensor rstd);

    /** out = x · rstd · weight with a known rstd, equal to what {@link #rmsNorm} wrote, to the bit. */
    void rmsNormAgain(Tensor x, Tensor weight, Tensor rstd, Tensor out);

    /** z = x + y: [T, D] each, z {@code =}, may be x. */
    void add(Tensor x, Tensor y, Tensor z);

    /**
     * With x̂ = x·rstd and g = dout·weight: dx += rstd · (g - x̂ · mean(g·x̂)), dweight += Σ_t dout·x̂.
     *
     * @param dout [T, D]
     * @param x [T, D], the normed sum
     * @param dx [T, D] {@code +=}
     * @param dweight [1, D] {@code +=}
     */
    void rmsNormBackward(Tensor dout, Tensor x, Tensor weight, Tensor rstd, Tensor dx, Tensor dweight);

    /**
     * Rotary embedding in place (Su et al. 2021, halves as in transformers): for i below N = cos's columns,
     * (x_i, x_{i+N}) = (x_i·cos - x_{i+N}·sin, x_{i+N}·cos + x_i·sin).
     *
     * @param x [T, ≥ heads·E] {@code =}: the first {@code heads} blocks of E columns are turned, the rest left
     * @param positions [T], rows of the tables
     * @param cos [P, N] wide, 2N ≤ E: further columns of a head are left as they are
     * @param sin [P, N] wide
     */
    void rope(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim);

    /** The inverse rotation of a gradient, in place: (dx_i, dx_{i+N}) = (dx_i·cos + dx_{i+N}·sin, dx_{i+N}·cos - dx_i·sin). */
    void ropeBackward(Tensor dx, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim);

    /**
     * Softmax attention over the segment tree.
     *
     * @param qkv [T, (H+2K)·E]
     * @param out [T, H·E] {@code =}
     * @param lse [T, H] wide {@code =}: log-sum-exp of each row of scaled scores, kept for backward
     */
    void attention(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse);

    /**
     * @param dout [T, H·E]
     * @param qkv as in forward
     * @param out as forward wrote it
     * @param dqkv [T, (H+2K)·E] {@code =}
     */
    void attentionBackward(
            Tensor dout, Tensor qkv, Tensor out, Tensor lse, Segments segments, AttentionShape shape, Tensor dqkv);

    /** out = gate · σ(gate) · up (Shazeer 2020): gateUp [T, 2F] = gate | up, out [T, F] {@code =}. */
    void swiglu(Tensor gateUp, Tensor out);

    /** dgateUp [T, 2F] {@code =} from dout [T, F]; dgateUp may be gateUp. */
    void swigluBackward(Tensor dout, Tensor gateUp, Tensor dgateUp);

    // head

    /**
     * One pass over each row of logits.
     *
     * @param logits [C, V]
     * @param targets [C]
     * @param statistics [C, {@link HeadStatistics#COLUMNS}] wide {@code =}
     */
    void logSoftmax(Tensor logits, Tensor targets, Tensor statistics);

    /**
     * In place: logits[c] = g[c] · (onehot(targets[c]) - softmax(logits[c])).
     *
     * @param logits [C, V] {@code =}, as {@link #logSoftmax} saw them
     * @param statistics [C, COLUMNS]; reads LOG_SUM_EXP
     * @param g [1, C] wide: dLoss/dlogp of each row
     * @return the gradient of the logits in {@link #dtype}: {@code logits} itself, or a view of its memory
     */
    Tensor logSoftmaxBackward(Tensor logits, Tensor targets, Tensor statistics, Tensor g);

    /** The loss of pairs by the device itself, if it would otherwise wait for the host between forward and backward. */
    default Optional<PairLoss> pairLoss() {
        return Optional.empty();
    }

    /** What {@link #pairLoss} gives. */
    interface PairLoss {
        /**
         * Queues the losses of a pack.
         *
         * @param statistics [C, COLUMNS] wide
         * @param g [1, C] wide {@code =}: derivative of the window's loss by each row's log-prob
         * @return gives [B · {@link PairTerms#COLUMNS}], waiting for the device if need be; to be asked once
         */
        Supplier<double[]> run(Tensor statistics, PairTerms pairs, Tensor g);
    }

    // decoding

    /** Choosing tokens on the device, if reading a row of logits back costs more than that. */
    default Optional<TokenSampler> tokenSampler() {
        return Optional.empty();
    }

    /** What {@link #tokenSampler} gives: the definition is {@code generate.Sampler}. */
    interface TokenSampler {
        /**
         * Waits for the choice.
         *
         * @param logits [1, V] wide; those of {@code seen} are penalised in place
         * @param seen ids that came before, each once; empty when the penalty is 1
         * @param temperature 0 takes the first of the largest
         * @param topK 0 for all
         * @param u in [0, 1): where in the kept probabilities to look
         * @return the token, or -1 when a logit is not a number
         */
        int sample(
                Tensor logits, int[] seen, double repetitionPenalty, double temperature, int topK, double topP,
                double minP, double u);
    }

    /**
     * Puts the keys and values of qkv's rows into the cache.
     *
     * @param qkv [T, (H+2K)·E], keys already turned
     * @param slots [T], the rows of the cache that they take, one after another
     * @param keys [capacity, K·E] {@code =}
     * @param values [capacity, K·E] {@code =}
     */
    void appendToCache(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values);

    /** Attention of row t over the cache's rows [0, slots[t]]: slots [T] as in {@link #appendToCache}, out [T, H·E] {@code =}. */
    void attentionCached(Tensor qkv, Tensor keys, Tensor values, Tensor slots, AttentionShape shape, Tensor out);

    /**
     * Operators that will run many times on the same tensors, whose values alone change: as they are, or recorded when
     * they first run and replayed from then on.
     *
     * @param body calls operators, and neither {@link #upload}, {@link #download} nor {@link #allocate}
     */
    default Recorded recorded(Runnable body) {
        return new Recorded() {
            @Override
            public void run() {
                body.run();
            }

            @Override
            public void close() {}
        };
    }

    /** What {@link #recorded} gives; to be closed before the tensors it stands on. */
    interface Recorded extends AutoCloseable {
        void run();

        @Override
        void close();
    }

    @Override
    void close();

    // conveniences over upload and download

    /** Fills an {@link DType#I32} tensor of one row. */
    default void write(Tensor destination, int[] values) {
        upload(destination, to -> MemorySegment.copy(values, 0, to, ValueLayout.JAVA_INT, 0, values.length));
    }

    /** Fills a tensor of floating-point numbers, rounding to its dtype. */
    default void write(Tensor destination, double[] values) {
        upload(destination, to -> {
            for (int i = 0; i < values.length; i++) {
                switch (destination.dtype()) {
                    case F64 -> to.setAtIndex(ValueLayout.JAVA_DOUBLE, i, values[i]);
                    case F32 -> to.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
                    case BF16 -> to.setAtIndex(ValueLayout.JAVA_SHORT, i, BFloat16.round((float) values[i]));
                    default -> throw new IllegalArgumentException("no doubles in " + destination);
                }
            }
        });
    }

    /** All elements of a tensor of floating-point numbers, row by row. */
    default double[] read(Tensor source) {
        double[] values = new double[Math.toIntExact(source.elements())];
        MemorySegment from = download(source);
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (source.dtype()) {
                case F64 -> from.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
                case F32 -> from.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                case BF16 -> BFloat16.toFloat(from.getAtIndex(ValueLayout.JAVA_SHORT, i));
                default -> throw new IllegalArgumentException("no doubles in " + source);
            };
        }
        return values;
    }
}
