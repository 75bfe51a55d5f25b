package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AdamWStep;
import io.github.jalign.ops.Arenas;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.HeadStatistics;
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
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Every operator in float32 on the Vector API and a team of threads. Work is cut by rows, columns or heads, never by the
 * number of threads; each result has one writer and a fixed order of sums, so its bits are the same for any number of
 * threads. They may differ between CPUs of different vector length.
 */
public final class CpuOps implements Ops {
    private final Arenas arenas = Arenas.onHost();
    private final ThreadTeam team;
    private final Cut cut;
    private final MicroKernel kernel;
    private final Gemv gemv;
    private @Nullable Workspace workspace;
    private long peak;

    /** Starts the threads. */
    public CpuOps(int threads) {
        this(threads, MicroKernel.preferred());
    }

    CpuOps(int threads, MicroKernel kernel) {
        this.kernel = kernel;
        team = new ThreadTeam(threads);
        cut = new Cut(team);
        gemv = new Gemv(team);
    }

    /** What {@link #reserve} allocates, for a dry run. */
    public static List<TensorSpec> workspace(Workload load, int threads) {
        return Workspace.specs(load, threads, MicroKernel.preferred());
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        return String.format(
                Locale.ROOT, "cpu: float32, Vector API, %d x %d-bit vectors, %d thread%s, tile %d x %d",
                Lanes.COUNT,
                Float.SIZE,
                team.size(),
                team.size() == 1 ? "" : "s",
                kernel.rows(),
                kernel.columns());
    }

    @Override
    public DType dtype() {
        return DType.F32;
    }

    @Override
    public DType accumulationDtype() {
        return DType.F32;
    }

    // memory

    @Override
    public TensorArena allocate(String purpose, List<TensorSpec> specs) {
        TensorArena arena = arenas.allocate(purpose, specs);
        peak = Math.max(peak, allocatedBytes());
        return arena;
    }

    @Override
    public void reserve(Workload load) {
        if (workspace == null || !workspace.load().covers(load)) {
            workspace = new Workspace(team, kernel, workspace == null ? load : workspace.load().union(load));
            peak = Math.max(peak, allocatedBytes());
        }
    }

    @Override
    public long allocatedBytes() {
        return arenas.allocated() + (workspace == null ? 0 : workspace.bytes());
    }

    @Override
    public long peakBytes() {
        return peak;
    }

    @Override
    public void upload(Tensor destination, Consumer<MemorySegment> writer) {
        writer.accept(destination.hostBytes());
    }

    @Override
    public MemorySegment download(Tensor source) {
        return source.hostBytes().asReadOnly();
    }

    @Override
    public Weight weight(Tensor w) {
        return new CpuWeight(this, w);
    }

    private Workspace workspace() {
        if (workspace == null) {
            throw new IllegalStateException("operators may be called only after reserve");
        }
        return workspace;
    }

    Gemm gemm() {
        return workspace().gemm();
    }

    Gemv gemv() {
        return gemv;
    }

    // elementwise

    @Override
    public void fill(Tensor x, double value) {
        Matrix to = Matrix.of(x);
        cut.elements((row, column, n) -> Elementwise.fill(to.memory(), to.at(row, column), n, (float) value), x);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        Shapes.same(x, y);
        Matrix from = Matrix.of(x);
        Matrix to = Matrix.of(y);
        cut.elements(
                (row, column, n) -> MemorySegment.copy(
                        from.memory(), from.at(row, column), to.memory(), to.at(row, column), n * 4L),
                x, y);
    }

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {
        Shapes.same(x, y);
        Shapes.same(x, z);
        Matrix a = Matrix.of(x);
        Matrix b = Matrix.of(y);
        Matrix sum = Matrix.of(z);
        cut.rows(x.rows(), x.cols(), (t, member) ->
                Elementwise.add(a.memory(), a.at(t, 0), b.memory(), b.at(t, 0), sum.memory(), sum.at(t, 0), x.cols()));
    }

    @Override
    public double sumOfSquares(Tensor x) {
        Matrix from = Matrix.of(x);
        return cut.sum(x, (row, column, n) -> Elementwise.sumOfSquares(from.memory(), from.at(row, column), n));
    }

