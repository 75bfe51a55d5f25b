package io.github.jalign.ops.cpu;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Segments;
import java.util.Arrays;

/**
 * Attention over the segment tree by packed products. A panel of queries (the columns of a tile) meets all keys that it
 * sees; the scores of a panel stand as [key][query], which is at once what softmax along keys wants, one query a lane,
 * and what the product with the values reads:
 *
 * <pre>
 * scores[keys, queries] = K[keys, E]·Q[queries, E]ᵀ    out[E, queries] = V[keys, E]ᵀ·weights[keys, queries]
 * </pre>
 *
 * <p>Sums over keys run in blocks of {@link Panels#BLOCK} from the start of the parent, then from the start of the own
 * segment. Weights that the mask forbids are 0. So a token's result depends on what it sees and on nothing else.
 */
final class AttentionForward {
    /** Panels of queries in a task: enough to pay for packing the keys. */
    private static final int TASK_PANELS = 4;

    private final ThreadTeam team;
    private final MicroKernel kernel;
    private final Member[] members;

    AttentionForward(ThreadTeam team, MicroKernel kernel, int context, int headDim) {
        this.team = team;
        this.kernel = kernel;
        this.members = new Member[team.size()];
        Arrays.setAll(members, i -> new Member(kernel, context, headDim));
    }

    static long floats(int threads, MicroKernel kernel, int context, int headDim) {
        return threads * Member.floats(kernel, context, headDim);
    }

    void run(Matrix qkv, Segments segments, AttentionShape shape, Matrix out, Matrix lse) {
        int chunk = TASK_PANELS * kernel.columns();
        int[] first = new int[segments.count() + 1]; // task of each segment
        for (int s = 0; s < segments.count(); s++) {
            int chunks = (segments.length(s) + chunk - 1) / chunk;
            first[s + 1] = first[s] + chunks * shape.keyValueHeads();
        }
        for (Member member : members) {
            member.forget();
        }
        team.forEach(first[segments.count()], (index, m) -> {
            int s = segmentOf(first, index);
            int chunks = (first[s + 1] - first[s]) / shape.keyValueHeads();
            int within = index - first[s];
            int from = within % chunks * chunk;
            int to = Math.min(segments.length(s), from + chunk);
            members[m].run(qkv, segments, shape, s, within / chunks, from, to, out, lse);
        });
    }

    /** The last s with first[s] at or below the task; segments without tokens have none. */
    private static int segmentOf(int[] first, int task) {
        int s = 0;
        while (first[s + 1] <= task) {
            s++;
        }
        return s;
    }

    /** What one thread needs. */
    private static final class Member {
        private final MicroKernel kernel;
        private final int width;
        private final KeyPanels parent;
        private final KeyPanels own;
        private final Panels queries;
        private final SoftmaxColumns softmax;
        private final float[] mixed;
        private final float[] rows;
        private final float[] tile;
        private int packedSegment;
        private int packedHead;

        Member(MicroKernel kernel, int context, int headDim) {
            this.kernel = kernel;
            this.width = kernel.columns();
            parent = new KeyPanels(kernel, context, headDim);
            own = new KeyPanels(kernel, context, headDim);
            queries = new Panels(width, width * headDim);
            softmax = new SoftmaxColumns(width, context + kernel.rows());
            mixed = new float[Panels.up(headDim, kernel.rows()) * width];
            rows = new float[width * headDim];
            tile = new float[kernel.rows() * width];
        }

        static long floats(MicroKernel kernel, int context, int headDim) {
            int width = kernel.columns();
            return 2 * KeyPanels.floats(kernel, context, headDim)
                    + SoftmaxColumns.floats(width, context + kernel.rows())
                    + (long) Panels.up(headDim, kernel.rows()) * width
                    + 2L * width * headDim
                    + (long) kernel.rows() * width;
        }

        /** The tensors have changed. */
        void forget() {
            packedSegment = -1;
        }

