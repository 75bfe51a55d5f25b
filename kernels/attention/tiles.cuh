// Tiles of bf16 in shared memory and products of them on tensor cores.
#pragma once

#include "../common/mma.cuh"

/// ROWS rows of WIDTH bf16 in shared memory, in chunks of 16 bytes whose place in the row is exclusive-or'ed with the
/// row's number, so that the 8 rows of one chunk column, which ldmatrix reads together, lie in different banks. The
/// tile starts at a multiple of 128 bytes.
template <int WIDTH>
struct Tile {
    static_assert(WIDTH == 64 || WIDTH == 96 || WIDTH == 128, "rows of other widths need another swizzle");
    static constexpr int ROW_BYTES = 2 * WIDTH;
    static constexpr int CHUNKS = WIDTH / 8;
    // Rows of 192 bytes start at two bank offsets in turn; four places are then enough for the other factor of 8.
    static constexpr int PLACES = WIDTH == 96 ? 4 : 8;

    static __device__ __forceinline__ int turn(int row) { return WIDTH == 96 ? (row >> 1) & 3 : row & 7; }

    /// Bytes from the tile's start to chunk `chunk` of row `row`.
    static __device__ __forceinline__ int offset(int row, int chunk) {
        return row * ROW_BYTES + (chunk & ~(PLACES - 1)) * 16 + (((chunk ^ turn(row)) & (PLACES - 1)) << 4);
    }
};

/// A walk along the chunks of one row of a tile, in steps of two chunks (16 columns). Row and parity of the first chunk
/// are the thread's own; `step` and `row` are known when compiled.
template <int WIDTH>
struct Cursor {
    shared_t first;

    __device__ __forceinline__ Cursor(int row, int odd) : first(Tile<WIDTH>::offset(row, odd)) {}

    /// The address in the tile at `tile`, `rows` (a multiple of 8) below, `step` steps to the right.
    __device__ __forceinline__ shared_t at(shared_t tile, int rows, int step) const {
        constexpr int PLACES = Tile<WIDTH>::PLACES;
        return ((tile + first) ^ ((2 * step & (PLACES - 1)) << 4)) + (2 * step & ~(PLACES - 1)) * 16 +
                rows * Tile<WIDTH>::ROW_BYTES;
    }
};

/// A operand, rows [16·i, 16·i + 16) and columns [16·step, 16·step + 16) of a tile.
template <int WIDTH>
struct RowsOf : Cursor<WIDTH> {
    __device__ __forceinline__ explicit RowsOf(int lane) : Cursor<WIDTH>(lane & 15, lane >> 4) {}
};

/// B operand of two neighbouring products, k along the columns: rows [16·j, 16·j + 16) are the products' columns.
/// After ldmatrix_x4, r[0..1] belong to the first 8 of them and r[2..3] to the others.
template <int WIDTH>
struct ColumnsOf : Cursor<WIDTH> {
    __device__ __forceinline__ explicit ColumnsOf(int lane)
        : Cursor<WIDTH>((lane & 7) + ((lane >> 4) << 3), (lane >> 3) & 1) {}
};

/// A operands of 16 · M rows, all of their columns, in registers.
template <int WIDTH, int M>
struct Kept {
    uint32_t a[WIDTH / 16][M][4];

    __device__ __forceinline__ void read(shared_t tile, RowsOf<WIDTH> rows) {
#pragma unroll
        for (int k = 0; k < WIDTH / 16; k++) {
#pragma unroll
            for (int m = 0; m < M; m++) {
                ldmatrix_x4(a[k][m], rows.at(tile, 16 * m, k));
            }
        }
    }
};

/// One step of c += a · bᵀ, 16 columns further.
template <int WIDTH, int M, int N>
__device__ __forceinline__ void multiply_step(
        float (&c)[M][N][4], const uint32_t (&a)[M][4], shared_t tile, ColumnsOf<WIDTH> columns, int k) {
#pragma unroll
    for (int n = 0; n < N; n += 2) {
        uint32_t b[4];
        ldmatrix_x4(b, columns.at(tile, 8 * n, k));
#pragma unroll
        for (int m = 0; m < M; m++) {
            mma_m16n8k16(c[m][n], a[m], b);
            mma_m16n8k16(c[m][n + 1], a[m], b + 2);
        }
    }
}

/// c += a · bᵀ: 16 · M kept rows, and the tile's first 8 · N rows.
template <int WIDTH, int M, int N>
__device__ __forceinline__ void multiply(
        float (&c)[M][N][4], const Kept<WIDTH, M>& kept, shared_t b, ColumnsOf<WIDTH> columns) {
#pragma unroll
    for (int k = 0; k < WIDTH / 16; k++) {
        multiply_step<WIDTH>(c, kept.a[k], b, columns, k);
    }
}

/// The same, with the first 16 · M rows of another tile.
template <int WIDTH, int M, int N>
__device__ __forceinline__ void multiply(
        float (&c)[M][N][4], shared_t a, RowsOf<WIDTH> rows, shared_t b, ColumnsOf<WIDTH> columns) {
#pragma unroll
    for (int k = 0; k < WIDTH / 16; k++) {
        uint32_t fragment[M][4];
#pragma unroll
        for (int m = 0; m < M; m++) {
            ldmatrix_x4(fragment[m], rows.at(a, 16 * m, k));
        }
        multiply_step<WIDTH>(c, fragment, b, columns, k);
    }
}

