package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

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

    /**
     * Copies one panel, all blocks of it.
     *
     * @param source the matrix, its element (0, 0) being the first line's first step
     * @param linesAreRows whether a line is a row of {@code source}; otherwise it is a column
     */
    void pack(Matrix source, boolean linesAreRows, int panel) {
        int line = panel * width;
        int count = Math.min(width, lines - line);
        for (int block = 0; block < blocks(); block++) {
            int to = at(block, panel);
            int step = block * BLOCK;
            if (linesAreRows) {
                packRows(source.memory(), source.at(line, step), source.stride() * 4, count, blockDepth(block), to);
            } else {
                packColumns(source.memory(), source.at(step, line), source.stride() * 4, count, blockDepth(block), to);
            }
        }
    }

    /** Copies all panels. */
    void packAll(Matrix source, boolean linesAreRows) {
        for (int panel = 0; panel < panels(); panel++) {
            pack(source, linesAreRows, panel);
        }
    }

    private void packRows(MemorySegment from, long at, long stride, int count, int steps, int to) {
        int whole = steps - steps % Quads.COUNT;
        for (int line = 0; line < width; line += Quads.COUNT) {
            int present = Math.min(Quads.COUNT, count - line);
            long lineAt = at + line * stride;
            if (present == Quads.COUNT) {
                transposeFour(from, lineAt, stride, whole, data, to + line, width);
                copyStrided(from, lineAt + whole * 4L, stride, 4, Quads.COUNT, steps - whole, data, to + line + whole * width, width);
            } else {
                copyStrided(from, lineAt, stride, 4, present, steps, data, to + line, width);
            }
        }
    }

    private void packColumns(MemorySegment from, long at, long stride, int count, int steps, int to) {
        if (count == width && width % Lanes.COUNT == 0) {
            for (int line = 0; line < width; line += Lanes.COUNT) {
                copyVectors(from, at + line * 4L, stride, steps, data, to + line, width);
            }
            return;
        }
        for (int line = 0; line < width; line += Quads.COUNT) {
            int present = Math.min(Quads.COUNT, count - line);
            if (present == Quads.COUNT) {
                copyFour(from, at + line * 4L, stride, steps, data, to + line, width);
            } else {
                copyStrided(from, at + line * 4L, 4, stride, present, steps, data, to + line, width);
            }
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

    private static void copyVectors(
            MemorySegment from, long at, long stride, int steps, float[] data, int to, int width) {
        for (int k = 0; k < steps; k++) {
            FloatVector.fromMemorySegment(Lanes.SPECIES, from, at + k * stride, Lanes.ORDER)
                    .intoArray(data, to + k * width);
        }
    }

    private static void copyFour(
            MemorySegment from, long at, long stride, int steps, float[] data, int to, int width) {
        for (int k = 0; k < steps; k++) {
            FloatVector.fromMemorySegment(Quads.SPECIES, from, at + k * stride, Lanes.ORDER)
                    .intoArray(data, to + k * width);
        }
    }

    /** Up to four lines at the matrix's edge; those not {@code present} become zero. */
    private static void copyStrided(
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
