// Attention forward on tensor cores: Dao 2023, "FlashAttention-2", over a tree of segments.
#pragma once

#include "../common/reduce.cuh"
#include "tiles.cuh"
#include "tree.cuh"

constexpr float LOG2_E = 1.44269504088896340736f;
constexpr float LN_2 = 0.69314718055994530942f;
constexpr float NOTHING = -INFINITY; // the score of a key that is not seen

/// A maximum gives way to a larger one only when exp2 of the difference would pass 2^8: sums and products keep their
/// relative accuracy under any common factor, and the output is rarely rescaled. The choice is the row's own.
constexpr float LAZY = 8.0f;

/// Takes back the scores of keys that a query does not see. s[m][n] as mma leaves it: the warp's queries along the rows.
template <int BN, int M>
__device__ __forceinline__ void mask(float (&s)[M][BN / 8][4], const Sight& sight, const KeyTile& keys, int lane) {
    if (sight.template all<BN>(keys)) {
        return;
    }
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int query = sight.first + m * 16 + half * 8 + (lane >> 2);
            int low = sight.low(query), high = min(query, keys.highest);
#pragma unroll
            for (int n = 0; n < BN / 8; n++) {
#pragma unroll
                for (int e = 0; e < 2; e++) {
                    int key = keys.position + n * 8 + (lane & 3) * 2 + e;
                    if (key < low || key > high) {
                        s[m][n][2 * half + e] = NOTHING;
                    }
                }
            }
        }
    }
}

/// Takes a tile's scores into the softmax of each row: `highest` and `sum` (this thread's columns only) move on, p becomes
/// the weights as A operands. True if a row's maximum has: `factor` is what its earlier output is to be multiplied by.
template <int BN, int M>
__device__ __forceinline__ bool weigh(
        const float (&s)[M][BN / 8][4], uint32_t (&p)[BN / 16][M][4], float (&highest)[M][2], float (&sum)[M][2],
        float (&factor)[M][2], float log2Scale, float lazy) {
    bool rescale = false;
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float most = NOTHING;
#pragma unroll
            for (int n = 0; n < BN / 8; n++) {
                most = fmaxf(most, fmaxf(s[m][n][2 * half], s[m][n][2 * half + 1]));
            }
            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 1));
            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 2));
            float before = highest[m][half];
            bool higher = most > before + lazy;
            rescale |= higher;
            factor[m][half] = higher ? exp2_approx((before - most) * log2Scale) : 1.0f;
            highest[m][half] = higher ? most : before;
            // A row that has seen nothing yet has the maximum -inf, and nothing to subtract it from.
            float shift = highest[m][half] == NOTHING ? 0.0f : highest[m][half] * log2Scale;
            float total = sum[m][half] * factor[m][half];
#pragma unroll
            for (int n = 0; n < BN / 8; n++) {
                float first = exp2_approx(s[m][n][2 * half] * log2Scale - shift);
                float second = exp2_approx(s[m][n][2 * half + 1] * log2Scale - shift);
                total += first + second;
                p[n / 2][m][(n & 1) * 2 + half] = pack2(first, second);
            }
            sum[m][half] = total;
        }
    }
    return rescale;
}

template <int M, int N>
__device__ __forceinline__ void scale_rows(float (&c)[M][N][4], const float (&factor)[M][2]) {
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int n = 0; n < N; n++) {
            c[m][n][0] *= factor[m][0], c[m][n][1] *= factor[m][0];
            c[m][n][2] *= factor[m][1], c[m][n][3] *= factor[m][1];
        }
    }
}

/// What the output is to be multiplied by; writes lse of the warp's rows, which begin with `first` of the tile's `rows`.
template <int M>
__device__ __forceinline__ void finish(
        const float (&highest)[M][2], const float (&sum)[M][2], float (&inverse)[M][2], float* __restrict__ lse, int token0,
        int heads, int head, int first, int rows, float scale) {
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float total = sum[m][half];
            total += __shfl_xor_sync(ALL_LANES, total, 1);
            total += __shfl_xor_sync(ALL_LANES, total, 2);
            inverse[m][half] = 1.0f / total;
            int row = first + m * 16 + half * 8 + (lane >> 2);
            if ((lane & 3) == 0 && row < rows) {
                lse[(long long)(token0 + row) * heads + head] = highest[m][half] * scale + log2_approx(total) * LN_2;
            }
        }
    }
}

template <int WIDTH>
struct ForwardTiles {
    static constexpr int BM = 128, BN = 64, WARPS = 4, THREADS = 32 * WARPS;
    static constexpr int RING = 3; // tiles of keys and values, in turn
    static constexpr int SHARED = (BM + RING * BN) * Tile<WIDTH>::ROW_BYTES;
};

