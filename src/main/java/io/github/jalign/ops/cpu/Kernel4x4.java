package io.github.jalign.ops.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** 4 rows x 4 vectors, 16 sums: fits one multiply-add unit a cycle (Zen 4), whose cache feeds four vectors of B for sixteen. */
record Kernel4x4() implements MicroKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.COUNT;
    private static final int ROWS = 4;
    private static final int COLUMNS = 4 * L;

    @Override
    public int rows() {
        return ROWS;
    }

    @Override
    public int columns() {
        return COLUMNS;
    }

    @Override
    public void multiply(int depth, float[] a, int aAt, float[] b, int bAt, float[] tile, int at) {
        FloatVector c00 = FloatVector.zero(S), c01 = FloatVector.zero(S), c02 = FloatVector.zero(S), c03 = FloatVector.zero(S);
        FloatVector c10 = FloatVector.zero(S), c11 = FloatVector.zero(S), c12 = FloatVector.zero(S), c13 = FloatVector.zero(S);
        FloatVector c20 = FloatVector.zero(S), c21 = FloatVector.zero(S), c22 = FloatVector.zero(S), c23 = FloatVector.zero(S);
        FloatVector c30 = FloatVector.zero(S), c31 = FloatVector.zero(S), c32 = FloatVector.zero(S), c33 = FloatVector.zero(S);
        for (int k = 0, p = aAt, q = bAt; k < depth; k++, p += ROWS, q += COLUMNS) {
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector b1 = FloatVector.fromArray(S, b, q + L);
            FloatVector b2 = FloatVector.fromArray(S, b, q + 2 * L);
            FloatVector b3 = FloatVector.fromArray(S, b, q + 3 * L);
            FloatVector a0 = FloatVector.broadcast(S, a[p]);
            c00 = a0.fma(b0, c00);
            c01 = a0.fma(b1, c01);
            c02 = a0.fma(b2, c02);
            c03 = a0.fma(b3, c03);
            FloatVector a1 = FloatVector.broadcast(S, a[p + 1]);
            c10 = a1.fma(b0, c10);
            c11 = a1.fma(b1, c11);
            c12 = a1.fma(b2, c12);
            c13 = a1.fma(b3, c13);
            FloatVector a2 = FloatVector.broadcast(S, a[p + 2]);
            c20 = a2.fma(b0, c20);
            c21 = a2.fma(b1, c21);
            c22 = a2.fma(b2, c22);
            c23 = a2.fma(b3, c23);
            FloatVector a3 = FloatVector.broadcast(S, a[p + 3]);
            c30 = a3.fma(b0, c30);
            c31 = a3.fma(b1, c31);
            c32 = a3.fma(b2, c32);
            c33 = a3.fma(b3, c33);
        }
        c00.intoArray(tile, at);
        c01.intoArray(tile, at + L);
        c02.intoArray(tile, at + 2 * L);
        c03.intoArray(tile, at + 3 * L);
        c10.intoArray(tile, at + 4 * L);
        c11.intoArray(tile, at + 5 * L);
        c12.intoArray(tile, at + 6 * L);
        c13.intoArray(tile, at + 7 * L);
        c20.intoArray(tile, at + 8 * L);
        c21.intoArray(tile, at + 9 * L);
        c22.intoArray(tile, at + 10 * L);
        c23.intoArray(tile, at + 11 * L);
        c30.intoArray(tile, at + 12 * L);
        c31.intoArray(tile, at + 13 * L);
        c32.intoArray(tile, at + 14 * L);
        c33.intoArray(tile, at + 15 * L);
    }
}
