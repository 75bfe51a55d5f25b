package io.github.jalign.ops.cuda;

/** Launch geometry that kernels share: blocks of {@link #THREADS}, which go on to further elements where blocks run out. */
final class Grid {
    static final int THREADS = 256;

    private static final int ELEMENTS_A_BLOCK = 1024;
    /** 16 for each multiprocessor of an H200: the same on every card, so that sums by blocks are. */
    private static final int MOST_BLOCKS = 132 * 16;

    private Grid() {}

    /** For work of so many elements. */
    static int blocks(long elements) {
        return Math.clamp(Math.ceilDiv(elements, ELEMENTS_A_BLOCK), 1, MOST_BLOCKS);
    }
}
