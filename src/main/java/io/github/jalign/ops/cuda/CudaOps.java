package io.github.jalign.ops.cuda;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.AdamWStep;
import io.github.jalign.ops.Arenas;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Weight;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Every operator on an NVIDIA GPU: activations in bfloat16 or float32, masters and sums in float32. All work is queued on
 * one stream; only {@link #download} and {@link #sumOfSquares} wait for it. No kernel adds floats atomically, so a run
 * repeated on the same card with the same library gives the same bits.
 */
public final class CudaOps implements Ops {
    private static final int WARP = 32;
    private static final int THREADS = 256;
    private static final int ELEMENTS_A_BLOCK = 1024;
    private static final int MOST_BLOCKS = 132 * 16;
    private static final int HEAD_THREADS = 512;
    private static final int SUM_BLOCKS = 512;
    private static final int COLUMN_PARTS = 32;
    private static final int NORM_PARTS = 264;
    private static final int NARROW_NORM_PARTS = 528;
    private static final int COLUMNS_A_BLOCK = 64;
    private static final int ADDED_COLUMNS = 32;
    private static final int SCATTER_COLUMNS = 1024;
    private static final int NARROW_ROW = 1024;

    private final Driver driver;
    private final DType dtype;
    private final Arenas arenas;
    private final Modules modules;
    private final Launch launch;
    private final Staging staging;
    private final Blas blas;
    private final RoundedWeights rounded = new RoundedWeights();
    private @Nullable TensorArena workspace;
    private @Nullable Workload reserved;
    private @Nullable CudaAttention attention;

    /**
     * Takes the first device.
     *
     * @param dtype of activations: F32 or BF16
     * @throws JalignException of kind DEVICE for what is missing, too old, or refused
     */
    public CudaOps(DType dtype) {
        this.dtype = dtype;
        this.driver = Driver.open();
        this.arenas = new Arenas(new DeviceMemory.Allocator(driver));
        this.modules = new Modules(driver);
        this.launch = new Launch(driver);
        this.staging = new Staging(driver);
        this.blas = openBlas();
    }

    /** {@code JALIGN_CUBLAS=jcublas} takes JCublas2's binding, for machines and tests that want it. */
    private Blas openBlas() {
        String wanted = Optional.ofNullable(System.getenv("JALIGN_CUBLAS")).orElse("panama");
        return switch (wanted.toLowerCase(Locale.ROOT)) {
            case "panama" -> new PanamaBlas(driver.stream().address());
            case "jcublas" -> new JCublasBlas(driver.stream());
            default ->
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        "JALIGN_CUBLAS",
                        "the environment variable names a binding of cuBLAS",
                        wanted,
                        "panama or jcublas",
                        "unset it, or set it to one of these");
        };
    }

    /** Why this machine cannot run it, if so. */
    public static Optional<JalignException> obstacle() {
        try {
            Driver.find();
        } catch (JalignException e) {
            return Optional.of(e);
        }
        return PanamaBlas.find().isPresent() ? Optional.empty() : Optional.of(PanamaBlas.missing());
    }

    /** Bytes that can be allocated on the device now. */
    public static long freeBytes() {
        try (Driver driver = Driver.open()) {
            return driver.freeBytes();
        }
    }

    /** What {@link #reserve} allocates, for a dry run. */
    public static List<TensorSpec> workspace(Workload load) {
        int floats = DType.F32.bytes();
        return List.of(
                bytes("products", Blas.WORKSPACE),
                bytes("partial sums", partialFloats(load) * floats),
                bytes("sums", (SUM_BLOCKS + 1L) * Double.BYTES),
                bytes("tables", SegmentTables.bytes(load.tokens())),
                bytes("delta", (long) load.tokens() * load.heads() * floats),
                bytes("pairs", CudaPairLoss.bytes(load)),
                bytes("pieces", CudaAttention.pieceBytes(load)));
    }

    /** Of norms and biases by blocks; or the ids that a sampled token's logits are penalised for. */
    private static long partialFloats(Workload load) {
        return Math.max(
                load.vocabulary(),
                Math.max(normParts(load.hidden()) * (long) load.hidden(), (long) COLUMN_PARTS * load.width()));
    }

    private static TensorSpec bytes(String name, long bytes) {
        int width = 64;
        return new TensorSpec(name, DType.U8, Math.toIntExact((bytes + width - 1) / width), width);
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public String description() {
        return "cuda: %s, %s, %s"
                .formatted(
                        dtype == DType.BF16 ? "bfloat16 on float32 masters" : "float32",
                        driver.device().description(),
                        blas.description());
    }

    @Override
    public String numerics() {
        return Ops.super.numerics() + " " + driver.device().name() + " " + blas.description();
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public DType accumulationDtype() {
        return DType.F32;
    }

    // memory

    @Override
    public TensorArena allocate(String purpose, List<TensorSpec> specs) {
        return arenas.allocate(purpose, specs);
    }

    @Override
    public void reserve(Workload load) {
        if (reserved != null && reserved.covers(load)) {
            return;
        }
        Workload grown = reserved == null ? load : reserved.union(load);
        if (workspace != null) {
            workspace.close();
        }
        workspace = allocate("workspace", workspace(grown));
        reserved = grown;
        Tensor products = workspace.get("products");
        blas.workspace(DeviceMemory.addressOf(products), products.elements());
        attention = new CudaAttention(modules, launch, staging, workspace, grown);
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
    public void upload(Tensor destination, Consumer<MemorySegment> writer) {
        contiguous(destination);
        staging.upload(
                DeviceMemory.addressOf(destination), destination.elements() * destination.dtype().bytes(), writer);
        rounded.written(destination);
    }

    @Override
    public MemorySegment download(Tensor source) {
        contiguous(source);
        return staging.download(DeviceMemory.addressOf(source), source.elements() * source.dtype().bytes());
    }

    private static void contiguous(Tensor tensor) {
        if (!tensor.contiguous()) {
            throw new IllegalArgumentException(tensor + " is not contiguous");
        }
    }

    private Tensor scratch(String name) {
        if (workspace == null) {
            throw new IllegalStateException("operators may be called only after reserve");
        }
        return workspace.get(name);
    }

    private CudaAttention attention() {
        if (attention == null) {
            throw new IllegalStateException("operators may be called only after reserve");
        }
        return attention;
    }

    // products

    @Override
    public Weight weight(Tensor w) {
        if (dtype != w.dtype()) {
            rounded.keep(this, w);
        }
        return new CudaWeight(this, w);
    }

    /** What products read for a master. */
    Tensor rounded(Tensor master) {
        Tensor copy = rounded.of(master);
        return copy == null ? master : copy;
    }

    void refresh(Tensor master) {
        Tensor copy = rounded.stale(master);
        if (copy != null) {
            launch.with()
                    .address(((DeviceMemory) master.memory()).address())
                    .tensor(copy)
                    .count(copy.elements())
                    .run(modules.kernel("elementwise", "cast_f32_bf16"), blocks(copy.elements()), THREADS);
        }
    }

    void product(int opA, int opB, int m, int n, int k, Tensor a, Tensor b, boolean accumulate, Tensor c) {
        if (m == 0 || n == 0) {
            return;
        }
        driver.makeCurrent();
        blas.gemm(opA, opB, m, n, k, operand(a), operand(b), accumulate, operand(c));
    }

    private static Blas.Operand operand(Tensor tensor) {
        return new Blas.Operand(DeviceMemory.addressOf(tensor), tensor.stride(), tensor.dtype());
    }

    // elementwise

    private static int blocks(long elements) {
        return Math.clamp((elements + ELEMENTS_A_BLOCK - 1) / ELEMENTS_A_BLOCK, 1, MOST_BLOCKS);
    }

    /** Adjacent rows are one long row. */
    private static long rows(boolean flat, Tensor x) {
        return flat ? 1 : x.rows();
    }

    private static long columns(boolean flat, Tensor x) {
        return flat ? x.elements() : x.cols();
    }

    private Modules.Kernel kernel(String module, String name, Tensor data) {
        return modules.kernel(module, name, data.dtype());
    }

    @Override
    public void fill(Tensor x, double value) {
        boolean flat = x.contiguous();
        launch.with()
                .tensor(x)
                .count(rows(flat, x))
                .count(columns(flat, x))
                .count(x.stride())
                .number(value)
                .run(kernel("elementwise", "fill", x), blocks(x.elements()), THREADS);
        rounded.written(x);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        shape(y, x.rows(), x.cols());
        boolean flat = x.contiguous() && y.contiguous();
        launch.with()
                .matrix(x)
                .matrix(y)
                .count(rows(flat, x))
                .count(columns(flat, x))
                .run(kernel("elementwise", "copy", x), blocks(x.elements()), THREADS);
        rounded.written(y);
    }

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {
        shape(y, x.rows(), x.cols());
        shape(z, x.rows(), x.cols());
        boolean flat = x.contiguous() && y.contiguous() && z.contiguous();
        launch.with()
                .matrix(x)
                .matrix(y)
                .matrix(z)
                .count(rows(flat, x))
                .count(columns(flat, x))
                .run(kernel("elementwise", "add", x), blocks(x.elements()), THREADS);
    }

    @Override
    public double sumOfSquares(Tensor x) {
        boolean flat = x.contiguous();
        Tensor sums = scratch("sums");
        long result = DeviceMemory.addressOf(sums) + (long) SUM_BLOCKS * Double.BYTES;
        launch.with()
                .tensor(x)
                .count(rows(flat, x))
                .count(columns(flat, x))
                .count(x.stride())
                .tensor(sums)
                .run(kernel("reduce", "sum_of_squares", x), SUM_BLOCKS, THREADS);
        launch.with()
                .tensor(sums)
                .size(SUM_BLOCKS)
                .address(result)
                .run(modules.kernel("reduce", "finish_sum"), 1, THREADS);
        return staging.download(result, Double.BYTES).get(ValueLayout.JAVA_DOUBLE, 0);
    }

    @Override
    public void adamW(Tensor w, Tensor g, Tensor m, Tensor v, AdamWStep step) {
        for (Tensor other : List.of(w, g, m, v)) {
            shape(other, w.rows(), w.cols());
            contiguous(other);
        }
        Tensor copy = rounded.of(w);
        AdamWStep.Scalars s = step.scalars();
        launch.with()
                .tensor(w)
                .tensor(g)
                .tensor(m)
                .tensor(v)
                .address(copy == null ? 0 : DeviceMemory.addressOf(copy))
                .count(w.elements())
                .number(s.gradientScale())
                .number(s.beta1())
                .number(s.beta2())
                .number(s.rest1())
                .number(s.rest2())
                .number(s.decay())
                .number(s.root())
                .number(s.eps())
                .number(s.rate())
                .run(modules.kernel("adamw", "adam_w"), blocks(w.elements()), THREADS);
    }

    // rows

    @Override
    public void embed(Tensor table, Tensor ids, Tensor out) {
        shape(ids, 1, out.rows());
        shape(out, out.rows(), table.cols());
        launch.with()
                .matrix(table)
                .tensor(ids)
                .matrix(out)
                .size(out.rows())
                .size(out.cols())
                .run(kernel("rows", "embed", out), blocks(out.elements()), THREADS);
    }

    @Override
    public void embedBackward(Tensor dout, Tensor ids, int paddingId, Tensor dtable) {
        shape(ids, 1, dout.rows());
        shape(dout, dout.rows(), dtable.cols());
        launch.with()
                .matrix(dout)
                .tensor(ids)
                .size(dout.rows())
                .size(dout.cols())
                .size(paddingId)
                .matrix(dtable)
                .run(
                        kernel("rows", "embed_backward", dout), dout.rows(),
                        parts(dout.cols(), SCATTER_COLUMNS), 1, THREADS, 0);
    }

    @Override
    public void gatherRows(Tensor x, Tensor rows, Tensor out) {
        shape(rows, 1, out.rows());
        shape(out, out.rows(), x.cols());
        launch.with()
                .matrix(x)
                .tensor(rows)
                .matrix(out)
                .size(out.rows())
                .size(out.cols())
                .run(kernel("rows", "gather_rows", x), blocks(out.elements()), THREADS);
    }

    @Override
    public void scatterRows(Tensor dout, Tensor rows, Tensor dx) {
        shape(rows, 1, dout.rows());
        shape(dout, dout.rows(), dx.cols());
        launch.with()
                .matrix(dout)
                .tensor(rows)
                .size(dout.rows())
                .size(dout.cols())
                .matrix(dx)
                .run(
                        kernel("rows", "scatter_rows", dout), dout.rows(),
                        parts(dout.cols(), SCATTER_COLUMNS), 1, THREADS, 0);
    }

    private static int parts(int size, int part) {
        return (size + part - 1) / part;
    }

    @Override
    public void addBias(Tensor y, Tensor bias) {
        shape(bias, 1, y.cols());
        launch.with()
                .matrix(y)
                .tensor(bias)
                .size(y.rows())
                .size(y.cols())
                .run(kernel("rows", "add_bias", y), blocks(y.elements()), THREADS);
    }

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {
        shape(dbias, 1, dy.cols());
        Tensor partial = scratch("partial sums");
        launch.with()
                .matrix(dy)
                .size(dy.rows())
                .size(dy.cols())
                .tensor(partial)
                .run(
                        kernel("rows", "bias_backward", dy), parts(dy.cols(), COLUMNS_A_BLOCK), COLUMN_PARTS, 1,
                        THREADS, 0);
        addColumns(partial, COLUMN_PARTS, dbias);
    }

    private void addColumns(Tensor partial, int parts, Tensor out) {
        launch.with()
                .tensor(partial)
                .size(parts)
                .size(out.cols())
                .tensor(out)
                .run(modules.kernel("rows", "add_columns"), parts(out.cols(), ADDED_COLUMNS), THREADS);
    }

    // layers

    /** Of the norms' blocks, which deal a narrow row to a warp and a wide one to the block. */
    private static int rowThreads(int columns) {
        return columns <= NARROW_ROW ? THREADS / 2 : THREADS;
    }

    private static int rowBlocks(Tensor x) {
        return x.cols() <= NARROW_ROW ? parts(x.rows(), rowThreads(x.cols()) / WARP) : x.rows();
    }

    private static int normParts(int columns) {
        return columns <= NARROW_ROW ? NARROW_NORM_PARTS : NORM_PARTS;
    }

    @Override
    public void addRmsNorm(Tensor x, Tensor delta, Tensor weight, double eps, Tensor sum, Tensor out, Tensor rstd) {
        shape(delta, x.rows(), x.cols());
        shape(sum, x.rows(), x.cols());
        norm(x, weight, out, rstd);
        launch.with()
                .matrix(x)
                .matrix(delta)
                .tensor(weight)
                .number(eps)
                .matrix(sum)
                .matrix(out)
                .tensor(rstd)
                .size(x.rows())
                .size(x.cols())
                .run(kernel("rmsnorm", "add_rms_norm", x), rowBlocks(x), rowThreads(x.cols()));
    }

    private static void norm(Tensor x, Tensor weight, Tensor out, Tensor rstd) {
        shape(weight, 1, x.cols());
        shape(out, x.rows(), x.cols());
        shape(rstd, 1, x.rows());
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double eps, Tensor out, Tensor rstd) {
        norm(x, weight, out, rstd);
        launch.with()
                .matrix(x)
                .tensor(weight)
                .number(eps)
                .matrix(out)
                .tensor(rstd)
                .size(x.rows())
                .size(x.cols())
                .run(kernel("rmsnorm", "rms_norm", x), rowBlocks(x), rowThreads(x.cols()));
    }

    @Override
    public void rmsNormAgain(Tensor x, Tensor weight, Tensor rstd, Tensor out) {
        norm(x, weight, out, rstd);
        launch.with()
                .matrix(x)
                .tensor(weight)
                .tensor(rstd)
                .matrix(out)
                .size(x.rows())
                .size(x.cols())
                .run(kernel("rmsnorm", "rms_norm_again", x), rowBlocks(x), rowThreads(x.cols()));
    }

    @Override
    public void rmsNormBackward(Tensor dout, Tensor x, Tensor weight, Tensor rstd, Tensor dx, Tensor dweight) {
        norm(x, weight, dout, rstd);
        shape(dx, x.rows(), x.cols());
        shape(dweight, 1, x.cols());
        int parts = Math.min(x.rows(), normParts(x.cols()));
        Tensor partial = scratch("partial sums");
        launch.with()
                .matrix(dout)
                .matrix(x)
                .tensor(weight)
                .tensor(rstd)
                .matrix(dx)
                .tensor(partial)
                .size(x.rows())
                .size(x.cols())
                .run(kernel("rmsnorm", "rms_norm_backward", x), parts, rowThreads(x.cols()));
        addColumns(partial, parts, dweight);
    }

    @Override
    public void rope(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        turn(x, positions, cos, sin, heads, headDim, 1);
    }

    @Override
    public void ropeBackward(Tensor dx, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        turn(dx, positions, cos, sin, heads, headDim, -1);
    }

    private void turn(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim, double direction) {
        shape(positions, 1, x.rows());
        shape(sin, cos.rows(), cos.cols());
        contiguous(cos);
        contiguous(sin);
        if (heads * headDim > x.cols() || 2 * cos.cols() > headDim) {
            throw new IllegalArgumentException(
                    "no " + heads + " heads of " + headDim + " in " + x + ", or no room for the angles of " + cos);
        }
        launch.with()
                .matrix(x)
                .tensor(positions)
                .tensor(cos)
                .tensor(sin)
                .size(cos.cols())
                .size(heads)
                .size(headDim)
                .size(x.rows())
                .number(direction)
                .run(kernel("rope", "rope", x), blocks((long) x.rows() * heads * cos.cols()), THREADS);
    }

    @Override
    public void attention(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse) {
        shape(qkv, segments.tokens(), shape.packedWidth());
        shape(out, segments.tokens(), shape.queryWidth());
        shape(lse, segments.tokens(), shape.heads());
        contiguous(lse);
        attention().forward(qkv, segments, shape, out, lse);
    }

    @Override
    public void attentionBackward(
            Tensor dout, Tensor qkv, Tensor out, Tensor lse, Segments segments, AttentionShape shape, Tensor dqkv) {
        shape(qkv, segments.tokens(), shape.packedWidth());
        shape(dqkv, segments.tokens(), shape.packedWidth());
        shape(dout, segments.tokens(), shape.queryWidth());
        shape(out, segments.tokens(), shape.queryWidth());
        shape(lse, segments.tokens(), shape.heads());
        contiguous(lse);
        attention().backward(dout, qkv, out, lse, segments, shape, dqkv);
    }

    @Override
    public void swiglu(Tensor gateUp, Tensor out) {
        shape(gateUp, out.rows(), 2 * out.cols());
        launch.with()
                .matrix(gateUp)
                .matrix(out)
                .size(out.rows())
                .size(out.cols())
                .run(kernel("swiglu", "swiglu", out), blocks(out.elements()), THREADS);
    }

    @Override
    public void swigluBackward(Tensor dout, Tensor gateUp, Tensor dgateUp) {
        shape(gateUp, dout.rows(), 2 * dout.cols());
        shape(dgateUp, dout.rows(), 2 * dout.cols());
        launch.with()
                .matrix(dout)
                .matrix(gateUp)
                .matrix(dgateUp)
                .size(dout.rows())
                .size(dout.cols())
                .run(kernel("swiglu", "swiglu_backward", dout), blocks(dout.elements()), THREADS);
    }

    // head

    @Override
    public void logSoftmax(Tensor logits, Tensor targets, Tensor statistics) {
        shape(targets, 1, logits.rows());
        shape(statistics, logits.rows(), HeadStatistics.COLUMNS);
        contiguous(statistics);
        launch.with()
                .matrix(logits)
                .tensor(targets)
                .tensor(statistics)
                .size(logits.rows())
                .size(logits.cols())
                .run(modules.kernel("head", "log_softmax"), logits.rows(), HEAD_THREADS);
    }

    @Override
    public Tensor logSoftmaxBackward(Tensor logits, Tensor targets, Tensor statistics, Tensor g) {
        shape(targets, 1, logits.rows());
        shape(g, 1, logits.rows());
        shape(statistics, logits.rows(), HeadStatistics.COLUMNS);
        contiguous(statistics);
        int narrower = logits.dtype().bytes() / dtype.bytes();
        Tensor dlogits = new Tensor(
                "dlogits", logits.memory(), dtype, logits.offset() * narrower, logits.rows(), logits.cols(),
                logits.stride() * narrower);
        launch.with()
                .matrix(logits)
                .tensor(targets)
                .tensor(statistics)
                .tensor(g)
                .size(logits.rows())
                .size(logits.cols())
                .run(kernel("head", "log_softmax_backward", dlogits), logits.rows(), HEAD_THREADS);
        return dlogits;
    }

    @Override
    public Optional<PairLoss> pairLoss() {
        return Optional.of(new CudaPairLoss(modules, launch, staging, scratch("pairs")));
    }

    // decoding

    @Override
    public Optional<TokenSampler> tokenSampler() {
        return Optional.of(this::sample);
    }

    private int sample(
            Tensor logits, int[] seen, double repetitionPenalty, double temperature, int topK, double topP,
            double minP, double u) {
        shape(logits, 1, logits.cols());
        long ids = DeviceMemory.addressOf(scratch("partial sums"));
        if (seen.length > 0) {
            staging.upload(ids, 4L * seen.length, to ->
                    MemorySegment.copy(seen, 0, to, ValueLayout.JAVA_INT, 0, seen.length));
            launch.with()
                    .tensor(logits)
                    .address(ids)
                    .size(seen.length)
                    .number(repetitionPenalty)
                    .run(modules.kernel("head", "repetition_penalty"), blocks(seen.length), THREADS);
        }
        long chosen = DeviceMemory.addressOf(scratch("sums"));
        launch.with()
                .tensor(logits)
                .size(logits.cols())
                .precise(temperature)
                .size(topK)
                .precise(topP)
                .precise(minP)
                .precise(u)
                .address(chosen)
                .run(modules.kernel("head", "sample"), 1, THREADS);
        return staging.download(chosen, Integer.BYTES).get(ValueLayout.JAVA_INT, 0);
    }

    @Override
    public void appendToCache(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {
        cacheShapes(qkv, shape, slots, keys, values);
        attention().append(qkv, shape, slots, keys, values);
    }

    @Override
    public void attentionCached(Tensor qkv, Tensor keys, Tensor values, Tensor slots, AttentionShape shape, Tensor out) {
        cacheShapes(qkv, shape, slots, keys, values);
        shape(out, qkv.rows(), shape.queryWidth());
        attention().cached(qkv, keys, values, slots, shape, out);
    }

    private static void cacheShapes(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {
        shape(qkv, qkv.rows(), shape.packedWidth());
        shape(slots, 1, qkv.rows());
        shape(keys, keys.rows(), shape.keyWidth());
        shape(values, keys.rows(), shape.keyWidth());
        contiguous(keys);
        contiguous(values);
    }

    @Override
    public Recorded recorded(Runnable body) {
        return new Recording(driver, body);
    }

    private static void shape(Tensor x, int rows, int cols) {
        if (x.rows() != rows || x.cols() != cols) {
            throw new IllegalArgumentException("expected [" + rows + ", " + cols + "], not " + x);
        }
    }

    /** Frees everything, also after a call has failed. */
    @Override
    public void close() {
        driver.makeCurrent();
        int status = JCudaDriver.cuStreamSynchronize(driver.stream());
        if (status != 0) {
            return; // a failed kernel has lost the context: the process must end to free it
        }
        arenas.close();
        blas.close();
        staging.close();
        modules.close();
        launch.close();
        driver.close();
    }
}
