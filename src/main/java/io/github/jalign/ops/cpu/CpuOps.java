package io.github.jalign.ops.cpu;

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
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Every operator in float32 on the Vector API and a team of threads. Work is cut by rows, columns or heads, never by the
 * number of threads; each result has one writer and a fixed order of sums, so its bits are the same for any number of
 * threads. They may differ between CPUs of different vector length.
 */
public final class CpuOps implements Ops {
    /** Floats in a task: some ten microseconds of work, many times what it costs to claim it. */
    private static final int TASK = 1 << 14;

    private final Arenas arenas = Arenas.onHost();
    private final ThreadTeam team;
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
        return "cpu: float32, Vector API, %d x %d-bit vectors, %d thread%s, tile %d x %d"
                .formatted(
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
        ranges(x, x, (row, column, n) -> Elementwise.fill(to.memory(), to.at(row, column), n, (float) value));
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        shape(y, x.rows(), x.cols());
        Matrix from = Matrix.of(x);
        Matrix to = Matrix.of(y);
        ranges(x, y, (row, column, n) ->
                MemorySegment.copy(from.memory(), from.at(row, column), to.memory(), to.at(row, column), n * 4L));
    }

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {
        shape(y, x.rows(), x.cols());
        shape(z, x.rows(), x.cols());
        Matrix a = Matrix.of(x);
        Matrix b = Matrix.of(y);
        Matrix sum = Matrix.of(z);
        rows(x.rows(), x.cols(), (t, member) ->
                Elementwise.add(a.memory(), a.at(t, 0), b.memory(), b.at(t, 0), sum.memory(), sum.at(t, 0), x.cols()));
    }

    @Override
    public double sumOfSquares(Tensor x) {
        Matrix from = Matrix.of(x);
        long pieces = flat(x) ? (x.elements() + TASK - 1) / TASK : x.rows();
        double[] sums = new double[Math.toIntExact(pieces)];
        team.forEach(sums.length, (index, member) -> {
            long at = flat(x) ? from.at(0, (long) index * TASK) : from.at(index, 0);
            int n = flat(x) ? (int) Math.min(TASK, x.elements() - (long) index * TASK) : x.cols();
            sums[index] = Elementwise.sumOfSquares(from.memory(), at, n);
        });
        double sum = 0;
        for (double piece : sums) {
            sum += piece;
        }
        return sum;
    }

    @Override
    public void adamW(Tensor w, Tensor g, Tensor m, Tensor v, AdamWStep step) {
        for (Tensor other : List.of(g, m, v)) {
            shape(other, w.rows(), w.cols());
        }
        Matrix weights = Matrix.of(w);
        Matrix gradients = Matrix.of(g);
        Matrix first = Matrix.of(m);
        Matrix second = Matrix.of(v);
        AdamWStep.Scalars scalars = step.scalars();
        boolean flat = flat(w) && flat(g) && flat(m) && flat(v);
        ranges(w.rows(), w.cols(), flat, (row, column, n) ->
                Elementwise.adamW(
                        weights.memory(), weights.at(row, column), gradients.memory(), gradients.at(row, column),
                        first.memory(), first.at(row, column), second.memory(), second.at(row, column), n, scalars));
    }

    // rows

    @Override
    public void embed(Tensor table, Tensor ids, Tensor out) {
        gatherRows(table, ids, out);
    }

    @Override
    public void gatherRows(Tensor x, Tensor rows, Tensor out) {
        shape(rows, 1, out.rows());
        shape(out, out.rows(), x.cols());
        Matrix from = Matrix.of(x);
        Matrix to = Matrix.of(out);
        rows(out.rows(), out.cols(), (t, member) -> MemorySegment.copy(
                from.memory(), from.at(row(x, rows, t), 0), to.memory(), to.at(t, 0), out.cols() * 4L));
    }