    @Override
    public void adamW(Tensor w, Tensor g, Tensor m, Tensor v, AdamWStep step) {
        Shapes.same(w, g);
        Shapes.same(w, m);
        Shapes.same(w, v);
        Matrix weights = Matrix.of(w);
        Matrix gradients = Matrix.of(g);
        Matrix first = Matrix.of(m);
        Matrix second = Matrix.of(v);
        AdamWStep.Scalars scalars = step.scalars();
        cut.elements(
                (row, column, n) -> Elementwise.adamW(
                        weights.memory(), weights.at(row, column), gradients.memory(), gradients.at(row, column),
                        first.memory(), first.at(row, column), second.memory(), second.at(row, column), n, scalars),
                w, g, m, v);
    }

    // rows

    @Override
    public void embed(Tensor table, Tensor ids, Tensor out) {
        gatherRows(table, ids, out);
    }

    @Override
    public void gatherRows(Tensor x, Tensor rows, Tensor out) {
        Shapes.rows(x, rows, out);
        Matrix from = Matrix.of(x);
        Matrix to = Matrix.of(out);
        cut.rows(out.rows(), out.cols(), (t, member) -> MemorySegment.copy(
                from.memory(), from.at(row(x, rows, t), 0), to.memory(), to.at(t, 0), out.cols() * 4L));
    }

    @Override
    public void embedBackward(Tensor dout, Tensor ids, int paddingId, Tensor dtable) {
        Shapes.rows(dtable, ids, dout);
        Matrix from = Matrix.of(dout);
        Matrix to = Matrix.of(dtable);
        cut.columns(dout.cols(), (column, n) -> {
            for (int t = 0; t < dout.rows(); t++) {
                int row = row(dtable, ids, t);
                if (row != paddingId) {
                    long at = to.at(row, column);
                    Elementwise.add(to.memory(), at, from.memory(), from.at(t, column), to.memory(), at, n);
                }
            }
        });
    }

    @Override
    public void scatterRows(Tensor dout, Tensor rows, Tensor dx) {
        embedBackward(dout, rows, -1, dx);
    }

    @Override
    public void addBias(Tensor y, Tensor bias) {
        Shapes.bias(y, bias);
        Matrix to = Matrix.of(y);
        Matrix b = Matrix.of(bias);
        cut.rows(y.rows(), y.cols(), (t, member) ->
                Elementwise.add(to.memory(), to.at(t, 0), b.memory(), b.at(0, 0), to.memory(), to.at(t, 0), y.cols()));
    }

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {
        Shapes.bias(dy, dbias);
        Matrix from = Matrix.of(dy);
        Matrix to = Matrix.of(dbias);
        cut.vectors(dy.cols(), (column, n) ->
                Norms.biasGradient(from, dy.rows(), column, n, to.memory(), to.at(0, column)));
    }

    // layers

    @Override
    public void addRmsNorm(Tensor x, Tensor delta, Tensor weight, double eps, Tensor sum, Tensor out, Tensor rstd) {
        Shapes.same(x, delta);
        Shapes.same(x, sum);
        Matrix a = Matrix.of(x);
        Matrix b = Matrix.of(delta);
        Matrix s = Matrix.of(sum);
        norm(sum, weight, eps, out, rstd, t ->
                Elementwise.add(a.memory(), a.at(t, 0), b.memory(), b.at(t, 0), s.memory(), s.at(t, 0), x.cols()));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double eps, Tensor out, Tensor rstd) {
        norm(x, weight, eps, out, rstd, t -> {});
    }

    @FunctionalInterface
    private interface Row {
        void run(int t);
    }

    private void norm(Tensor x, Tensor weight, double eps, Tensor out, Tensor rstd, Row before) {
        Shapes.norm(x, weight, out, rstd);
        Matrix from = Matrix.of(x);
        Matrix w = Matrix.of(weight);
        Matrix to = Matrix.of(out);
        Matrix kept = Matrix.of(rstd);
        cut.rows(x.rows(), x.cols(), (t, member) -> {
            before.run(t);
            float scale = Norms.rstd(from.memory(), from.at(t, 0), x.cols(), eps);
            kept.memory().set(Lanes.FLOAT, kept.at(0, t), scale);
            Norms.scale(from.memory(), from.at(t, 0), scale, w.memory(), w.at(0, 0), to.memory(), to.at(t, 0), x.cols());
        });
    }