        void run(
                Matrix qkv, Segments segments, AttentionShape shape, int s, int keyValueHead, int from, int to,
                Matrix out, Matrix lse) {
            packKeys(qkv, segments, shape, s, keyValueHead);
            int group = shape.heads() / shape.keyValueHeads();
            for (int head = keyValueHead * group; head < (keyValueHead + 1) * group; head++) {
                for (int q = from; q < to; q += width) {
                    int count = Math.min(width, to - q);
                    int t = segments.start(s) + q;
                    queries.shape(count, shape.headDim());
                    queries.pack(qkv.part(t, (long) head * shape.headDim()), true);
                    panel(shape, segments.parentLength(s), q, count);
                    softmax.divide(mixed, shape.headDim());
                    Floats.transpose(mixed, 0, width, shape.headDim(), count, rows, 0, shape.headDim());
                    store(shape.headDim(), count, out.part(t, (long) head * shape.headDim()));
                    softmax.logSums(count, lse.part(t, head));
                }
            }
        }

        private void packKeys(Matrix qkv, Segments segments, AttentionShape shape, int s, int keyValueHead) {
            if (packedSegment == s && packedHead == keyValueHead) {
                return;
            }
            int parentStart = segments.hasParent(s) ? segments.start(segments.parent(s)) : 0;
            parent.pack(qkv, shape, keyValueHead, parentStart, segments.parentLength(s));
            own.pack(qkv, shape, keyValueHead, segments.start(s), segments.length(s));
            packedSegment = s;
            packedHead = keyValueHead;
        }

        /** Leaves Σ weight · v of {@code count} queries from own token {@code q} on in {@code mixed}, [E][query]. */
        private void panel(AttentionShape shape, int shared, int q, int count) {
            int first = shape.firstVisible(shared + q);
            int parentFrom = Math.min(first, shared) / Panels.BLOCK * Panels.BLOCK;
            int ownFrom = Math.max(0, first - shared) / Panels.BLOCK * Panels.BLOCK;
            int ownTo = q + count;
            if (first < shared) {
                scores(parent.keys(), parentFrom, shared, 0);
            }
            scores(own.keys(), ownFrom, ownTo, shared); // its first tile covers what the parent's last left over
            softmax.begin(shared + q, shape.window(), (float) shape.scale());
            if (first < shared) {
                softmax.maximum(parentFrom, shared);
            }
            softmax.maximum(shared + ownFrom, shared + ownTo);
            boolean add = false;
            for (int k = parentFrom; k < shared && first < shared; k += Panels.BLOCK) {
                mix(parent.values(), k, Math.min(shared, k + Panels.BLOCK), 0, add);
                add = true;
            }
            for (int k = ownFrom; k < ownTo; k += Panels.BLOCK) {
                mix(own.values(), k, Math.min(ownTo, k + Panels.BLOCK), shared, add);
                add = true;
            }
        }

        /** Scores of keys [from, to) of a run, at rows {@code offset + key}. */
        private void scores(Panels keys, int from, int to, int offset) {
            int height = kernel.rows();
            for (int i = from / height; i * height < to; i++) {
                int at = (offset + i * height) * width;
                for (int block = 0; block < keys.blocks(); block++) {
                    Product.tile(
                            kernel, keys.blockDepth(block), keys.data, keys.at(block, i), queries.data,
                            queries.at(block, 0), softmax.scores, at, block > 0, tile);
                }
            }
        }

        /** mixed (+)= V[from, to)ᵀ · weights, for one block of keys. */
        private void mix(Panels values, int from, int to, int offset, boolean add) {
            softmax.exponentials(offset + from, offset + to);
            for (int i = 0; i < values.panels(); i++) {
                Product.tile(
                        kernel, to - from, values.data, values.at(from / Panels.BLOCK, i), softmax.scores,
                        (offset + from) * width, mixed, i * kernel.rows() * width, add, tile);
            }
        }

        private void store(int headDim, int count, Matrix out) {
            for (int i = 0; i < count; i++) {
                Floats.copy(rows, i * headDim, out.memory(), out.at(i, 0), headDim);
            }
        }
    }
}
