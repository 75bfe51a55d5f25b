package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * One factor of a product, copied into the order in which the micro-kernel reads it. The factor is a set of lines (rows
 * of A, or columns of B) of a common depth. They are cut into blocks of {@link #BLOCK} along the depth and, within a
 * block, into panels of {@code width} lines; a panel holds [depth of the block][width]. Lines that fill up the last panel
 * are zero.
 */
final class Panels {
    /**
     * Steps along the depth that are summed in registers before they are added to C. Part of the definition of a
     * product's bits, so the same for every shape, tile and CPU. With 12x2 tiles a panel of B then takes 24 KiB of the
     * first cache level.
     */
    static final int BLOCK = 192;

    private static final int L = Lanes.COUNT;

    final float[] data;
    private final int width;
    private int lines;
    private int depth;

    /**
     * @param width lines in a panel, a multiple of 4
     * @param capacity floats to hold, at most
     */
    Panels(int width, int capacity) {
        this.width = width;
        data = new float[capacity];
    }

    /** What a factor of so many lines takes. */
    static int floats(int width, int lines, int depth) {
        return Math.multiplyExact(up(lines, width), depth);
    }

    /** The next multiple of {@code to}. */
    static int up(int n, int to) {
        return (n + to - 1) / to * to;
    }

    /** Says what is packed next. */
    void shape(int lines, int depth) {
        if ((long) up(lines, width) * depth > data.length) {
            throw new IllegalArgumentException(
                    lines + " lines of depth " + depth + " do not fit " + data.length + " floats");
        }
        this.lines = lines;
        this.depth = depth;
    }

    int panels() {
        return up(lines, width) / width;
    }

    int blocks() {
        return (depth + BLOCK - 1) / BLOCK;
    }

    int blockDepth(int block) {
        return Math.min(BLOCK, depth - block * BLOCK);
    }

    /** Where in {@link #data} the panel of a block begins. */
    int at(int block, int panel) {
        return block * BLOCK * panels() * width + panel * width * blockDepth(block);
    }

    /** Copies all panels of a source whose lines are its rows, or its columns. */
    void pack(Matrix source, boolean linesAreRows) {
        pack(source, linesAreRows, 0, panels());
    }

    /**
     * Copies panels [from, to), all blocks of them.
     *
     * @param source its element (0, 0) is the first line's first step
     */
    void pack(Matrix source, boolean linesAreRows, int from, int to) {
        if (linesAreRows) {
            for (int panel = from; panel < to; panel++) {
                for (int i = 0; i < width; i += Quads.COUNT) {
                    packRows(source, panel, i);
                }
            }
        } else {
            for (int block = 0; block < blocks(); block++) {
                packColumns(source, block, from, to);
            }
        }
    }

    /** Four lines from line {@code i} of a panel on, read from end to end. */
    private void packRows(Matrix source, int panel, int i) {
        int line = panel * width + i;
        int present = Math.min(Quads.COUNT, lines - line);
        for (int block = 0; block < blocks(); block++) {
            int steps = blockDepth(block);
            int whole = present == Quads.COUNT ? steps - steps % Quads.COUNT : 0;
            int to = at(block, panel) + i;
            long at = source.at(line, (long) block * BLOCK);
            long stride = source.stride() * 4;
            transposeFour(source.memory(), at, stride, whole, data, to, width);
            copyOnes(source.memory(), at + whole * 4L, stride, 4, present, steps - whole, data, to + whole * width, width);
        }
    }

    /** Each row of the source is read along all the panels before the next. */
    private void packColumns(Matrix source, int block, int from, int to) {
        int steps = blockDepth(block);
        int whole = Math.clamp(lines / width, from, to); // panels before this one are full
        int size = width * steps;
        long at = source.at((long) block * BLOCK, (long) from * width);
        long stride = source.stride() * 4;
        if (width % L == 0) {
            copyWhole(source.memory(), at, stride, steps, whole - from, width, size, data, at(block, from));
        } else {
            for (int v = 0; v < width; v += L) {
                VectorMask<Float> mask = Lanes.SPECIES.indexInRange(v, width);
                copyPart(
                        source.memory(), at + v * 4L, stride, steps, whole - from, width, size, mask, data,
                        at(block, from) + v);
            }
        }
        for (int i = 0; whole < to && i < width; i += Quads.COUNT) {
            int line = whole * width + i;
            long edge = source.at((long) block * BLOCK, line);
            copyOnes(source.memory(), edge, 4, stride, lines - line, steps, data, at(block, whole) + i, width);
        }
    }

    /** Four rows to four lanes, four steps at a time. */
    private static void transposeFour(
            MemorySegment from, long at, long stride, int steps, float[] data, int to, int width) {
        for (int k = 0; k < steps; k += Quads.COUNT) {
            long p = at + k * 4L;
            FloatVector r0 = FloatVector.fromMemorySegment(Quads.SPECIES, from, p, Lanes.ORDER);
            FloatVector r1 = FloatVector.fromMemorySegment(Quads.SPECIES, from, p + stride, Lanes.ORDER);
            FloatVector r2 = FloatVector.fromMemorySegment(Quads.SPECIES, from, p + 2 * stride, Lanes.ORDER);
            FloatVector r3 = FloatVector.fromMemorySegment(Quads.SPECIES, from, p + 3 * stride, Lanes.ORDER);
            FloatVector e0 = r0.blend(r1.rearrange(Quads.SWAP), Quads.ODD);
            FloatVector e1 = r2.blend(r3.rearrange(Quads.SWAP), Quads.ODD);
            FloatVector o0 = r0.rearrange(Quads.SWAP).blend(r1, Quads.ODD);
            FloatVector o1 = r2.rearrange(Quads.SWAP).blend(r3, Quads.ODD);
            int q = to + k * width;
            e0.blend(e1.rearrange(Quads.TURN), Quads.HIGH).intoArray(data, q);
            o0.blend(o1.rearrange(Quads.TURN), Quads.HIGH).intoArray(data, q + width);
            e0.rearrange(Quads.TURN).blend(e1, Quads.HIGH).intoArray(data, q + 2 * width);
            o0.rearrange(Quads.TURN).blend(o1, Quads.HIGH).intoArray(data, q + 3 * width);
        }
    }

    /** Panels of whole vectors from the rows of a source. */
    private static void copyWhole(
            MemorySegment from, long at, long stride, int steps, int panels, int width, int size, float[] data, int to) {
        for (int k = 0; k < steps; k++) {
            for (int panel = 0; panel < panels; panel++) {
                for (int v = 0; v < width; v += L) {
                    long p = at + k * stride + ((long) panel * width + v) * 4;
                    FloatVector.fromMemorySegment(Lanes.SPECIES, from, p, Lanes.ORDER)
                            .intoArray(data, to + panel * size + k * width + v);
                }
            }
        }
    }

    /** The masked lanes of one vector of each panel. */
    private static void copyPart(
            MemorySegment from, long at, long stride, int steps, int panels, int width, int size,
            VectorMask<Float> mask, float[] data, int to) {
        for (int k = 0; k < steps; k++) {
            for (int panel = 0; panel < panels; panel++) {
                long p = at + k * stride + (long) panel * width * 4;
                FloatVector.fromMemorySegment(Lanes.SPECIES, from, p, Lanes.ORDER, mask)
                        .intoArray(data, to + panel * size + k * width, mask);
            }
        }
    }

    /** Four lines at a matrix's edge, of which those not {@code present} become zero. */
    private static void copyOnes(
            MemorySegment from,
            long at,
            long lineStride,
            long stepStride,
            int present,
            int steps,
            float[] data,
            int to,
            int width) {
        for (int k = 0; k < steps; k++) {
            for (int i = 0; i < Quads.COUNT; i++) {
                data[to + k * width + i] = i < present
                        ? from.get(Lanes.FLOAT, at + i * lineStride + k * stepStride)
                        : 0;
            }
        }
    }
}
