package io.github.jalign.ops.cpu;

/**
 * The three matrix products of a linear layer {@code y[T,N] = x[T,K]·w[N,K]ᵀ} in float32, on a team of threads.
 *
 * <p>An element of the result is computed by the same operations in the same order whatever its row, the number of rows,
 * the tile and the number of threads (see {@link Product}). So a sequence's rows have equal bits alone and packed with
 * others. The error of an element of depth {@code n} is at most
 * {@code (min(n, BLOCK) + n / BLOCK + 1) · 2⁻²⁴ · Σ|a||b|} to first order, plus that of the value added to.
 *
 * <p>How: parts of both factors that fit the packing buffers are copied into panels, then tiles of the result, each with
 * one writer, are claimed by the threads. The part of B and of C that a tile touches stays in a core's cache.
 */
final class Gemm {
    // A stage's share of a factor, in floats: 6 and 12 MiB, for depths up to eight blocks and then 1024 and 2048 lines.
    private static final int STAGE_DEPTH = 8 * Panels.BLOCK;
    private static final int STAGE_A = 1024 * STAGE_DEPTH;
    private static final int STAGE_B = 2048 * STAGE_DEPTH;
    // A claimed tile of C, at most: rows enough to use a panel of B from the first cache level, 0.8 MB of factors for
    // the second at a depth of 576.
    private static final int TILE_ROWS = 96;
    private static final int TILE_COLUMNS = 256;
    /** Columns of a source that are packed at a time: memory likes to be read along its rows. */
    private static final int COLUMN_GROUP = 192;

    private final ThreadTeam team;
    private final MicroKernel kernel;
    private final Panels a;
    private final Panels b;
    private final float[][] tiles;

    Gemm(ThreadTeam team, MicroKernel kernel) {
        this(team, kernel, STAGE_A, STAGE_B);
    }

    /** For tests: small stages make a small product take several. */
    Gemm(ThreadTeam team, MicroKernel kernel, int stageA, int stageB) {
        this.team = team;
        this.kernel = kernel;
        a = new Panels(kernel.rows(), stageA);
        b = new Panels(kernel.columns(), stageB);
        tiles = new float[team.size()][kernel.rows() * kernel.columns()];
    }

    /** Floats of workspace, allocated once. */
    static int workspaceFloats(int threads, MicroKernel kernel) {
        return STAGE_A + STAGE_B + threads * kernel.rows() * kernel.columns();
    }

    /** {@code y[T,N] = x[T,K]·w[N,K]ᵀ}, or {@code +=} with {@code accumulate}. */
    void forward(int t, int n, int k, Matrix x, Matrix w, Matrix y, boolean accumulate) {
        multiply(t, n, k, x, true, w, true, y, accumulate);
    }

    /** {@code dx[T,K] = dy[T,N]·w[N,K]}, or {@code +=} with {@code accumulate}. */
    void dx(int t, int n, int k, Matrix dy, Matrix w, Matrix dx, boolean accumulate) {
        multiply(t, k, n, dy, true, w, false, dx, accumulate);
    }

    /** {@code dw[N,K] = dy[T,N]ᵀ·x[T,K]}, or {@code +=} with {@code accumulate}. */
    void dw(int t, int n, int k, Matrix dy, Matrix x, Matrix dw, boolean accumulate) {
        multiply(n, k, t, dy, false, x, false, dw, accumulate);
    }

    /**
     * c[rows, columns] = A·B over {@code depth}.
     *
     * @param aByRows whether a line of A is a row of {@code a} ([rows, depth]) and not a column ([depth, rows])
     * @param bByRows whether a line of B is a row of {@code b} ([columns, depth]) and not a column ([depth, columns])
     */
    private void multiply(
            int rows,
            int columns,
            int depth,
            Matrix a,
            boolean aByRows,
            Matrix b,
            boolean bByRows,
            Matrix c,
            boolean accumulate) {
        int stageDepth = Math.min(depth, stageDepth());
        int stageRows = lines(this.a.data.length, stageDepth, kernel.rows(), rows);
        int stageColumns = lines(this.b.data.length, stageDepth, kernel.columns(), columns);
        boolean oneA = stageDepth == depth && stageRows >= rows;
        for (int j = 0; j < columns; j += stageColumns) {
            int width = Math.min(stageColumns, columns - j);
            for (int k = 0; k < depth; k += stageDepth) {
                int steps = Math.min(stageDepth, depth - k);
                for (int i = 0; i < rows; i += stageRows) {
                    int height = Math.min(stageRows, rows - i);
                    this.a.shape(height, steps);
                    this.b.shape(width, steps);
                    pack(
                            part(a, aByRows, i, k), aByRows, !(oneA && j > 0),
                            part(b, bByRows, j, k), bByRows, i == 0);
                    compute(part(c, true, i, j), height, width, accumulate || k > 0);
                }
            }
        }
    }

    /** A whole number of blocks, so that stages cut the depth where blocks do. */
    private int stageDepth() {
        int fits = Math.min(a.data.length / kernel.rows(), b.data.length / kernel.columns());
        return Math.max(1, Math.min(STAGE_DEPTH, fits) / Panels.BLOCK) * Panels.BLOCK;
    }

    private static int lines(int capacity, int depth, int width, int wanted) {
        return Math.min((wanted + width - 1) / width, capacity / depth / width) * width;
    }

    /** The matrix from a given line and step on. */
    private static Matrix part(Matrix m, boolean byRows, int line, int step) {
        return byRows ? m.part(line, step) : m.part(step, line);
    }

    private void pack(
            Matrix aFrom, boolean aByRows, boolean packA, Matrix bFrom, boolean bByRows, boolean packB) {
        int aGroup = aByRows ? 1 : COLUMN_GROUP / kernel.rows();
        int bGroup = bByRows ? 1 : COLUMN_GROUP / kernel.columns();
        int aTasks = packA ? Math.ceilDiv(a.panels(), aGroup) : 0;
        int bTasks = packB ? Math.ceilDiv(b.panels(), bGroup) : 0;
        team.forEach(aTasks + bTasks, (index, member) -> {
            if (index < bTasks) {
                b.pack(bFrom, bByRows, index * bGroup, Math.min(b.panels(), (index + 1) * bGroup));
            } else {
                int i = index - bTasks;
                a.pack(aFrom, aByRows, i * aGroup, Math.min(a.panels(), (i + 1) * aGroup));
            }
        });
    }

    private void compute(Matrix c, int rows, int columns, boolean accumulate) {
        int rowParts = parts(a.panels(), TILE_ROWS / kernel.rows());
        int columnParts = parts(b.panels(), TILE_COLUMNS / kernel.columns());
        team.forEach(rowParts * columnParts, (index, member) -> {
            int i = index % rowParts;
            int j = index / rowParts;
            Product.multiply(
                    kernel, a, b, c, rows, columns,
                    cut(a.panels(), rowParts, i), cut(a.panels(), rowParts, i + 1),
                    cut(b.panels(), columnParts, j), cut(b.panels(), columnParts, j + 1),
                    accumulate, tiles[member]);
        });
    }

    /** Into how many nearly equal parts {@code n} panels are cut when a part has {@code most} at most. */
    private static int parts(int n, int most) {
        return Math.ceilDiv(n, Math.max(1, most));
    }

    private static int cut(int n, int parts, int part) {
        return (int) ((long) n * part / parts);
    }
}
