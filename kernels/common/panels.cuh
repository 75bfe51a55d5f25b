// Matrices in shared memory as tensor cores of sm_90a read them, and their products.
#pragma once

#include "wgmma.cuh"

/// Rows of `ROWS` x 64·n bf16 as tensor cores read them: panels of 64 columns one after another, rows of 128 bytes, whose
/// chunks of 16 bytes are exclusive-or'ed with the row's number modulo 8. Starts at a multiple of 1024 bytes.
template <int ROWS>
struct Panels {
    static constexpr int ROW_BYTES = 128, PANEL_BYTES = ROWS * ROW_BYTES;

    /// Bytes from the start to chunk `chunk` (of 8 columns) of row `row`.
    static __device__ __forceinline__ int offset(int row, int chunk) {
        return (chunk >> 3) * PANEL_BYTES + row * ROW_BYTES + (((chunk ^ row) & 7) << 4);
    }
};

/// Threads of a warpgroup, and the rows of its products.
constexpr int WARPGROUP = 128, GROUP_ROWS = 64;

/// c = a · bᵀ, summed along WIDTH columns: 64 rows from row `first` of a, with all ROWS rows of b.
template <int WIDTH, int A_ROWS, int ROWS>
__device__ __forceinline__ void multiply_transposed(float (&c)[ROWS / 8][4], shared_t a, int first, shared_t b) {
    Operand left(a + first * Panels<A_ROWS>::ROW_BYTES, 0), right(b, 0);
#pragma unroll
    for (int k = 0; k < WIDTH / 16; k++) {
        Operand l = left + (k / 4 * Panels<A_ROWS>::PANEL_BYTES + k % 4 * 32);
        Operand r = right + (k / 4 * Panels<ROWS>::PANEL_BYTES + k % 4 * 32);
        if (k == 0) {
            wgmma<false, true>(c, l, r);
        } else {
            wgmma<false, false>(c, l, r);
        }
    }
}

/// c += a · b, summed along the ROWS rows of b: A operands in registers.
template <int WIDTH, int ROWS>
__device__ __forceinline__ void multiply_add(
        float (&c)[WIDTH / 8][4], const uint32_t (&a)[ROWS / 16][1][4], shared_t b) {
    Operand right(b, Panels<ROWS>::PANEL_BYTES);
#pragma unroll
    for (int k = 0; k < ROWS / 16; k++) {
        wgmma<true, false>(c, a[k][0], right + k * 16 * Panels<ROWS>::ROW_BYTES);
    }
}