    @Override
    public void rmsNormAgain(Tensor x, Tensor weight, Tensor rstd, Tensor out) {
        Shapes.norm(x, weight, out, rstd);
        Matrix from = Matrix.of(x);
        Matrix w = Matrix.of(weight);
        Matrix to = Matrix.of(out);
        Matrix kept = Matrix.of(rstd);
        cut.rows(x.rows(), x.cols(), (t, member) -> Norms.scale(
                from.memory(), from.at(t, 0), kept.memory().get(Lanes.FLOAT, kept.at(0, t)),
                w.memory(), w.at(0, 0), to.memory(), to.at(t, 0), x.cols()));
    }

    @Override
    public void rmsNormBackward(Tensor dout, Tensor x, Tensor weight, Tensor rstd, Tensor dx, Tensor dweight) {
        Shapes.norm(x, weight, dout, rstd);
        Shapes.same(x, dx);
        Shapes.same(weight, dweight);
        Matrix d = Matrix.of(dout);
        Matrix from = Matrix.of(x);
        Matrix w = Matrix.of(weight);
        Matrix kept = Matrix.of(rstd);
        Matrix to = Matrix.of(dx);
        Matrix dw = Matrix.of(dweight);
        cut.rows(x.rows(), x.cols(), (t, member) -> Norms.backward(
                d.memory(), d.at(t, 0), from.memory(), from.at(t, 0), w.memory(), w.at(0, 0),
                kept.memory().get(Lanes.FLOAT, kept.at(0, t)), to.memory(), to.at(t, 0), x.cols()));
        cut.vectors(x.cols(), (column, n) ->
                Norms.weightGradient(d, from, kept, x.rows(), column, n, dw.memory(), dw.at(0, column)));
    }

    @Override
    public void rope(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        rotate(x, positions, cos, sin, heads, headDim, 1);
    }

    @Override
    public void ropeBackward(Tensor dx, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        rotate(dx, positions, cos, sin, heads, headDim, -1);
    }

    private void rotate(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim, float direction) {
        Shapes.rope(x, positions, cos, sin, heads, headDim);
        Matrix to = Matrix.of(x);
        Matrix c = Matrix.of(cos);
        Matrix s = Matrix.of(sin);
        cut.rows(x.rows(), heads * headDim, (t, member) -> {
            int p = row(cos, positions, t);
            for (int h = 0; h < heads; h++) {
                Rotary.rotate(
                        to.memory(), to.at(t, (long) h * headDim), c.memory(), c.at(p, 0), s.memory(), s.at(p, 0),
                        cos.cols(), direction);
            }
        });
    }

    @Override
    public void attention(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse) {
        Shapes.attention(qkv, segments, shape, out, lse);
        workspace()
                .attention(segments, shape)
                .run(Matrix.of(qkv), segments, shape, Matrix.of(out), Matrix.of(lse));
    }

    @Override
    public void attentionBackward(
            Tensor dout, Tensor qkv, Tensor out, Tensor lse, Segments segments, AttentionShape shape, Tensor dqkv) {
        Shapes.attention(qkv, segments, shape, out, lse);
        Shapes.same(qkv, dqkv);
        Shapes.same(out, dout);
        workspace()
                .attentionBackward(segments, shape)
                .run(
                        Matrix.of(dout), Matrix.of(qkv), Matrix.of(out), Matrix.of(lse), segments, shape,
                        Matrix.of(dqkv));
    }

    @Override
    public void swiglu(Tensor gateUp, Tensor out) {
        int width = out.cols();
        Shapes.swiglu(gateUp, out);
        Matrix from = Matrix.of(gateUp);
        Matrix to = Matrix.of(out);
        cut.rows(out.rows(), width, (t, member) -> SwiGlu.forward(
                from.memory(), from.at(t, 0), from.at(t, width), to.memory(), to.at(t, 0), width,
                workspace().scratch(member)));
    }

    @Override
    public void swigluBackward(Tensor dout, Tensor gateUp, Tensor dgateUp) {
        int width = dout.cols();
        Shapes.swiglu(gateUp, dout);
        Shapes.same(gateUp, dgateUp);
        Matrix d = Matrix.of(dout);
        Matrix from = Matrix.of(gateUp);
        Matrix to = Matrix.of(dgateUp);
        cut.rows(dout.rows(), width, (t, member) -> SwiGlu.backward(
                d.memory(), d.at(t, 0), from.memory(), from.at(t, 0), from.at(t, width),
                to.memory(), to.at(t, 0), to.at(t, width), width, workspace().scratch(member)));
    }

