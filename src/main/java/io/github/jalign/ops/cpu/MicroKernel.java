package io.github.jalign.ops.cpu;

import io.github.jalign.errors.JalignException;

/**
 * The innermost product: a few rows times a few vectors, held in registers while the depth runs by.
 *
 * <p>Each element is the sum of {@code a·b} over the depth, one fused multiply-add after the other from zero. Every
 * shape computes an element by these same operations, so the choice of a shape is a matter of speed and never of bits.
 *
 * <p>Kernels store to a small array and not to C itself. With the stores to a memory segment in it, the method is too
 * big for one of the JIT's tiers in some launches, and then stays in slow code for good.
 */
sealed interface MicroKernel permits Kernel12x2, Kernel4x4, Kernel4x2 {
    /** Names the shape to use, against the rule: {@code 12x2}, {@code 4x4} or {@code 4x2} (rows x vectors). */
    String PROPERTY = "jalign.cpu.tile";

    /** Rows of C in a tile; A comes in panels [depth][rows]. A multiple of 4. */
    int rows();

    /** Columns of C in a tile, a few whole vectors; B comes in panels [depth][columns]. */
    int columns();

    /**
     * A tile [rows][columns] = A panel times B panel.
     *
     * @param depth steps along the contraction
     * @param aAt where the panel begins in {@code a}; likewise {@code bAt}, and {@code at} for the result
     */
    void multiply(int depth, float[] a, int aAt, float[] b, int bAt, float[] tile, int at);

    /**
     * The kernel that {@value #PROPERTY} names; else 12x2 for 512-bit vectors and 4x2 for narrower ones. 12x2 keeps 24
     * sums in 32 registers and reads two vectors of B for 24 multiply-adds, few enough for two units fed from the
     * second cache level; it reached 92 to 98 % of the peak on such an Intel CPU, 4x4 (the best on Zen 4) 60 %. AVX2
     * has 16 registers, where 4x2 was the best.
     */
    static MicroKernel preferred() {
        String name = System.getProperty(PROPERTY);
        return name != null ? named(name) : Lanes.COUNT >= 16 ? new Kernel12x2() : new Kernel4x2();
    }

    static MicroKernel named(String name) {
        return switch (name) {
            case "12x2" -> new Kernel12x2();
            case "4x4" -> new Kernel4x4();
            case "4x2" -> new Kernel4x2();
            default -> throw new JalignException(
                    JalignException.Kind.USAGE,
                    "-D" + PROPERTY,
                    "the micro-kernel must be one that jalign has",
                    name,
                    "12x2, 4x4 or 4x2 (rows x vectors)",
                    "name one of these, or leave the property out");
        };
    }
}
