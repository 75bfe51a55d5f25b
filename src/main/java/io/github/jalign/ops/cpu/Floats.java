package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Vector loops over arrays, which is where panels and tiles live. */
final class Floats {
    private static final int L = Lanes.COUNT;

    private Floats() {}

    /** y += x over {@code n} floats. */
    static void add(float[] x, int xAt, float[] y, int yAt, int n) {
        int body = Lanes.body(n);
        for (int i = 0; i < body; i += L) {
            load(y, yAt + i).add(load(x, xAt + i)).intoArray(y, yAt + i);
        }
        if (body < n) {
            VectorMask<Float> m = Lanes.tail(n);
            FloatVector sum = FloatVector.fromArray(Lanes.SPECIES, y, yAt + body, m)
                    .add(FloatVector.fromArray(Lanes.SPECIES, x, xAt + body, m));
            sum.intoArray(y, yAt + body, m);
        }
    }

    /** Copies {@code n} floats to byte {@code at} of a segment. */
    static void copy(float[] x, int xAt, MemorySegment to, long at, int n) {
        MemorySegment.copy(x, xAt, to, Lanes.FLOAT, at, n);
    }

    static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(Lanes.SPECIES, x, at);
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
            FloatVector r0 = FloatVector.fromArray(Quads.SPECIES, from, at + c);
            FloatVector r1 = FloatVector.fromArray(Quads.SPECIES, from, at + stride + c);
            FloatVector r2 = FloatVector.fromArray(Quads.SPECIES, from, at + 2 * stride + c);
            FloatVector r3 = FloatVector.fromArray(Quads.SPECIES, from, at + 3 * stride + c);
            FloatVector even01 = Quads.evens(r0, r1);
            FloatVector odd01 = Quads.odds(r0, r1);
            FloatVector even23 = Quads.evens(r2, r3);
            FloatVector odd23 = Quads.odds(r2, r3);
            int q = toAt + c * toStride;
            Quads.lows(even01, even23).intoArray(to, q);
            Quads.lows(odd01, odd23).intoArray(to, q + toStride);
            Quads.highs(even01, even23).intoArray(to, q + 2 * toStride);
            Quads.highs(odd01, odd23).intoArray(to, q + 3 * toStride);
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
