// Attention backward on the tensor cores of sm_90a: backward.cuh's computations with wgmma's products.
#pragma once

#include "../common/panels.cuh"
#include "backward.cuh"

template <int WIDTH>
struct WgmmaQueryGradientTiles {
    static constexpr int THREADS = WARPGROUP, BM = GROUP_ROWS, BN = 64;
    static constexpr int BLOCKS = WIDTH == 64 ? 4 : 2; // on a multiprocessor
    static constexpr int TILE = BN * WIDTH * 2, STAGE = 2 * TILE;
    static constexpr int SHARED = 2 * BM * WIDTH * 2 + 2 * STAGE;
};

/// One block of one warpgroup: a tile of queries of one head against its keys, which come a tile ahead.
template <int WIDTH>
__device__ __forceinline__ void attention_dq_wgmma(
        const bf16* __restrict__ qkv, long long qs, const bf16* __restrict__ dout, long long os,
        const float* __restrict__ lse, const float* __restrict__ delta, bf16* __restrict__ dqkv, long long dqs,
        const int* __restrict__ segments, const int* __restrict__ tiles, int heads, int kv_heads, int E, int window,
        float scale) {
    using Tiles = WgmmaQueryGradientTiles<WIDTH>;
    constexpr int BM = Tiles::BM, BN = Tiles::BN, THREADS = Tiles::THREADS;

    DYN_SHARED(shared);
    unsigned char* queries = shared;
    unsigned char* gradients = queries + BM * WIDTH * 2;
    unsigned char* stages = gradients + BM * WIDTH * 2; // each: keys, values

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
    int warpRow = (threadIdx.x >> 5) * 16;
    int position0 = segment.position + row0;
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
    load_tile<WIDTH, BM, THREADS, Panels<BM>>(
            gradients, dout + (long long)token0 * os + head * E, os, rows, E, aligned(dout, os) && E % 8 == 0);
    request(stages, tile);

    float log2Scale = scale * LOG2_E;
    float logSum[1][2], d[1][2];
    read_statistics(logSum, d, lse, delta, token0, heads, head, warpRow, rows);

    float dq[1][WIDTH / 8][4] = {};
    for (int i = 0; i < keyTiles.count; i++) {
        cp_async_wait(0);
        fence_async_shared();
        __syncthreads();
        KeyTile next = tile;
        if (i + 1 < keyTiles.count) {
            next = keyTiles[i + 1];
            request(stages + (~i & 1) * Tiles::STAGE, next);
        }
        // A tile that no query sees, at most one before a window, adds 0.
        shared_t key = shared_address(stages + (i & 1) * Tiles::STAGE), value = key + Tiles::TILE;
        float s[1][BN / 8][4], dp[1][BN / 8][4];
        wgmma_fence();
        multiply_transposed<WIDTH, BM, BN>(s[0], shared_address(queries), 0, key);
        multiply_transposed<WIDTH, BM, BN>(dp[0], shared_address(gradients), 0, value);
        wgmma_commit();
        wgmma_wait(s[0], dp[0]);
        mask<BN>(s, sight, tile, lane);
        score_gradients(s, dp, logSum, d, log2Scale);
        uint32_t a[BN / 16][1][4];
        as_operand(s, a);
        wgmma_fence(dq[0], a);
        multiply_add<WIDTH, BN>(dq[0], a, key);
        wgmma_commit();
        wgmma_wait(dq[0], a);
        tile = next;
    }

    float factor[1][2] = {{scale, scale}};
    __syncthreads(); // all warps are done with the queries
    store_tile<WIDTH, 1, Panels<BM>>(
            queries, warpRow, dq, factor, dqkv + (long long)(token0 + warpRow) * dqs + head * E, dqs, rows - warpRow, E,
            aligned(dqkv, dqs) && E % 8 == 0);
}

template <int WIDTH>
struct WgmmaKeyGradientTiles {
    static constexpr int THREADS = WARPGROUP, BN = GROUP_ROWS, BM = 64;
    static constexpr int BLOCKS = 2; // on a multiprocessor
    static constexpr int TILE = BM * WIDTH * 2, STAGE = 2 * TILE;
    static constexpr int STATISTICS = 2 * BM * (int)sizeof(float);
    static constexpr int SHARED = 2 * BN * WIDTH * 2 + 2 * STAGE + 2 * STATISTICS;
};