    @Override
    public void embedBackward(Tensor dout, Tensor ids, int paddingId, Tensor dtable) {
        shape(ids, 1, dout.rows());
        shape(dout, dout.rows(), dtable.cols());
        Matrix from = Matrix.of(dout);
        Matrix to = Matrix.of(dtable);
        columns(dout.cols(), (column, n) -> {
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
        shape(bias, 1, y.cols());
        Matrix to = Matrix.of(y);
        Matrix b = Matrix.of(bias);
        rows(y.rows(), y.cols(), (t, member) ->
                Elementwise.add(to.memory(), to.at(t, 0), b.memory(), b.at(0, 0), to.memory(), to.at(t, 0), y.cols()));
    }

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {
        shape(dbias, 1, dy.cols());
        Matrix from = Matrix.of(dy);
        Matrix to = Matrix.of(dbias);
        vectors(dy.cols(), (column, n) ->
                Norms.biasGradient(from, dy.rows(), column, n, to.memory(), to.at(0, column)));
    }

    // layers

    @Override
    public void addRmsNorm(Tensor x, Tensor delta, Tensor weight, double eps, Tensor sum, Tensor out, Tensor rstd) {
        shape(delta, x.rows(), x.cols());
        shape(sum, x.rows(), x.cols());
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
        shape(weight, 1, x.cols());
        shape(out, x.rows(), x.cols());
        shape(rstd, 1, x.rows());
        Matrix from = Matrix.of(x);
        Matrix w = Matrix.of(weight);
        Matrix to = Matrix.of(out);
        Matrix kept = Matrix.of(rstd);
        rows(x.rows(), x.cols(), (t, member) -> {
            before.run(t);
            float scale = Norms.rstd(from.memory(), from.at(t, 0), x.cols(), eps);
            kept.memory().set(Lanes.FLOAT, kept.at(0, t), scale);
            Norms.scale(from.memory(), from.at(t, 0), scale, w.memory(), w.at(0, 0), to.memory(), to.at(t, 0), x.cols());
        });
    }

    @Override
    public void rmsNormAgain(Tensor x, Tensor weight, Tensor rstd, Tensor out) {
        shape(weight, 1, x.cols());
        shape(out, x.rows(), x.cols());
        shape(rstd, 1, x.rows());
        Matrix from = Matrix.of(x);
        Matrix w = Matrix.of(weight);
        Matrix to = Matrix.of(out);
        Matrix kept = Matrix.of(rstd);
        rows(x.rows(), x.cols(), (t, member) -> Norms.scale(
                from.memory(), from.at(t, 0), kept.memory().get(Lanes.FLOAT, kept.at(0, t)),
                w.memory(), w.at(0, 0), to.memory(), to.at(t, 0), x.cols()));
    }

    @Override
    public void rmsNormBackward(Tensor dout, Tensor x, Tensor weight, Tensor rstd, Tensor dx, Tensor dweight) {
        shape(dout, x.rows(), x.cols());
        shape(dx, x.rows(), x.cols());
        shape(weight, 1, x.cols());
        shape(dweight, 1, x.cols());
        shape(rstd, 1, x.rows());
        Matrix d = Matrix.of(dout);
        Matrix from = Matrix.of(x);
        Matrix w = Matrix.of(weight);
        Matrix kept = Matrix.of(rstd);
        Matrix to = Matrix.of(dx);
        Matrix dw = Matrix.of(dweight);
        rows(x.rows(), x.cols(), (t, member) -> Norms.backward(
                d.memory(), d.at(t, 0), from.memory(), from.at(t, 0), w.memory(), w.at(0, 0),
                kept.memory().get(Lanes.FLOAT, kept.at(0, t)), to.memory(), to.at(t, 0), x.cols()));
        vectors(x.cols(), (column, n) ->
                Norms.weightGradient(d, from, kept, x.rows(), column, n, dw.memory(), dw.at(0, column)));
    }

    @Override
    public void rope(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        turn(x, positions, cos, sin, heads, headDim, 1);
    }

    @Override
    public void ropeBackward(Tensor dx, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        turn(dx, positions, cos, sin, heads, headDim, -1);
    }

    private void turn(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim, float direction) {
        shape(positions, 1, x.rows());
        shape(sin, cos.rows(), cos.cols());
        if (heads * headDim > x.cols() || 2 * cos.cols() > headDim) {
            throw new IllegalArgumentException(
                    "no " + heads + " heads of " + headDim + " in " + x + ", or no room for the angles of " + cos);
        }
        Matrix to = Matrix.of(x);
        Matrix c = Matrix.of(cos);
        Matrix s = Matrix.of(sin);
        rows(x.rows(), heads * headDim, (t, member) -> {
            int p = row(cos, positions, t);
            for (int h = 0; h < heads; h++) {
                Rotary.turn(
                        to.memory(), to.at(t, (long) h * headDim), c.memory(), c.at(p, 0), s.memory(), s.at(p, 0),
                        cos.cols(), direction);
            }
        });
    }

    @Override
    public void attention(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse) {
        shape(qkv, segments.tokens(), shape.packedWidth());
        shape(out, segments.tokens(), shape.queryWidth());
        shape(lse, segments.tokens(), shape.heads());
        workspace()
                .attention(segments, shape)
                .run(Matrix.of(qkv), segments, shape, Matrix.of(out), Matrix.of(lse));
    }

    @Override
    public void attentionBackward(
            Tensor dout, Tensor qkv, Tensor out, Tensor lse, Segments segments, AttentionShape shape, Tensor dqkv) {
        shape(qkv, segments.tokens(), shape.packedWidth());
        shape(dqkv, segments.tokens(), shape.packedWidth());
        shape(dout, segments.tokens(), shape.queryWidth());
        shape(out, segments.tokens(), shape.queryWidth());
        shape(lse, segments.tokens(), shape.heads());
        workspace()
                .attentionBackward(segments, shape)
                .run(
                        Matrix.of(dout), Matrix.of(qkv), Matrix.of(out), Matrix.of(lse), segments, shape,
                        Matrix.of(dqkv));
    }

    @Override
    public void swiglu(Tensor gateUp, Tensor out) {
        int width = out.cols();
        shape(gateUp, out.rows(), 2 * width);
        Matrix from = Matrix.of(gateUp);
        Matrix to = Matrix.of(out);
        rows(out.rows(), width, (t, member) -> SwiGlu.forward(
                from.memory(), from.at(t, 0), from.at(t, width), to.memory(), to.at(t, 0), width,
                workspace().scratch(member)));
    }

    @Override
    public void swigluBackward(Tensor dout, Tensor gateUp, Tensor dgateUp) {
        int width = dout.cols();
        shape(gateUp, dout.rows(), 2 * width);
        shape(dgateUp, dout.rows(), 2 * width);
        Matrix d = Matrix.of(dout);
        Matrix from = Matrix.of(gateUp);
        Matrix to = Matrix.of(dgateUp);
        rows(dout.rows(), width, (t, member) -> SwiGlu.backward(
                d.memory(), d.at(t, 0), from.memory(), from.at(t, 0), from.at(t, width),
                to.memory(), to.at(t, 0), to.at(t, width), width, workspace().scratch(member)));
    }

    // head

    @Override
    public void logSoftmax(Tensor logits, Tensor targets, Tensor statistics) {
        shape(targets, 1, logits.rows());
        shape(statistics, logits.rows(), HeadStatistics.COLUMNS);
        Matrix from = Matrix.of(logits);
        Matrix to = Matrix.of(statistics);
        rows(logits.rows(), logits.cols(), (c, member) -> {
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
        shape(targets, 1, logits.rows());
        shape(g, 1, logits.rows());
        shape(statistics, logits.rows(), HeadStatistics.COLUMNS);
        Matrix x = Matrix.of(logits);
        Matrix s = Matrix.of(statistics);
        Matrix scales = Matrix.of(g);
        rows(logits.rows(), logits.cols(), (c, member) -> workspace().logSoftmax(member).backward(
                x.memory(), x.at(c, 0), logits.cols(), column(logits, targets, c),
                s.memory().get(Lanes.FLOAT, s.at(c, HeadStatistics.LOG_SUM_EXP)),
                scales.memory().get(Lanes.FLOAT, scales.at(0, c))));
        return logits;
    }

    // decoding

    @Override
    public void appendToCache(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {
        int start = firstOf(slots, qkv.rows(), keys);
        shape(qkv, qkv.rows(), shape.packedWidth());
        int width = shape.keyWidth();
        copy(qkv.columns(shape.queryWidth(), width), keys.rows(start, qkv.rows()));
        copy(qkv.columns(shape.queryWidth() + width, width), values.rows(start, qkv.rows()));
    }

    @Override
    public void attentionCached(Tensor qkv, Tensor keys, Tensor values, Tensor slots, AttentionShape shape, Tensor out) {
        int start = firstOf(slots, qkv.rows(), keys);
        shape(qkv, qkv.rows(), shape.packedWidth());
        shape(out, qkv.rows(), shape.queryWidth());
        shape(keys.rows(0, start + qkv.rows()), start + qkv.rows(), shape.keyWidth());
        shape(values.rows(0, start + qkv.rows()), start + qkv.rows(), shape.keyWidth());
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

    // cutting work

    /** Does something to {@code n} elements from (row, column) on. */
    @FunctionalInterface
    private interface Range {
        void run(long row, long column, int n);
    }

    private void ranges(Tensor x, Tensor y, Range range) {
        ranges(x.rows(), x.cols(), flat(x) && flat(y), range);
    }

    /** Adjacent rows are one long row. */
    private void ranges(int rows, int cols, boolean flat, Range range) {
        if (!flat) {
            rows(rows, cols, (t, member) -> range.run(t, 0, cols));
            return;
        }
        long elements = (long) rows * cols;
        int pieces = Math.toIntExact((elements + TASK - 1) / TASK);
        team.forEach(pieces, (index, member) -> {
            long at = (long) index * TASK;
            range.run(0, at, (int) Math.min(TASK, elements - at));
        });
    }

    private static boolean flat(Tensor x) {
        return x.contiguous();
    }

    private void rows(int rows, int width, ThreadTeam.Task row) {
        int chunk = Math.max(1, TASK / Math.max(1, width));
        team.forEach((rows + chunk - 1) / chunk, (index, member) -> {
            for (int t = index * chunk; t < Math.min(rows, (index + 1) * chunk); t++) {
                row.run(t, member);
            }
        });
    }

    /** Does something to all rows of the columns [column, column + n). */
    @FunctionalInterface
    private interface Columns {
        void run(int column, int n);
    }

    /** Cuts columns into parts of four vectors. */
    private void columns(int columns, Columns part) {
        int width = 4 * Lanes.COUNT;
        team.forEach((columns + width - 1) / width, (index, member) ->
                part.run(index * width, Math.min(width, columns - index * width)));
    }

    /** Cuts columns into vectors. */
    private void vectors(int columns, Columns part) {
        columns(columns, (from, n) -> {
            for (int c = from; c < from + n; c += Lanes.COUNT) {
                part.run(c, Math.min(Lanes.COUNT, from + n - c));
            }
        });
    }

    // arguments

    static void shape(Tensor x, int rows, int cols) {
        if (x.rows() != rows || x.cols() != cols) {
            throw new IllegalArgumentException("expected [" + rows + ", " + cols + "], not " + x);
        }
    }

    private static int id(Tensor ids, int index) {
        return ids.segment().get(ValueLayout.JAVA_INT_UNALIGNED, ids.index(0, index) * 4);
    }

    private static int row(Tensor table, Tensor ids, int index) {
        return Objects.checkIndex(id(ids, index), table.rows());
    }

    /** Slots follow one another. */
    private static int firstOf(Tensor slots, int count, Tensor cache) {
        shape(slots, 1, count);
        int first = row(cache, slots, 0);
        if (id(slots, count - 1) != first + count - 1 || first + count > cache.rows()) {
            throw new IllegalArgumentException("slots " + first + " to " + id(slots, count - 1) + " of " + cache);
        }
        return first;
    }

    private static int column(Tensor table, Tensor ids, int index) {
        return Objects.checkIndex(id(ids, index), table.cols());
    }
}
