package io.github.jalign.ops.cuda;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;

/** Launches attention's kernels with the tables and scratch that they need. */
final class CudaAttention {
    /** Cache rows that one block of decoding looks at. */
    private static final int PIECE = 256;

    private static final long PIECE_BUDGET = 32L << 20;

    /** Of the kernels that are not tiled. */
    private static final int THREADS = 256;

    private final Modules modules;
    private final Launch launch;
    private final SegmentTables tables;
    private final Tensor delta;
    private final Tensor pieces;
    private final Workload load;
    private final AttentionTiles.Products products;

    CudaAttention(
            Modules modules, Launch launch, Staging staging, TensorArena workspace, Workload load,
            AttentionTiles.Products products) {
        this.modules = modules;
        this.launch = launch;
        Tensor memory = workspace.get("tables");
        this.tables = new SegmentTables(staging, DeviceMemory.addressOf(memory), memory.elements());
        this.delta = workspace.get("delta");
        this.pieces = workspace.get("pieces");
        this.load = load;
        this.products = products;
    }

    /** Room for the pieces of as many rows as fit a budget, and at least of one. */
    static long pieceBytes(Workload load) {
        long row = pieceBytesOfRow(load.heads(), load.headDim(), load.context());
        return Math.max(row, Math.min(PIECE_BUDGET, row * load.tokens()));
    }

    /** A maximum, a sum and a weighted value for each head and piece. */
    private static long pieceBytesOfRow(int heads, int headDim, int capacity) {
        return 4L * heads * (headDim + 2) * Math.ceilDiv(capacity, PIECE);
    }

    private AttentionTiles tiles(Tensor qkv, AttentionShape shape) {
        return AttentionTiles.of(qkv.dtype(), shape.headDim(), products);
    }

    private void check(Segments segments, AttentionShape shape) {
        if (segments.tokens() > load.tokens() || shape.heads() > load.heads()) {
            throw new IllegalArgumentException("%d tokens and %d heads, but reserved were %d and %d"
                    .formatted(segments.tokens(), shape.heads(), load.tokens(), load.heads()));
        }
    }

    void forward(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse) {
        check(segments, shape);
        tables.use(segments);
        AttentionTiles.Instance instance = tiles(qkv, shape).forward();
        SegmentTables.TileList list = tables.queryTiles(instance.rows());
        launch.with()
                .matrix(qkv)
                .matrix(out)
                .tensor(lse)
                .address(tables.segments())
                .address(list.address())
                .size(shape.heads())
                .size(shape.keyValueHeads())
                .size(shape.headDim())
                .size(shape.window())
                .number(shape.scale())
                .run(kernel(instance), list.tiles(), shape.heads(), 1, instance.threads(), instance.sharedBytes());
    }

    private Modules.Kernel kernel(AttentionTiles.Instance instance) {
        return modules.kernel("attention", instance.name());
    }

    void backward(
            Tensor dout, Tensor qkv, Tensor out, Tensor lse, Segments segments, AttentionShape shape, Tensor dqkv) {
        check(segments, shape);
        tables.use(segments);
        launch.with()
                .matrix(out)
                .matrix(dout)
                .tensor(delta)
                .size(segments.tokens())
                .size(shape.heads())
                .size(shape.headDim())
                .run(
                        modules.kernel("attention", "attention_delta", qkv.dtype()),
                        Math.ceilDiv(segments.tokens() * shape.heads(), THREADS / deltaLanes(shape)),
                        THREADS);
        AttentionTiles tiles = tiles(qkv, shape);
        AttentionTiles.Instance dkv = tiles.dkv();
        SegmentTables.TileList keys = tables.keyTiles(dkv.rows());
        gradient(dout, qkv, lse, dqkv)
                .address(tables.segments())
                .address(tables.childrenFrom())
                .address(tables.children())
                .address(keys.address())
                .size(shape.heads())
                .size(shape.keyValueHeads())
                .size(shape.headDim())
                .size(shape.window())
                .number(shape.scale())
                .run(kernel(dkv), keys.tiles(), shape.keyValueHeads(), 1, dkv.threads(), dkv.sharedBytes());
        AttentionTiles.Instance dq = tiles.dq();
        SegmentTables.TileList queries = tables.queryTiles(dq.rows());
        gradient(dout, qkv, lse, dqkv)
                .address(tables.segments())
                .address(queries.address())
                .size(shape.heads())
                .size(shape.keyValueHeads())
                .size(shape.headDim())
                .size(shape.window())
                .number(shape.scale())
                .run(kernel(dq), queries.tiles(), shape.heads(), 1, dq.threads(), dq.sharedBytes());
    }

    /** Threads of {@code attention_delta} that share a head. */
    private static int deltaLanes(AttentionShape shape) {
        return shape.headDim() > 64 ? 16 : 8;
    }

    private Launch gradient(Tensor dout, Tensor qkv, Tensor lse, Tensor dqkv) {
        return launch.with().matrix(qkv).matrix(dout).tensor(lse).tensor(delta).matrix(dqkv);
    }

    void append(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {
        launch.with()
                .matrix(qkv)
                .tensor(slots)
                .tensor(keys)
                .tensor(values)
                .size(qkv.rows())
                .size(shape.heads())
                .size(shape.keyValueHeads())
                .size(shape.headDim())
                .run(modules.kernel("attention", "append_to_cache", qkv.dtype()), qkv.rows(), THREADS);
    }

    void cached(Tensor qkv, Tensor keys, Tensor values, Tensor slots, AttentionShape shape, Tensor out) {
        int capacity = keys.rows();
        int most = (int) Math.min(
                qkv.rows(), pieces.elements() / pieceBytesOfRow(shape.heads(), shape.headDim(), capacity));
        if (most == 0) {
            throw new IllegalArgumentException(capacity + " cached tokens, but reserved were " + load.context());
        }
        for (int from = 0; from < qkv.rows(); from += most) {
            int rows = Math.min(most, qkv.rows() - from);
            int count = Math.ceilDiv(capacity, PIECE);
            launch.with()
                    .matrix(qkv.rows(from, rows))
                    .tensor(keys)
                    .tensor(values)
                    .tensor(slots.columns(from, rows))
                    .tensor(pieces)
                    .size(shape.heads())
                    .size(shape.keyValueHeads())
                    .size(shape.headDim())
                    .size(shape.window())
                    .number(shape.scale())
                    .run(
                            modules.kernel("attention", "attention_cached", qkv.dtype()),
                            rows, shape.keyValueHeads(), count, THREADS, 0);
            launch.with()
                    .tensor(pieces)
                    .tensor(slots.columns(from, rows))
                    .matrix(out.rows(from, rows))
                    .size(shape.heads())
                    .size(shape.headDim())
                    .size(shape.window())
                    .size(capacity)
                    .run(
                            modules.kernel("attention", "attention_cached_join", qkv.dtype()),
                            rows, shape.heads(), 1, THREADS, 0);
        }
    }
}
