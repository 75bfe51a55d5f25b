package io.github.jalign.ops.cuda;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.AdamWStep;
import io.github.jalign.ops.Arenas;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Shapes;
import io.github.jalign.ops.Weight;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Every operator on an NVIDIA GPU: activations in bfloat16 or float32, masters and sums in float32. All work is queued on
 * one stream; only {@link #download} and {@link #sumOfSquares} wait for it. No kernel adds floats atomically, so a run
 * repeated on the same card with the same library gives the same bits.
 */
public final class CudaOps implements Ops {
    private static final int SUM_BLOCKS = 512;

    private final Driver driver;
    private final DType dtype;
    private final Arenas arenas;
    private final Modules modules;
    private final Launch launch;
    private final Staging staging;
    private final Blas blas;
    private final AttentionTiles.Products attention;
    private final RoundedWeights rounded = new RoundedWeights();
    private @Nullable Reserved reserved;

    /**
     * Takes the first device.
     *
     * @param dtype of activations: F32 or BF16
     * @throws JalignException of kind DEVICE for what is missing, too old, or refused
     */
    public CudaOps(DType dtype) {
        this(dtype, AttentionTiles.Products::wanted);
    }

    CudaOps(DType dtype, Function<Driver.Device, AttentionTiles.Products> choice) {
        this.dtype = dtype;
        this.driver = Driver.open();
        boolean opened = false;
        try {
            this.arenas = new Arenas(new DeviceMemory.Allocator(driver));
            this.modules = new Modules(driver);
            this.launch = new Launch(driver);
            this.staging = new Staging(driver);
            this.attention = choice.apply(driver.device());
            this.blas = BlasProvider.wanted().open(driver.stream());
            opened = true;
        } finally {
            if (!opened) {
                driver.close();
            }
        }
    }

    /** Why this machine cannot run it, if so. */
    public static Optional<JalignException> obstacle() {
        try {
            Driver.find();
        } catch (JalignException e) {
            return Optional.of(e);
        }
        BlasProvider blas = BlasProvider.wanted();
        return blas.find().isPresent() ? Optional.empty() : Optional.of(blas.missing());
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
                // Of norms, biases and ids that sampling penalises; never at once.
                bytes("partial sums", Math.max(load.vocabulary(), CudaRows.partialFloats(load)) * floats),
                bytes("sums", (SUM_BLOCKS + 1L) * Double.BYTES),
                bytes("tables", SegmentTables.bytes(load.tokens())),
                bytes("delta", (long) load.tokens() * load.heads() * floats),
                bytes("pairs", CudaPairLoss.bytes(load)),
                bytes("pieces", CudaAttention.pieceBytes(load)));
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
                        libraries());
    }

    @Override
    public String numerics() {
        return Ops.super.numerics() + " " + driver.device().name() + " " + libraries();
    }

    private String libraries() {
        return blas.description() + (attention == AttentionTiles.Products.WGMMA ? ", attention by wgmma" : "");
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
        if (reserved != null && reserved.load().covers(load)) {
            return;
        }
        Workload grown = reserved == null ? load : reserved.load().union(load);
        if (reserved != null) {
            TensorArena smaller = reserved.workspace();
            reserved = null; // should there be no room for the larger
            smaller.close();
        }
        TensorArena workspace = allocate("workspace", workspace(grown));
        Tensor products = workspace.get("products");
        blas.workspace(DeviceMemory.addressOf(products), products.elements());
        Tensor partial = workspace.get("partial sums");
        reserved = new Reserved(
                grown,
                workspace,
                new CudaRows(modules, launch, partial),
                new CudaAttention(modules, launch, staging, workspace, grown, attention),
                new CudaHead(modules, launch, staging, partial, workspace.get("sums")));
    }

    /** What stands on the workspace. */
    private record Reserved(
            Workload load, TensorArena workspace, CudaRows rows, CudaAttention attention, CudaHead head) {}

    private Reserved reserved() {
        if (reserved == null) {
            throw new IllegalStateException("operators may be called only after reserve");
        }
        return reserved;
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
        Shapes.contiguous(destination);
        staging.upload(
                DeviceMemory.addressOf(destination), destination.elements() * destination.dtype().bytes(), writer);
        rounded.written(destination);
    }

    @Override
    public MemorySegment download(Tensor source) {
        Shapes.contiguous(source);
        return staging.download(DeviceMemory.addressOf(source), source.elements() * source.dtype().bytes());
    }

    // products

    @Override
    public Weight weight(Tensor w) {
        return new CudaWeight(this, w, dtype == w.dtype() ? w : rounded.keep(this, w));
    }

    void refresh(Tensor master) {
        Tensor copy = rounded.stale(master);
        if (copy != null) {
            launch.with()
                    .address(((DeviceMemory) master.memory()).address())
                    .tensor(copy)
                    .count(copy.elements())
                    .run(modules.kernel("elementwise", "cast_f32_bf16"), Grid.blocks(copy.elements()), Grid.THREADS);
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

    /** Adjacent rows are one long row. */
    private static long rows(boolean flat, Tensor x) {
        return flat ? 1 : x.rows();
    }

    private static long columns(boolean flat, Tensor x) {
        return flat ? x.elements() : x.cols();
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
                .run(modules.kernel("elementwise", "fill", x.dtype()), Grid.blocks(x.elements()), Grid.THREADS);
        rounded.written(x);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        Shapes.same(x, y);
        boolean flat = x.contiguous() && y.contiguous();
        launch.with()
                .matrix(x)
                .matrix(y)
                .count(rows(flat, x))
                .count(columns(flat, x))
                .run(modules.kernel("elementwise", "copy", x.dtype()), Grid.blocks(x.elements()), Grid.THREADS);
        rounded.written(y);
    }

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {
        Shapes.same(x, y);
        Shapes.same(x, z);
        boolean flat = x.contiguous() && y.contiguous() && z.contiguous();
        launch.with()
                .matrix(x)
                .matrix(y)
                .matrix(z)
                .count(rows(flat, x))
                .count(columns(flat, x))
                .run(modules.kernel("elementwise", "add", x.dtype()), Grid.blocks(x.elements()), Grid.THREADS);
    }

    @Override
    public double sumOfSquares(Tensor x) {
        boolean flat = x.contiguous();
        Tensor sums = reserved().workspace().get("sums");
        long result = DeviceMemory.addressOf(sums) + (long) SUM_BLOCKS * Double.BYTES;
        launch.with()
                .tensor(x)
                .count(rows(flat, x))
                .count(columns(flat, x))
                .count(x.stride())
                .tensor(sums)
                .run(modules.kernel("reduce", "sum_of_squares", x.dtype()), SUM_BLOCKS, Grid.THREADS);
        launch.with()
                .tensor(sums)
                .size(SUM_BLOCKS)
                .address(result)
                .run(modules.kernel("reduce", "finish_sum"), 1, Grid.THREADS);
        return staging.download(result, Double.BYTES).get(ValueLayout.JAVA_DOUBLE, 0);
    }

    @Override
    public void adamW(Tensor w, Tensor g, Tensor m, Tensor v, AdamWStep step) {
        Shapes.same(w, g);
        Shapes.same(w, m);
        Shapes.same(w, v);
        Shapes.contiguous(w);
        Shapes.contiguous(g);
        Shapes.contiguous(m);
        Shapes.contiguous(v);
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
                .run(modules.kernel("adamw", "adam_w"), Grid.blocks(w.elements()), Grid.THREADS);
    }

    // rows

    @Override
    public void embed(Tensor table, Tensor ids, Tensor out) {
        Shapes.rows(table, ids, out);
        reserved().rows().embed(table, ids, out);
    }

    @Override
    public void embedBackward(Tensor dout, Tensor ids, int paddingId, Tensor dtable) {
        Shapes.rows(dtable, ids, dout);
        reserved().rows().embedBackward(dout, ids, paddingId, dtable);
    }

    @Override
    public void gatherRows(Tensor x, Tensor rows, Tensor out) {
        Shapes.rows(x, rows, out);
        reserved().rows().gather(x, rows, out);
    }

    @Override
    public void scatterRows(Tensor dout, Tensor rows, Tensor dx) {
        Shapes.rows(dx, rows, dout);
        reserved().rows().scatter(dout, rows, dx);
    }

    @Override
    public void addBias(Tensor y, Tensor bias) {
        Shapes.bias(y, bias);
        reserved().rows().addBias(y, bias);
    }

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {
        Shapes.bias(dy, dbias);
        reserved().rows().biasBackward(dy, dbias);
    }

    // layers

    @Override
    public void addRmsNorm(Tensor x, Tensor delta, Tensor weight, double eps, Tensor sum, Tensor out, Tensor rstd) {
        Shapes.same(x, delta);
        Shapes.same(x, sum);
        Shapes.norm(x, weight, out, rstd);
        reserved().rows().addNorm(x, delta, weight, eps, sum, out, rstd);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double eps, Tensor out, Tensor rstd) {
        Shapes.norm(x, weight, out, rstd);
        reserved().rows().norm(x, weight, eps, out, rstd);
    }

    @Override
    public void rmsNormAgain(Tensor x, Tensor weight, Tensor rstd, Tensor out) {
        Shapes.norm(x, weight, out, rstd);
        reserved().rows().normAgain(x, weight, rstd, out);
    }

    @Override
    public void rmsNormBackward(Tensor dout, Tensor x, Tensor weight, Tensor rstd, Tensor dx, Tensor dweight) {
        Shapes.norm(x, weight, dout, rstd);
        Shapes.same(x, dx);
        Shapes.same(weight, dweight);
        reserved().rows().normBackward(dout, x, weight, rstd, dx, dweight);
    }

    @Override
    public void rope(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        rotate(x, positions, cos, sin, heads, headDim, 1);
    }

    @Override
    public void ropeBackward(Tensor dx, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        rotate(dx, positions, cos, sin, heads, headDim, -1);
    }

    private void rotate(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim, double direction) {
        Shapes.rope(x, positions, cos, sin, heads, headDim);
        Shapes.contiguous(cos);
        Shapes.contiguous(sin);
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
                .run(
                        modules.kernel("rope", "rope", x.dtype()), Grid.blocks((long) x.rows() * heads * cos.cols()),
                        Grid.THREADS);
    }

    @Override
    public void attention(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse) {
        Shapes.attention(qkv, segments, shape, out, lse);
        Shapes.contiguous(lse);
        reserved().attention().forward(qkv, segments, shape, out, lse);
    }

    @Override
    public void attentionBackward(
            Tensor dout, Tensor qkv, Tensor out, Tensor lse, Segments segments, AttentionShape shape, Tensor dqkv) {
        Shapes.attention(qkv, segments, shape, out, lse);
        Shapes.same(qkv, dqkv);
        Shapes.same(out, dout);
        Shapes.contiguous(lse);
        reserved().attention().backward(dout, qkv, out, lse, segments, shape, dqkv);
    }

    @Override
    public void swiglu(Tensor gateUp, Tensor out) {
        Shapes.swiglu(gateUp, out);
        launch.with()
                .matrix(gateUp)
                .matrix(out)
                .size(out.rows())
                .size(out.cols())
                .run(modules.kernel("swiglu", "swiglu", out.dtype()), Grid.blocks(out.elements()), Grid.THREADS);
    }

    @Override
    public void swigluBackward(Tensor dout, Tensor gateUp, Tensor dgateUp) {
        Shapes.swiglu(gateUp, dout);
        Shapes.same(gateUp, dgateUp);
        launch.with()
                .matrix(dout)
                .matrix(gateUp)
                .matrix(dgateUp)
                .size(dout.rows())
                .size(dout.cols())
                .run(
                        modules.kernel("swiglu", "swiglu_backward", dout.dtype()), Grid.blocks(dout.elements()),
                        Grid.THREADS);
    }

    // head

    @Override
    public void logSoftmax(Tensor logits, Tensor targets, Tensor statistics) {
        Shapes.head(logits, targets, statistics);
        Shapes.contiguous(statistics);
        reserved().head().logSoftmax(logits, targets, statistics);
    }

    @Override
    public Tensor logSoftmaxBackward(Tensor logits, Tensor targets, Tensor statistics, Tensor g) {
        Shapes.head(logits, targets, statistics);
        Shapes.same(targets, g);
        Shapes.contiguous(statistics);
        return reserved().head().logSoftmaxBackward(logits, targets, statistics, g, dtype);
    }

    @Override
    public Optional<PairLoss> pairLoss() {
        return Optional.of(new CudaPairLoss(modules, launch, staging, reserved().workspace().get("pairs")));
    }

    // decoding

    @Override
    public Optional<TokenSampler> tokenSampler() {
        return Optional.of((logits, seen, repetitionPenalty, temperature, topK, topP, minP, u) -> {
            Shapes.require(logits, 1, logits.cols());
            return reserved().head().sample(logits, seen, repetitionPenalty, temperature, topK, topP, minP, u);
        });
    }

    @Override
    public void appendToCache(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {
        Shapes.cache(qkv, shape, slots, keys, values);
        Shapes.contiguous(keys);
        Shapes.contiguous(values);
        reserved().attention().append(qkv, shape, slots, keys, values);
    }

    @Override
    public void attentionCached(Tensor qkv, Tensor keys, Tensor values, Tensor slots, AttentionShape shape, Tensor out) {
        Shapes.cache(qkv, shape, slots, keys, values);
        Shapes.contiguous(keys);
        Shapes.contiguous(values);
        Shapes.require(out, qkv.rows(), shape.queryWidth());
        reserved().attention().cached(qkv, keys, values, slots, shape, out);
    }

    @Override
    public Recorded recorded(Runnable body) {
        return new Recording(driver, body);
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
        driver.close();
    }
}