    // head

    @Override
    public void logSoftmax(Tensor logits, Tensor targets, Tensor statistics) {
        Shapes.head(logits, targets, statistics);
        Matrix from = Matrix.of(logits);
        Matrix to = Matrix.of(statistics);
        cut.rows(logits.rows(), logits.cols(), (c, member) -> {
            LogSoftmax sums = workspace().logSoftmax(member);
            sums.read(from.memory(), from.at(c, 0), logits.cols());
            int target = column(logits, targets, c);
            double lse = sums.logSumExp();
            double logit = from.memory().get(Lanes.FLOAT, from.at(c, target));
            boolean top = LogSoftmax.first(from.memory(), from.at(c, 0), target, sums.max());
            statistic(to, c, HeadStatistics.LOGP, logit - lse);
            statistic(to, c, HeadStatistics.ENTROPY, sums.entropy());
            statistic(to, c, HeadStatistics.MEAN_LOGIT, sums.logits() / logits.cols());
            statistic(to, c, HeadStatistics.TOP1, top ? 1 : 0);
            statistic(to, c, HeadStatistics.LOG_SUM_P2, sums.logSumP2());
            statistic(to, c, HeadStatistics.LOG_SUM_EXP, lse);
        });
    }

    private static void statistic(Matrix to, int row, int column, double value) {
        to.memory().set(Lanes.FLOAT, to.at(row, column), (float) value);
    }

    @Override
    public Tensor logSoftmaxBackward(Tensor logits, Tensor targets, Tensor statistics, Tensor g) {
        Shapes.head(logits, targets, statistics);
        Shapes.same(targets, g);
        Matrix x = Matrix.of(logits);
        Matrix s = Matrix.of(statistics);
        Matrix scales = Matrix.of(g);
        cut.rows(logits.rows(), logits.cols(), (c, member) -> workspace().logSoftmax(member).backward(
                x.memory(), x.at(c, 0), logits.cols(), column(logits, targets, c),
                s.memory().get(Lanes.FLOAT, s.at(c, HeadStatistics.LOG_SUM_EXP)),
                scales.memory().get(Lanes.FLOAT, scales.at(0, c))));
        return logits;
    }

    // decoding

    @Override
    public void appendToCache(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {
        Shapes.cache(qkv, shape, slots, keys, values);
        int start = firstOf(slots, keys);
        int width = shape.keyWidth();
        copy(qkv.columns(shape.queryWidth(), width), keys.rows(start, qkv.rows()));
        copy(qkv.columns(shape.queryWidth() + width, width), values.rows(start, qkv.rows()));
    }

    @Override
    public void attentionCached(Tensor qkv, Tensor keys, Tensor values, Tensor slots, AttentionShape shape, Tensor out) {
        Shapes.cache(qkv, shape, slots, keys, values);
        Shapes.require(out, qkv.rows(), shape.queryWidth());
        int start = firstOf(slots, keys);
        Matrix q = Matrix.of(qkv);
        Matrix k = Matrix.of(keys);
        Matrix v = Matrix.of(values);
        Matrix to = Matrix.of(out);
        team.forEach(qkv.rows() * shape.heads(), (index, member) -> RowAttention.cached(
                q, k, v, start, index / shape.heads(), index % shape.heads(), shape,
                workspace().scores(member, start + qkv.rows()), to));
    }

    @Override
    public void close() {
        team.close();
        arenas.close();
        workspace = null;
    }

    // arguments

    private static int id(Tensor ids, int index) {
        return ids.segment().get(ValueLayout.JAVA_INT_UNALIGNED, ids.index(0, index) * 4);
    }

    private static int row(Tensor table, Tensor ids, int index) {
        return Objects.checkIndex(id(ids, index), table.rows());
    }

    /** Slots follow one another. */
    private static int firstOf(Tensor slots, Tensor cache) {
        int count = slots.cols();
        int first = row(cache, slots, 0);
        int last = row(cache, slots, count - 1);
        if (last != first + count - 1) {
            throw new IllegalArgumentException("slots " + first + " to " + last + " of " + cache);
        }
        return first;
    }

    private static int column(Tensor table, Tensor ids, int index) {
        return Objects.checkIndex(id(ids, index), table.cols());
    }
}
