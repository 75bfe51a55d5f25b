package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One head's attention gradient, a block of queries against a block of keys at a time, in the memory of one thread. With
 * the weights p made again from the kept log-sum-exp, and D = dout·out of a query:
 *
 * <pre>
 * dp[queries, keys] = dout·Vᵀ         ds = p·(dp - D)·scale
 * dvᵀ[E, keys] = doutᵀ·p     dkᵀ[E, keys] = Qᵀ·ds     dq[queries, E] = ds·K
 * </pre>
 *
 * <p>Queries stand in the rows of tiles, keys in the columns: p and ds as [key panel][query][key] are then ready to be
 * factors of dvᵀ and dkᵀ. Sums over queries run in blocks of {@link Panels#BLOCK} from the start of a segment, sums over
 * keys in blocks of {@link #keyBlock}.
 */
final class AttentionBlocks {
    private static final int QUERIES = Panels.BLOCK;

    private final MicroKernel kernel;
    private final int height;
    private final int width;
    /** Keys in a block: a few panels, 128 where tiles allow it. */
    private final int keyBlock;

    // Queries of a segment and their dout: as lines of depth E, and as E lines.
    private final Panels queries;
    private final Panels douts;
    private final Panels queriesAcross;
    private final Panels doutsAcross;
    // Keys of a block and their values as lines of depth E; the keys also as E lines.
    private final Panels keys;
    private final Panels values;
    private final Panels keysAcross;

    private final ScoreGradient scores;
    private final float[] dq; // [query panel][E panel][rows][columns]
    private final float[] dk; // [key panel][E][columns]
    private final float[] dv;
    private final float[] turned; // ds of a query panel, [key][rows]
    private final float[] rows; // of dk or dv, [columns][E]
    private final float[] tile;

    private @Nullable Task task;

    /** The tensors of one call, and the head. */
    private record Task(Matrix dout, Matrix qkv, Matrix out, Matrix lse, AttentionShape shape, int head) {
        Matrix query(int t) {
            return qkv.part(t, (long) head * shape.headDim());
        }

        Matrix dout(int t) {
            return dout.part(t, (long) head * shape.headDim());
        }

        Matrix out(int t) {
            return out.part(t, (long) head * shape.headDim());
        }

        Matrix key(int t) {
            int kv = head / (shape.heads() / shape.keyValueHeads());
            return qkv.part(t, shape.queryWidth() + (long) kv * shape.headDim());
        }

        Matrix value(int t) {
            return key(t).part(0, shape.keyWidth());
        }
    }

    AttentionBlocks(MicroKernel kernel, int context, int headDim) {
        this.kernel = kernel;
        height = kernel.rows();
        width = kernel.columns();
        keyBlock = keyBlock(kernel);
        queries = new Panels(height, Panels.floats(height, context, headDim));
        douts = new Panels(height, Panels.floats(height, context, headDim));
        queriesAcross = new Panels(height, Panels.floats(height, headDim, context));
        doutsAcross = new Panels(height, Panels.floats(height, headDim, context));
        keys = new Panels(width, Panels.floats(width, keyBlock, headDim));
        values = new Panels(width, Panels.floats(width, keyBlock, headDim));
        keysAcross = new Panels(width, Panels.floats(width, headDim, keyBlock));
        scores = new ScoreGradient(width, keyBlock / width, Panels.up(context, height));
        dq = new float[Panels.up(context, height) * Panels.up(headDim, width)];
        dk = new float[keyBlock * Panels.up(headDim, height)];
        dv = new float[keyBlock * Panels.up(headDim, height)];
        turned = new float[keyBlock * height];
        rows = new float[width * headDim];
        tile = new float[height * width];
    }

    private static int keyBlock(MicroKernel kernel) {
        return Math.max(1, 128 / kernel.columns()) * kernel.columns();
    }

    static long floats(MicroKernel kernel, int context, int headDim) {
        int height = kernel.rows();
        int width = kernel.columns();
        int keyBlock = keyBlock(kernel);
        return 2L * Panels.floats(height, context, headDim)
                + 2L * Panels.floats(height, headDim, context)
                + 2L * Panels.floats(width, keyBlock, headDim)
                + Panels.floats(width, headDim, keyBlock)
                + ScoreGradient.floats(width, keyBlock / width, Panels.up(context, height))
                + (long) Panels.up(context, height) * Panels.up(headDim, width)
                + 2L * keyBlock * Panels.up(headDim, height)
                + (long) keyBlock * height
                + (long) width * headDim
                + (long) height * width;
    }

    void begin(Matrix dout, Matrix qkv, Matrix out, Matrix lse, AttentionShape shape, int head) {
        task = new Task(dout, qkv, out, lse, shape, head);
    }

    private Task task() {
        if (task == null) {
            throw new IllegalStateException("no task has begun");
        }
        return task;
    }

    /**
     * All queries of a segment: writes their dq, adds to the shares of its parent's keys and values, sets its own.
     *
     * @param shares [token][2E] from row {@code sharesAt} on
     */
    void segment(Segments segments, int s, float[] shares, int sharesAt, Matrix dqkv) {
        int start = segments.start(s);
        int count = segments.length(s);
        int shared = segments.parentLength(s);
        packQueries(start, count);
        Arrays.fill(dq, 0, Panels.up(count, height) * Panels.up(task().shape.headDim(), width), 0);
        if (shared > 0) {
            int parent = segments.start(segments.parent(s));
            keys(new Run(parent, shared, 0), shared, count, shares, sharesAt, true);
        }
        keys(new Run(start, count, shared), shared, count, shares, sharesAt, false);
        storeQueries(start, count, dqkv);
    }

    /** Keys at rows [row, row + count), the first of them at {@code position}. */
    private record Run(int row, int count, int position) {}

    private void packQueries(int start, int count) {
        int headDim = task().shape.headDim();
        queries.shape(count, headDim);
        queries.pack(task().query(start), true);
        douts.shape(count, headDim);
        douts.pack(task().dout(start), true);
        queriesAcross.shape(headDim, count);
        queriesAcross.pack(task().query(start), false);
        doutsAcross.shape(headDim, count);
        doutsAcross.pack(task().dout(start), false);
        scores.rows(task().dout(start), task().out(start), task().lse.part(start, task().head), count, headDim);
    }

    private void keys(Run run, int shared, int queryCount, float[] shares, int sharesAt, boolean add) {
        AttentionShape shape = task().shape;
        for (int k = 0; k < run.count; k += keyBlock) {
            int count = Math.min(keyBlock, run.count - k);
            int position = run.position + k;
            packKeys(run.row + k, count);
            Arrays.fill(dk, 0);
            Arrays.fill(dv, 0);
            int from = Math.max(0, position - shared); // the first query that sees a key of the block
            for (int q = from / QUERIES * QUERIES; q < queryCount; q += QUERIES) {
                if (shape.firstVisible(shared + q) < position + count) {
                    block(q, Math.min(QUERIES, queryCount - q), shared + q, position, count);
                }
            }
            storeKeys(run.row + k, count, shares, sharesAt, add);
        }
    }

    private void packKeys(int row, int count) {
        int headDim = task().shape.headDim();
        keys.shape(count, headDim);
        keys.pack(task().key(row), true);
        values.shape(count, headDim);
        values.pack(task().value(row), true);
        keysAcross.shape(headDim, count);
        keysAcross.pack(task().key(row), false);
    }

    /**
     * One block of queries, the first of them token {@code q} of its segment at {@code position}, against the packed keys.
     */
    private void block(int q, int count, int position, int keyPosition, int keyCount) {
        scores.begin(q, count, position, keyPosition, task().shape, height);
        for (int j = 0; j < keys.panels(); j++) {
            int from = scores.firstPanel(j);
            int to = scores.endPanel(j);
            if (from < to) {
                for (int i = from; i < to; i++) {
                    int at = scores.at(j, i * height);
                    product(queries, q / height + i, keys, j, scores.p, at);
                    product(douts, q / height + i, values, j, scores.ds, at);
                }
                scores.differentiate(j, from * height, to * height);
                int depth = Math.min(to * height, count) - from * height;
                across(doutsAcross, q, from * height, depth, scores.p, scores.at(j, from * height), dv, j);
                across(queriesAcross, q, from * height, depth, scores.ds, scores.at(j, from * height), dk, j);
            }
        }
        for (int i = 0; i * height < count; i++) {
            addToQueries(q / height + i, i, keyCount);
        }
    }

    /** Panel i of a, panel j of b, over their depth E. */
    private void product(Panels a, int i, Panels b, int j, float[] to, int at) {
        for (int block = 0; block < a.blocks(); block++) {
            Product.tile(
                    kernel, a.blockDepth(block), a.data, a.at(block, i), b.data, b.at(block, j), to, at, block > 0, tile);
        }
    }

    /** to[E, keys of panel j] += a[queries, E]ᵀ · b[queries, keys]. */
    private void across(Panels a, int q, int from, int depth, float[] b, int bAt, float[] to, int j) {
        int size = height * width;
        for (int i = 0; i < a.panels(); i++) {
            int aAt = a.at(q / QUERIES, i) + from * height;
            Product.tile(kernel, depth, a.data, aAt, b, bAt, to, (j * a.panels() + i) * size, true, tile);
        }
    }

    /** dq of a panel of queries += ds · K. */
    private void addToQueries(int panel, int i, int keyCount) {
        int first = 0;
        int end = 0;
        for (int j = 0; j < keys.panels(); j++) {
            if (scores.firstPanel(j) <= i && i < scores.endPanel(j)) {
                first = end == 0 ? j : first;
                end = j + 1;
                int n = Math.min(width, keyCount - j * width);
                Floats.transpose(
                        scores.ds, scores.at(j, i * height), width, height, n, turned, (j - first) * width * height, height);
            }
        }
        int depth = Math.min(end * width, keyCount) - first * width;
        for (int e = 0; depth > 0 && e < keysAcross.panels(); e++) {
            int at = (panel * keysAcross.panels() + e) * height * width;
            int bAt = keysAcross.at(0, e) + first * width * width;
            Product.tile(kernel, depth, turned, 0, keysAcross.data, bAt, dq, at, true, tile);
        }
    }

    private void storeKeys(int row, int count, float[] shares, int sharesAt, boolean add) {
        int headDim = task().shape.headDim();
        for (int j = 0; j < keys.panels(); j++) {
            int n = Math.min(width, count - j * width);
            int to = (sharesAt + row + j * width) * 2 * headDim;
            storeKeyPanel(dk, j, n, shares, to, add);
            storeKeyPanel(dv, j, n, shares, to + headDim, add);
        }
    }

    private void storeKeyPanel(float[] across, int j, int n, float[] shares, int to, boolean add) {
        int headDim = task().shape.headDim();
        Floats.transpose(across, j * Panels.up(headDim, height) * width, width, headDim, n, rows, 0, headDim);
        for (int i = 0; i < n; i++) {
            if (add) {
                Floats.add(rows, i * headDim, shares, to + i * 2 * headDim, headDim);
            } else {
                System.arraycopy(rows, i * headDim, shares, to + i * 2 * headDim, headDim);
            }
        }
    }

    private void storeQueries(int start, int count, Matrix dqkv) {
        int headDim = task().shape.headDim();
        int panels = Panels.up(headDim, width) / width;
        for (int i = 0; i < count; i++) {
            for (int e = 0; e < panels; e++) {
                int from = ((i / height * panels + e) * height + i % height) * width;
                int n = Math.min(width, headDim - e * width);
                long column = (long) task().head * headDim + (long) e * width;
                Floats.copy(dq, from, dqkv.memory(), dqkv.at(start + i, column), n);
            }
        }
    }
}