/// c += a · b: A operands of 16 · K columns, and the tile's first 16 · K rows.
template <int WIDTH, int M, int K>
__device__ __forceinline__ void multiply(
        float (&c)[M][WIDTH / 8][4], const uint32_t (&a)[K][M][4], shared_t tile, RowsOf<WIDTH> rows) {
#pragma unroll
    for (int k = 0; k < K; k++) {
#pragma unroll
        for (int d = 0; d < WIDTH / 8; d += 2) {
            uint32_t b[4];
            ldmatrix_x4_trans(b, rows.at(tile, 16 * k, d / 2));
#pragma unroll
            for (int m = 0; m < M; m++) {
                mma_m16n8k16(c[m][d], a[k][m], b);
                mma_m16n8k16(c[m][d + 1], a[k][m], b + 2);
            }
        }
    }
}

/// Where mma leaves C, element e of fragment n as element (n & 1) · 2 + (e >> 1) of A operand n / 2: c rounded to bf16.
template <int M, int N>
__device__ __forceinline__ void as_operand(const float (&c)[M][N][4], uint32_t (&a)[N / 2][M][4]) {
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int n = 0; n < N; n++) {
            a[n / 2][m][(n & 1) * 2] = pack2(c[m][n][0], c[m][n][1]);
            a[n / 2][m][(n & 1) * 2 + 1] = pack2(c[m][n][2], c[m][n][3]);
        }
    }
}

/// How THREADS threads share out the chunks of a tile: neighbours take the chunks of one row.
template <int WIDTH, int THREADS>
struct Share {
    static constexpr int LANES = WIDTH == 96 ? 4 : 8; // that share a row
    static constexpr int STEP = THREADS / LANES;
    int row, chunk; // the thread's first

    __device__ __forceinline__ explicit Share(int thread) : row(thread / LANES), chunk(thread % LANES) {}
};

/// Copies the first `rows` rows, E elements each, from global memory into a tile of ROWS rows; the rest of it becomes 0.
/// With `vector` (rows aligned to 16 bytes, E a multiple of 8) by cp.async, else by plain loads.
template <int WIDTH, int ROWS, int THREADS, class Layout = Tile<WIDTH>>
__device__ __forceinline__ void load_tile(
        unsigned char* tile, const bf16* __restrict__ from, long long stride, int rows, int E, bool vector) {
    Share<WIDTH, THREADS> mine(threadIdx.x);
    if (vector) {
        shared_t to = shared_address(tile);
        const bf16* source = from + mine.row * stride + mine.chunk * 8;
#pragma unroll
        for (int i = 0; i < ROWS; i += mine.STEP) {
            int row = i + mine.row;
#pragma unroll
            for (int c = 0; c < Tile<WIDTH>::CHUNKS; c += mine.LANES) {
                int chunk = c + mine.chunk;
                bool there = row < rows && chunk * 8 < E;
                cp_async_16(to + Layout::offset(row, chunk), there ? source + c * 8 : from, there ? 16 : 0);
            }
            source += mine.STEP * stride;
        }
    } else {
        for (int row = mine.row; row < ROWS; row += mine.STEP) {
            for (int chunk = mine.chunk; chunk < Tile<WIDTH>::CHUNKS; chunk += mine.LANES) {
                float v[8];
                load(from + row * stride + chunk * 8, row < rows ? E - chunk * 8 : 0, false, v);
                store_vector(reinterpret_cast<bf16*>(tile + Layout::offset(row, chunk)), v);
            }
        }
    }
}

/// Writes a warp's accumulators of 16 · M rows (c[m][n] as mma leaves them, times `factor` of the row) to the first
/// `rows` rows in global memory, by way of the tile's rows from `first` on, which are this warp's alone.
template <int WIDTH, int M, class Layout = Tile<WIDTH>>
__device__ __forceinline__ void store_tile(
        unsigned char* tile, int first, const float (&c)[M][WIDTH / 8][4], const float (&factor)[M][2],
        bf16* __restrict__ to, long long stride, int rows, int E, bool vector) {
    int lane = threadIdx.x & 31;
    __syncwarp();
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int row = first + m * 16 + half * 8 + (lane >> 2);
#pragma unroll
            for (int n = 0; n < WIDTH / 8; n++) {
                *reinterpret_cast<uint32_t*>(tile + Layout::offset(row, n) + (lane & 3) * 4) =
                        pack2(c[m][n][2 * half] * factor[m][half], c[m][n][2 * half + 1] * factor[m][half]);
            }
        }
    }
    __syncwarp();
    Share<WIDTH, 32> mine(lane);
#pragma unroll
    for (int i = 0; i < 16 * M; i += mine.STEP) {
        int row = i + mine.row;
#pragma unroll
        for (int n = 0; n < Tile<WIDTH>::CHUNKS; n += mine.LANES) {
            int chunk = n + mine.chunk;
            const unsigned char* from = tile + Layout::offset(first + row, chunk);
            bf16* out = to + row * stride + chunk * 8;
            if (row < rows && chunk * 8 < E) {
                if (vector) {
                    *reinterpret_cast<uint4*>(out) = *reinterpret_cast<const uint4*>(from);
                } else {
                    for (int e = 0; e < 8 && chunk * 8 + e < E; e++) {
                        out[e] = reinterpret_cast<const bf16*>(from)[e];
                    }
                }
            }
        }
    }
}
