// Attention forward on the tensor cores of sm_90a: forward.cuh's computation with wgmma's products.
#pragma once

#include "../common/panels.cuh"
#include "forward.cuh"

template <int WIDTH>
struct WgmmaForwardTiles {
    static constexpr int GROUPS = 2, THREADS = GROUPS * WARPGROUP;
    static constexpr int BM = GROUPS * GROUP_ROWS, BN = WIDTH == 64 ? 64 : 128;
    static constexpr int BLOCKS = WIDTH == 64 ? 2 : 1; // on a multiprocessor
    static constexpr int TILE = BN * WIDTH * 2, STAGE = 2 * TILE;
    static constexpr int SHARED = BM * WIDTH * 2 + 2 * STAGE;
};

/// One block: a tile of queries of one head. Each warpgroup has 64 rows. While one stage of keys and values is worked on,
/// the next is on its way.
template <int WIDTH>
__device__ __forceinline__ void attention_wgmma(
        const bf16* __restrict__ qkv, long long qs, bf16* __restrict__ out, long long os, float* __restrict__ lse,
        const int* __restrict__ segments, const int* __restrict__ tiles, int heads, int kv_heads, int E, int window,
        float scale) {
    using Tiles = WgmmaForwardTiles<WIDTH>;
    constexpr int BM = Tiles::BM, BN = Tiles::BN, THREADS = Tiles::THREADS;

    DYN_SHARED(shared);
    unsigned char* queries = shared;
    unsigned char* stages = queries + BM * WIDTH * 2; // each: keys, values

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
    int groupRow = threadIdx.x / WARPGROUP * GROUP_ROWS, warpRow = (threadIdx.x >> 5) * 16;
    int position0 = segment.position + row0;
    // A product is the whole warpgroup's: whether it is made is for all of its rows to say.
    Sight group{position0 + groupRow, position0 + min(groupRow + GROUP_ROWS, rows) - 1, window};
    Sight sight{position0 + warpRow, position0 + min(warpRow + 16, rows) - 1, window};

    auto request = [&](unsigned char* stage, const KeyTile& tile) {
        load_tile<WIDTH, BN, THREADS, Panels<BN>>(stage, keys + tile.row * qs, qs, tile.rows, E, vector);
        load_tile<WIDTH, BN, THREADS, Panels<BN>>(
                stage + Tiles::TILE, values + tile.row * qs, qs, tile.rows, E, vector);
        cp_async_commit();
    };

    KeyTile tile = keyTiles[0];
    load_tile<WIDTH, BM, THREADS, Panels<BM>>(
            queries, qkv + (long long)token0 * qs + head * E, qs, rows, E, vector);
    request(stages, tile);

    float o[1][WIDTH / 8][4] = {};
    float highest[1][2] = {{NOTHING, NOTHING}}, sum[1][2] = {};
    float log2Scale = scale * LOG2_E;
    float lazy = LAZY / log2Scale;
    for (int i = 0; i < keyTiles.count; i++) {
        cp_async_wait(0);
        fence_async_shared();
        __syncthreads();
        KeyTile next = tile;
        if (i + 1 < keyTiles.count) {
            next = keyTiles[i + 1];
            request(stages + (~i & 1) * Tiles::STAGE, next);
        }
        if (group.any(tile)) {
            shared_t key = shared_address(stages + (i & 1) * Tiles::STAGE), value = key + Tiles::TILE;
            float s[1][BN / 8][4];
            wgmma_fence();
            multiply_transposed<WIDTH, BM, BN>(s[0], shared_address(queries), groupRow, key);
            wgmma_commit();
            wgmma_wait(s[0]);
            mask<BN>(s, sight, tile, lane);

            uint32_t p[BN / 16][1][4];
            float factor[1][2];
            bool rescale = weigh<BN>(s, p, highest, sum, factor, log2Scale, lazy);
            if (__any_sync(ALL_LANES, rescale)) {
                scale_rows(o, factor);
            }
            wgmma_fence(o[0], p);
            multiply_add<WIDTH, BN>(o[0], p, value);
            wgmma_commit();
            wgmma_wait(o[0], p);
        }
        tile = next;
    }

    float inverse[1][2];
    finish(highest, sum, inverse, lse, token0, heads, head, warpRow, rows, scale);
    // Its rows of the queries are this warpgroup's alone, but all of its warps must be done with them.
    __syncthreads();
    store_tile<WIDTH, 1, Panels<BM>>(
            queries, warpRow, o, inverse, out + (long long)(token0 + warpRow) * os + head * E, os, rows - warpRow, E,
            aligned(out, os) && E % 8 == 0);
}
