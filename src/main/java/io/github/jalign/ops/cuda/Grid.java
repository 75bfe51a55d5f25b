package io.github.jalign.ops.cuda;

/** Launch geometry that kernels share: blocks of {@link #THREADS}, which go on to further elements where blocks run out. */
final class Grid {
    static final int THREADS = 256;

    private static final int ELEMENTS_A_BLOCK = 1024;
    private static final int MOST_BLOCKS = 132 * 16;

    private Grid() {}

    /** For work of so many elements. */
    static int blocks(long elements) {
        return Math.clamp((elements + ELEMENTS_A_BLOCK - 1) / ELEMENTS_A_BLOCK, 1, MOST_BLOCKS);
    }

    /** How many parts of that size cover it. */
    static int parts(int size, int part) {
        return (size + part - 1) / part;
    }
}
