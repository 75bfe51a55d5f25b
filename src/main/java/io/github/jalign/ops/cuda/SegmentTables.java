package io.github.jalign.ops.cuda;

import io.github.jalign.ops.Segments;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pack's segment tree as attention kernels read it, int32, sent once a pack:
 *
 * <pre>
 * segments[S][4] = start, length, parent or -1, position of the first token
 * childrenFrom[S + 1], children[]: the segments whose parent each is, in order
 * tiles[N][2] = segment, first row in it; one such list a tile height
 * </pre>
 *
 * Tiles with the most keys come first, so that the last blocks to start are short.
 */
final class SegmentTables {
    private static final int ROW = 4;

    /**
     * Where tiles lie.
     *
     * @param height the most rows of one
     * @param tiles how many
     */
    record TileList(int height, long address, int tiles) {}

    private final Staging staging;
    private final long memory;
    private final long capacity;
    private @Nullable Segments current;
    private long used;
    private long childrenFrom;
    private long children;
    private final List<TileList> queryTiles = new ArrayList<>();
    private final List<TileList> keyTiles = new ArrayList<>();

    /** Bytes for packs of at most {@code tokens}: no more segments than tokens + 1, and four heights of tiles each way. */
    static long bytes(int tokens) {
        return 4L * (tokens + 64L) * 24;
    }

    SegmentTables(Staging staging, long memory, long capacity) {
        this.staging = staging;
        this.memory = memory;
        this.capacity = capacity;
    }

    /** Sends the tree unless it is the one there. */
    void use(Segments segments) {
        if (segments.equals(current)) {
            return;
        }
        current = segments;
        used = 0;
        queryTiles.clear();
        keyTiles.clear();
        int count = segments.count();
        int[] rows = new int[ROW * count];
        int[] from = new int[count + 1];
        int[] list = new int[count];
        for (int s = 0; s < count; s++) {
            rows[ROW * s] = segments.start(s);
            rows[ROW * s + 1] = segments.length(s);
            rows[ROW * s + 2] = segments.parent(s);
            rows[ROW * s + 3] = segments.parentLength(s);
            if (segments.hasParent(s)) {
                from[segments.parent(s) + 1]++;
            }
        }
        for (int s = 0; s < count; s++) {
            from[s + 1] += from[s];
        }
        int[] next = from.clone();
        for (int s = 0; s < count; s++) {
            if (segments.hasParent(s)) {
                list[next[segments.parent(s)]++] = s;
            }
        }
        send(rows);
        childrenFrom = send(from);
        children = send(list);
    }

    long segments() {
        return memory;
    }

    long childrenFrom() {
        return childrenFrom;
    }

    long children() {
        return children;
    }

    /** Tiles of at most {@code height} queries. */
    TileList queryTiles(int height) {
        TileList list = known(queryTiles, height);
        if (list == null) {
            Segments segments = requireCurrent();
            list = tiles(height, (s, row) -> segments.parentLength(s) + row + height);
            queryTiles.add(list);
        }
        return list;
    }

    /** Tiles of at most {@code height} keys. */
    TileList keyTiles(int height) {
        TileList list = known(keyTiles, height);
        if (list == null) {
            Segments segments = requireCurrent();
            int[] below = new int[segments.count()];
            for (int s = 0; s < segments.count(); s++) {
                if (segments.hasParent(s)) {
                    below[segments.parent(s)] += segments.length(s);
                }
            }
            list = tiles(height, (s, row) -> segments.length(s) - row + below[s]);
            keyTiles.add(list);
        }
        return list;
    }

    private static @Nullable TileList known(List<TileList> lists, int height) {
        for (int i = 0; i < lists.size(); i++) {
            if (lists.get(i).height == height) {
                return lists.get(i);
            }
        }
        return null;
    }

    private Segments requireCurrent() {
        if (current == null) {
            throw new IllegalStateException("no segments in use");
        }
        return current;
    }

    @FunctionalInterface
    private interface Work {
        int of(int segment, int row);
    }

    private record Tile(int segment, int row, int work) {}

    private TileList tiles(int height, Work work) {
        Segments segments = requireCurrent();
        List<Tile> tiles = new ArrayList<>();
        for (int s = 0; s < segments.count(); s++) {
            for (int row = 0; row < segments.length(s); row += height) {
                tiles.add(new Tile(s, row, work.of(s, row)));
            }
        }
        tiles.sort(Comparator.comparingInt(Tile::work).reversed());
        int[] flat = new int[2 * tiles.size()];
        for (int i = 0; i < tiles.size(); i++) {
            flat[2 * i] = tiles.get(i).segment;
            flat[2 * i + 1] = tiles.get(i).row;
        }
        return new TileList(height, send(flat), tiles.size());
    }

    private long send(int[] values) {
        long bytes = 4L * values.length;
        if (used + bytes > capacity) {
            throw new IllegalArgumentException(
                    "the tables of " + current + " need more than the " + capacity + " bytes planned");
        }
        long at = memory + used;
        staging.upload(at, bytes, to -> MemorySegment.copy(values, 0, to, ValueLayout.JAVA_INT, 0, values.length));
        used += (bytes + 15) / 16 * 16;
        return at;
    }
}
