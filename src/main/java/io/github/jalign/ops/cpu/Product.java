package io.github.jalign.ops.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The product of two packed factors, tile by tile. An element of C is {@code c = (c +) s0 + s1 + ...} in this order, where
 * each {@code s} is one block's sum of {@link MicroKernel}: the same operations wherever the element stands.
 */
final class Product {
    private Product() {}

    /**
     * c[rows][columns] = A·B or {@code +=} for whole panels [rowPanel, rowPanelEnd) x [columnPanel, columnPanelEnd).
     *
     * @param c the whole product, {@code rows x columns}
     * @param tile scratch of rows() x columns() of the kernel
     */
    static void multiply(
            MicroKernel kernel,
            Panels a,
            Panels b,
            Matrix c,
            int rows,
            int columns,
            int rowPanel,
            int rowPanelEnd,
            int columnPanel,
            int columnPanelEnd,
            boolean accumulate,
            float[] tile) {
        int height = kernel.rows();
        int width = kernel.columns();
        for (int block = 0; block < a.blocks(); block++) {
            int depth = a.blockDepth(block);
            boolean add = accumulate || block > 0;
            for (int j = columnPanel; j < columnPanelEnd; j++) {
                int present = Math.min(width, columns - j * width);
                for (int i = rowPanel; i < rowPanelEnd; i++) {
                    kernel.multiply(depth, a.data, a.at(block, i), b.data, b.at(block, j), tile, 0);
                    int tileRows = Math.min(height, rows - i * height);
                    long at = c.at((long) i * height, (long) j * width);
                    if (present == width) {
                        store(tile, width, tileRows, c.memory(), at, c.stride() * 4, add);
                    } else {
                        storeEdge(tile, width, tileRows, present, c.memory(), at, c.stride() * 4, add);
                    }
                }
            }
        }
    }

    /**
     * to[rows][columns] = a panel times a panel, or {@code +=}, in an array.
     *
     * @param tile scratch of rows() x columns() of the kernel
     */
    static void tile(
            MicroKernel kernel, int depth, float[] a, int aAt, float[] b, int bAt, float[] to, int toAt, boolean add,
            float[] tile) {
        if (add) {
            kernel.multiply(depth, a, aAt, b, bAt, tile, 0);
            Floats.add(tile, 0, to, toAt, kernel.rows() * kernel.columns());
        } else {
            kernel.multiply(depth, a, aAt, b, bAt, to, toAt);
        }
    }

    private static void store(
            float[] tile, int width, int rows, MemorySegment c, long at, long stride, boolean add) {
        for (int i = 0; i < rows; i++) {
            if (add) {
                addRow(tile, i * width, width, c, at + i * stride);
            } else {
                setRow(tile, i * width, width, c, at + i * stride);
            }
        }
    }

    private static void setRow(float[] tile, int from, int width, MemorySegment c, long at) {
        for (int j = 0; j < width; j += Lanes.COUNT) {
            FloatVector.fromArray(Lanes.SPECIES, tile, from + j).intoMemorySegment(c, at + j * 4L, Lanes.ORDER);
        }
    }

    private static void addRow(float[] tile, int from, int width, MemorySegment c, long at) {
        for (int j = 0; j < width; j += Lanes.COUNT) {
            FloatVector.fromMemorySegment(Lanes.SPECIES, c, at + j * 4L, Lanes.ORDER)
                    .add(FloatVector.fromArray(Lanes.SPECIES, tile, from + j))
                    .intoMemorySegment(c, at + j * 4L, Lanes.ORDER);
        }
    }

    private static void storeEdge(
            float[] tile, int width, int rows, int columns, MemorySegment c, long at, long stride, boolean add) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                long p = at + i * stride + j * 4L;
                float sum = tile[i * width + j];
                c.set(Lanes.FLOAT, p, add ? c.get(Lanes.FLOAT, p) + sum : sum);
            }
        }
    }
}