/// One block: a tile of queries of one head. Each warp has 32 rows. Scores stay in registers, as the A operand of the
/// product with the values. While one tile of the ring is worked on, the next two are on their way.
template <int WIDTH>
__device__ __forceinline__ void attention(
        const bf16* __restrict__ qkv, long long qs, bf16* __restrict__ out, long long os, float* __restrict__ lse,
        const int* __restrict__ segments, const int* __restrict__ tiles, int heads, int kv_heads, int E, int window,
        float scale) {
    using Tiles = ForwardTiles<WIDTH>;
    constexpr int BM = Tiles::BM, BN = Tiles::BN, THREADS = Tiles::THREADS;
    constexpr int M = BM / Tiles::WARPS / 16, N = BN / 8, D = WIDTH / 8, BYTES = BN * Tile<WIDTH>::ROW_BYTES;
    constexpr bool KEEP_QUERIES = WIDTH == 64; // in registers

    DYN_SHARED(shared);
    unsigned char* queries = shared;
    unsigned char* ring = shared + BM * Tile<WIDTH>::ROW_BYTES;

    Segment segment(segments, tiles[2 * blockIdx.x]);
    int row0 = tiles[2 * blockIdx.x + 1];
    int rows = min(BM, segment.length - row0);
    int head = blockIdx.y;
    int kv_head = head / (heads / kv_heads);
    int token0 = segment.start + row0;
    const bf16* keys = qkv + (heads + kv_head) * E;
    const bf16* values = keys + kv_heads * E;
    bool vector = aligned(qkv, qs) && E % 8 == 0;
    KeyTiles<BN> keyTiles(segments, segment, row0, rows, window);

    int lane = threadIdx.x & 31;
    int warpRow = (threadIdx.x >> 5) * (16 * M);
    int position0 = segment.position + row0;
    Sight sight{position0 + warpRow, position0 + min(warpRow + 16 * M, rows) - 1, window};
    RowsOf<WIDTH> asRows(lane);
    ColumnsOf<WIDTH> asColumns(lane);

    KeyTile tile = keyTiles[0];
    load_tile<WIDTH, BM, THREADS>(queries, qkv + (long long)token0 * qs + head * E, qs, rows, E, vector);
    load_tile<WIDTH, BN, THREADS>(ring, keys + tile.row * qs, qs, tile.rows, E, vector);
    cp_async_commit();
    load_tile<WIDTH, BN, THREADS>(ring + BYTES, values + tile.row * qs, qs, tile.rows, E, vector);
    cp_async_commit();

    float o[M][D][4] = {};
    float highest[M][2], sum[M][2] = {};
    shared_t query = shared_address(queries + warpRow * Tile<WIDTH>::ROW_BYTES); // the warp's first
    Kept<WIDTH, M> kept;
#pragma unroll
    for (int m = 0; m < M; m++) {
        highest[m][0] = highest[m][1] = NOTHING;
    }
    float log2Scale = scale * LOG2_E;
    float lazy = LAZY / log2Scale;

    int slot = 0; // of the ring, where the keys of the current tile lie
    for (int i = 0; i < keyTiles.count; i++) {
        int valueSlot = slot == 2 ? 0 : slot + 1;
        int nextSlot = valueSlot == 2 ? 0 : valueSlot + 1;
        bool more = i + 1 < keyTiles.count;
        KeyTile next = keyTiles[more ? i + 1 : i];
        bool seen = sight.any(tile);

        cp_async_wait(1);
        __syncthreads();
        if (more) {
            load_tile<WIDTH, BN, THREADS>(ring + nextSlot * BYTES, keys + next.row * qs, qs, next.rows, E, vector);
        }
        cp_async_commit();
        if (KEEP_QUERIES && i == 0) {
            kept.read(query, asRows);
        }

        uint32_t p[N / 2][M][4];
        if (seen) {
            float s[M][N][4] = {};
            shared_t at = shared_address(ring + slot * BYTES);
            if constexpr (KEEP_QUERIES) {
                multiply<WIDTH>(s, kept, at, asColumns);
            } else {
                multiply<WIDTH>(s, query, asRows, at, asColumns);
            }
            mask<BN>(s, sight, tile, lane);

            float factor[M][2];
            bool rescale = weigh<BN>(s, p, highest, sum, factor, log2Scale, lazy);
            if (__any_sync(ALL_LANES, rescale)) {
                scale_rows(o, factor);
            }
        }

        cp_async_wait(1);
        __syncthreads();
        if (more) {
            load_tile<WIDTH, BN, THREADS>(ring + slot * BYTES, values + next.row * qs, qs, next.rows, E, vector);
        }
        cp_async_commit();
        if (seen) {
            multiply<WIDTH>(o, p, shared_address(ring + valueSlot * BYTES), asRows);
        }
        slot = nextSlot;
        tile = next;
    }

    float inverse[M][2];
    finish(highest, sum, inverse, lse, token0, heads, head, warpRow, rows, scale);
    store_tile<WIDTH, M>(
            queries, warpRow, o, inverse, out + (long long)(token0 + warpRow) * os + head * E, os, rows - warpRow, E,
            aligned(out, os) && E % 8 == 0);
}