/// One block of one warpgroup: a tile of keys of one key/value head against the queries that may see them, of all heads
/// that share it. Scores are computed transposed, keys along the rows, so that they stay in registers as A operands.
template <int WIDTH>
__device__ __forceinline__ void attention_dkv_wgmma(
        const bf16* __restrict__ qkv, long long qs, const bf16* __restrict__ dout, long long os,
        const float* __restrict__ lse, const float* __restrict__ delta, bf16* __restrict__ dqkv, long long dqs,
        const int* __restrict__ segments, const int* __restrict__ childrenFrom, const int* __restrict__ children,
        const int* __restrict__ tiles, int heads, int kv_heads, int E, int window, float scale) {
    using Tiles = WgmmaKeyGradientTiles<WIDTH>;
    constexpr int BM = Tiles::BM, BN = Tiles::BN, THREADS = Tiles::THREADS;

    DYN_SHARED(shared);
    unsigned char* keys = shared;
    unsigned char* values = keys + BN * WIDTH * 2;
    unsigned char* stages = values + BN * WIDTH * 2; // each: queries, gradients
    float* statistics = reinterpret_cast<float*>(stages + 2 * Tiles::STAGE); // of each stage: lse, delta

    int index = tiles[2 * blockIdx.x];
    int key0 = tiles[2 * blockIdx.x + 1];
    Segment segment(segments, index);
    int rows = min(BN, segment.length - key0);
    int kv_head = blockIdx.y;
    int group = heads / kv_heads;
    int token0 = segment.start + key0;
    int keyColumn = (heads + kv_head) * E, valueColumn = keyColumn + kv_heads * E;
    bool vector = aligned(qkv, qs) && E % 8 == 0;
    bool gradientVector = aligned(dout, os) && E % 8 == 0;
    QueryTiles<BM> walk(segments, childrenFrom, children, index, key0, rows, kv_head * group, group, window);

    int lane = threadIdx.x & 31;
    int warpRow = (threadIdx.x >> 5) * 16;
    int position0 = segment.position + key0;
    KeySight sight{position0 + warpRow, position0 + min(warpRow + 16, rows) - 1, window};

    auto request = [&](int parity, const QueryTile& queries) {
        unsigned char* stage = stages + parity * Tiles::STAGE;
        load_tile<WIDTH, BM, THREADS, Panels<BM>>(
                stage, qkv + queries.row * qs + queries.head * E, qs, queries.rows, E, vector);
        load_tile<WIDTH, BM, THREADS, Panels<BM>>(
                stage + Tiles::TILE, dout + queries.row * os + queries.head * E, os, queries.rows, E, gradientVector);
        load_statistics<BM>(statistics + parity * 2 * BM, lse, delta, queries, heads);
        cp_async_commit();
    };

    QueryTile tile = walk.tile();
    load_tile<WIDTH, BN, THREADS, Panels<BN>>(keys, qkv + (long long)token0 * qs + keyColumn, qs, rows, E, vector);
    load_tile<WIDTH, BN, THREADS, Panels<BN>>(values, qkv + (long long)token0 * qs + valueColumn, qs, rows, E, vector);
    request(0, tile);

    float dk[1][WIDTH / 8][4] = {}, dv[1][WIDTH / 8][4] = {};
    float log2Scale = scale * LOG2_E;
    bool more = true;
    for (int parity = 0; more; parity ^= 1) {
        cp_async_wait(0);
        fence_async_shared();
        __syncthreads();
        more = walk.next();
        QueryTile next = tile;
        if (more) {
            next = walk.tile();
            request(parity ^ 1, next);
        }
        shared_t query = shared_address(stages + parity * Tiles::STAGE), gradient = query + Tiles::TILE;
        float s[1][BM / 8][4], dp[1][BM / 8][4];
        wgmma_fence();
        multiply_transposed<WIDTH, BN, BM>(s[0], shared_address(keys), 0, query);
        multiply_transposed<WIDTH, BN, BM>(dp[0], shared_address(values), 0, gradient);
        wgmma_commit();
        wgmma_wait(s[0], dp[0]);
        mask_transposed<BM>(s, sight, tile, lane);
        score_gradients_transposed<BM>(s, dp, statistics + parity * 2 * BM, log2Scale, lane);
        uint32_t p[BM / 16][1][4], ds[BM / 16][1][4];
        as_operand(s, p);
        as_operand(dp, ds);
        wgmma_fence(dv[0], dk[0], p, ds);
        multiply_add<WIDTH, BM>(dv[0], p, gradient);
        multiply_add<WIDTH, BM>(dk[0], ds, query);
        wgmma_commit();
        wgmma_wait(dv[0], dk[0], p, ds);
        tile = next;
    }

    bf16* to = dqkv + (long long)(token0 + warpRow) * dqs;
    bool aligned16 = aligned(dqkv, dqs) && E % 8 == 0;
    float one[1][2] = {{1.0f, 1.0f}}, factor[1][2] = {{scale, scale}};
    __syncthreads(); // all warps are done with keys and values
    store_tile<WIDTH, 1, Panels<BN>>(values, warpRow, dv, one, to + valueColumn, dqs, rows - warpRow, E, aligned16);
    store_tile<WIDTH, 1, Panels<BN>>(keys, warpRow, dk, factor, to + keyColumn, dqs, rows - warpRow, E, aligned16);
}
