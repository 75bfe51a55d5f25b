package io.github.jalign.convert;

import java.lang.foreign.MemorySegment;

/**
 * The two orders of the rows of q and k. With E rows a head, transformers turns row i of a head against row i + E/2;
 * llama.cpp, for most architectures, row 2i against row 2i + 1. The same model, its rows lie in another order.
 */
final class HeadRows {
    private HeadRows() {}

    /**
     * From transformers' order to llama.cpp's.
     *
     * @param rows of all heads, in both segments; a bias is a matrix of one column
     */
    static void interleave(MemorySegment source, MemorySegment target, int heads, long rows) {
        reorder(source, target, heads, rows, true);
    }

    /** From llama.cpp's order to transformers'. */
    static void separate(MemorySegment source, MemorySegment target, int heads, long rows) {
        reorder(source, target, heads, rows, false);
    }

    private static void reorder(
            MemorySegment source, MemorySegment target, int heads, long rows, boolean interleave) {
        long bytes = source.byteSize() / rows;
        long half = rows / heads / 2;
        for (long head = 0; head < heads; head++) {
            long first = head * 2 * half;
            for (long i = 0; i < half; i++) {
                for (long part = 0; part < 2; part++) {
                    long separate = first + part * half + i;
                    long interleaved = first + 2 * i + part;
                    long from = interleave ? separate : interleaved;
                    long to = interleave ? interleaved : separate;
                    MemorySegment.copy(source, from * bytes, target, to * bytes, bytes);
                }
            }
        }
    }
}
