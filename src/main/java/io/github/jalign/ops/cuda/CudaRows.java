package io.github.jalign.ops.cuda;

import static io.github.jalign.ops.cuda.Grid.THREADS;

import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;

/** Launches the kernels that deal out rows: embedding, gathering, biases and norms. Shapes have been checked. */
final class CudaRows {
    // As in kernels/rows and kernels/rmsnorm. Parts are 2 and 4 for each multiprocessor of an H200: the same on every card,
    // so that the bits of sums by parts are.
    private static final int WARP = 32;
    private static final int COLUMN_PARTS = 32;
    private static final int NORM_PARTS = 264;
    private static final int NARROW_NORM_PARTS = 528;
    private static final int COLUMNS_A_BLOCK = 64;
    private static final int ADDED_COLUMNS = 8;
    private static final int SCATTER_COLUMNS = 1024;
    private static final int NARROW_ROW = 1024;
    private static final int PACK_BYTES = 16;
    private static final int NORM_THREADS = 512;
    private static final int NORM_STAGES = 4;

    private final Modules modules;
    private final Launch launch;
    private final Tensor partial;

    /** @param partial sums by blocks, of {@link #partialFloats} */
    CudaRows(Modules modules, Launch launch, Tensor partial) {
        this.modules = modules;
        this.launch = launch;
        this.partial = partial;
    }

    /** Of norms and biases by blocks. */
    static long partialFloats(Workload load) {
        return Math.max(normParts(load.hidden()) * (long) load.hidden(), (long) COLUMN_PARTS * load.width());
    }

    private Modules.Kernel kernel(String module, String name, Tensor data) {
        return modules.kernel(module, name, data.dtype());
    }

    void embed(Tensor table, Tensor ids, Tensor out) {
        launch.with()
                .matrix(table)
                .tensor(ids)
                .matrix(out)
                .size(out.rows())
                .size(out.cols())
                .run(kernel("rows", "embed", out), Grid.blocks(out.elements()), THREADS);
    }

    void embedBackward(Tensor dout, Tensor ids, int paddingId, Tensor dtable) {
        launch.with()
                .matrix(dout)
                .tensor(ids)
                .size(dout.rows())
                .size(dout.cols())
                .size(paddingId)
                .matrix(dtable)
                .run(
                        kernel("rows", "embed_backward", dout), dout.rows(),
                        Math.ceilDiv(dout.cols(), SCATTER_COLUMNS), 1, THREADS, 0);
    }

    void gather(Tensor x, Tensor rows, Tensor out) {
        launch.with()
                .matrix(x)
                .tensor(rows)
                .matrix(out)
                .size(out.rows())
                .size(out.cols())
                .run(kernel("rows", "gather_rows", x), Grid.blocks(out.elements()), THREADS);
    }

    void scatter(Tensor dout, Tensor rows, Tensor dx) {
        launch.with()
                .matrix(dout)
                .tensor(rows)
                .size(dout.rows())
                .size(dout.cols())
                .matrix(dx)
                .run(
                        kernel("rows", "scatter_rows", dout), dout.rows(),
                        Math.ceilDiv(dout.cols(), SCATTER_COLUMNS), 1, THREADS, 0);
    }

    void addBias(Tensor y, Tensor bias) {
        launch.with()
                .matrix(y)
                .tensor(bias)
                .size(y.rows())
                .size(y.cols())
                .run(kernel("rows", "add_bias", y), Grid.blocks(y.elements()), THREADS);
    }

    void biasBackward(Tensor dy, Tensor dbias) {
        launch.with()
                .matrix(dy)
                .size(dy.rows())
                .size(dy.cols())
                .tensor(partial)
                .run(
                        kernel("rows", "bias_backward", dy), Math.ceilDiv(dy.cols(), COLUMNS_A_BLOCK), COLUMN_PARTS, 1,
                        THREADS, 0);
        addColumns(COLUMN_PARTS, dbias);
    }

    private void addColumns(int parts, Tensor out) {
        launch.with()
                .tensor(partial)
                .size(parts)
                .size(out.cols())
                .tensor(out)
                .run(modules.kernel("rows", "add_columns"), Math.ceilDiv(out.cols(), ADDED_COLUMNS), THREADS);
    }

    /** Of the norms' blocks: one for each pack of a row, in whole warps. */
    private static int normThreads(Tensor x) {
        int packs = Math.ceilDiv(x.cols(), PACK_BYTES / x.dtype().bytes());
        return Math.clamp(Math.ceilDiv(packs, WARP) * (long) WARP, WARP, NORM_THREADS);
    }

    private static int normParts(int columns) {
        return columns <= NARROW_ROW ? NARROW_NORM_PARTS : NORM_PARTS;
    }

    void addNorm(Tensor x, Tensor delta, Tensor weight, double eps, Tensor sum, Tensor out, Tensor rstd) {
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
                .run(kernel("rmsnorm", "add_rms_norm", x), x.rows(), normThreads(x));
    }

    void norm(Tensor x, Tensor weight, double eps, Tensor out, Tensor rstd) {
        launch.with()
                .matrix(x)
                .tensor(weight)
                .number(eps)
                .matrix(out)
                .tensor(rstd)
                .size(x.rows())
                .size(x.cols())
                .run(kernel("rmsnorm", "rms_norm", x), x.rows(), normThreads(x));
    }

    void normAgain(Tensor x, Tensor weight, Tensor rstd, Tensor out) {
        launch.with()
                .matrix(x)
                .tensor(weight)
                .tensor(rstd)
                .matrix(out)
                .size(x.rows())
                .size(x.cols())
                .run(kernel("rmsnorm", "rms_norm_again", x), x.rows(), normThreads(x));
    }

    void normBackward(Tensor dout, Tensor x, Tensor weight, Tensor rstd, Tensor dx, Tensor dweight) {
        int parts = Math.min(x.rows(), normParts(x.cols()));
        int threads = normThreads(x);
        launch.with()
                .matrix(dout)
                .matrix(x)
                .tensor(weight)
                .tensor(rstd)
                .matrix(dx)
                .tensor(partial)
                .size(x.rows())
                .size(x.cols())
                .run(kernel("rmsnorm", "rms_norm_backward", x), parts, 1, 1, threads, NORM_STAGES * 3 * PACK_BYTES * threads);
        addColumns(parts, dweight);
    }
}
