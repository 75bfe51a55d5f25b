package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Vector loops over arrays, which is where panels and tiles live. */
final class Floats {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;

    private Floats() {}

    /** y += x over {@code n} floats. */
    static void add(float[] x, int xAt, float[] y, int yAt, int n) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            FloatVector.fromArray(S, y, yAt + i).add(FloatVector.fromArray(S, x, xAt + i)).intoArray(y, yAt + i);
        }
        for (int i = body; i < n; i++) {
            y[yAt + i] += x[xAt + i];
        }
    }

    /** Copies {@code n} floats to byte {@code at} of a segment. */
    static void copy(float[] x, int xAt, MemorySegment to, long at, int n) {
        MemorySegment.copy(x, xAt, to, Lanes.FLOAT, at, n);
    }

    /** to[c][r] = from[r][c] for {@code rows} r and {@code cols} c; strides are floats from one row to the next. */
    static void transpose(
            float[] from, int at, int stride, int rows, int cols, float[] to, int toAt, int toStride) {
        int wholeRows = rows - rows % Quads.COUNT;
        int wholeCols = cols - cols % Quads.COUNT;
        for (int r = 0; r < wholeRows; r += Quads.COUNT) {
            transposeFour(from, at + r * stride, stride, wholeCols, to, toAt + r, toStride);
        }
        transposeOnes(from, at, stride, wholeRows, wholeCols, cols, to, toAt, toStride);
        transposeOnes(from, at + wholeRows * stride, stride, rows - wholeRows, 0, cols, to, toAt + wholeRows, toStride);
    }

    private static void transposeFour(
            float[] from, int at, int stride, int cols, float[] to, int toAt, int toStride) {
        for (int c = 0; c < cols; c += Quads.COUNT) {
            int p = at + c;
            FloatVector r0 = FloatVector.fromArray(Quads.SPECIES, from, p);
            FloatVector r1 = FloatVector.fromArray(Quads.SPECIES, from, p + stride);
            FloatVector r2 = FloatVector.fromArray(Quads.SPECIES, from, p + 2 * stride);
            FloatVector r3 = FloatVector.fromArray(Quads.SPECIES, from, p + 3 * stride);
            FloatVector e0 = r0.blend(r1.rearrange(Quads.SWAP), Quads.ODD);
            FloatVector e1 = r2.blend(r3.rearrange(Quads.SWAP), Quads.ODD);
            FloatVector o0 = r0.rearrange(Quads.SWAP).blend(r1, Quads.ODD);
            FloatVector o1 = r2.rearrange(Quads.SWAP).blend(r3, Quads.ODD);
            int q = toAt + c * toStride;
            e0.blend(e1.rearrange(Quads.TURN), Quads.HIGH).intoArray(to, q);
            o0.blend(o1.rearrange(Quads.TURN), Quads.HIGH).intoArray(to, q + toStride);
            e0.rearrange(Quads.TURN).blend(e1, Quads.HIGH).intoArray(to, q + 2 * toStride);
            o0.rearrange(Quads.TURN).blend(o1, Quads.HIGH).intoArray(to, q + 3 * toStride);
        }
    }

    private static void transposeOnes(
            float[] from, int at, int stride, int rows, int firstCol, int cols, float[] to, int toAt, int toStride) {
        for (int r = 0; r < rows; r++) {
            for (int c = firstCol; c < cols; c++) {
                to[toAt + c * toStride + r] = from[at + r * stride + c];
            }
        }
    }
}
