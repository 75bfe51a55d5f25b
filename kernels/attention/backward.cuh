// Attention backward on tensor cores, without atomics: one kernel owns tiles of keys, another tiles of queries, and
// both compute the scores again. With p the softmax row and delta = Σ_e dout·out:
//     dv = Σ p·dout    ds = p·(dout·v - delta)    dk = scale·Σ ds·q    dq = scale·Σ ds·k
#pragma once

#include "forward.cuh"

/// delta[t, h] = Σ_e out·dout of a head, 8 elements a thread. Any grid of whole warps.
template <class T>
__device__ __forceinline__ void attention_delta(
        const T* __restrict__ out, long long os, const T* __restrict__ dout, long long ds, float* __restrict__ delta,
        int rows, int heads, int E) {
    int lanes = E > 64 ? 16 : 8; // that share a head
    int element = threadIdx.x % lanes * 8;
    long long count = (long long)rows * heads;
    long long step = (long long)gridDim.x * blockDim.x / lanes;
    bool vector = aligned(out, os) && aligned(dout, ds) && E % PACK<T> == 0;
    // Lanes without a head of their own go along: shuffles need the whole warp.
    long long warpFirst = ((long long)blockIdx.x * blockDim.x + (threadIdx.x & ~31)) / lanes;
    for (long long first = warpFirst; first < count; first += step) {
        long long item = first + (threadIdx.x & 31) / lanes;
        long long row = item / heads;
        int head = (int)(item - row * heads);
        int elements = item < count ? E - element : 0;
        float x[8], y[8];
        load(out + row * os + head * E + element, elements, vector, x);
        load(dout + row * ds + head * E + element, elements, vector, y);
        float sum = 0;
#pragma unroll
        for (int i = 0; i < 8; i++) {
            sum += x[i] * y[i];
        }
        for (int other = 1; other < lanes; other *= 2) {
            sum += __shfl_xor_sync(ALL_LANES, sum, other);
        }
        if (element == 0 && item < count) {
            delta[item] = sum;
        }
    }
}

/// lse times log2 e, and delta, of the warp's rows, which begin with `first` of the tile's `rows`.
template <int M>
__device__ __forceinline__ void read_statistics(
        float (&logSum)[M][2], float (&d)[M][2], const float* __restrict__ lse, const float* __restrict__ delta, int token0,
        int heads, int head, int first, int rows) {
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int row = first + m * 16 + half * 8 + ((threadIdx.x & 31) >> 2);
            long long at = (long long)(token0 + row) * heads + head;
            logSum[m][half] = row < rows ? lse[at] * LOG2_E : 0.0f;
            d[m][half] = row < rows ? delta[at] : 0.0f;
        }
    }
}

/// s = p · (dp - d), queries along the rows.
template <int M, int N>
__device__ __forceinline__ void score_gradients(
        float (&s)[M][N][4], const float (&dp)[M][N][4], const float (&logSum)[M][2], const float (&d)[M][2],
        float log2Scale) {
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int n = 0; n < N; n++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                float p = exp2_approx(s[m][n][e] * log2Scale - logSum[m][e >> 1]);
                s[m][n][e] = p * (dp[m][n][e] - d[m][e >> 1]);
            }
        }
    }
}

template <int WIDTH>
struct QueryGradientTiles {
    static constexpr int BM = 128, BN = 32, WARPS = 4, THREADS = 32 * WARPS;
    static constexpr int SHARED = (2 * BM + 2 * 2 * BN) * Tile<WIDTH>::ROW_BYTES;
};

/// One block: a tile of queries of one head against its keys, which come a tile ahead. Each warp has 32 queries.
template <int WIDTH>
__device__ __forceinline__ void attention_dq(
        const bf16* __restrict__ qkv, long long qs, const bf16* __restrict__ dout, long long os,
        const float* __restrict__ lse, const float* __restrict__ delta, bf16* __restrict__ dqkv, long long dqs,
        const int* __restrict__ segments, const int* __restrict__ tiles, int heads, int kv_heads, int E, int window,
        float scale) {
    using Tiles = QueryGradientTiles<WIDTH>;
    constexpr int BM = Tiles::BM, BN = Tiles::BN, THREADS = Tiles::THREADS;
    constexpr int M = BM / Tiles::WARPS / 16, N = BN / 8, D = WIDTH / 8;
    constexpr int ROW = Tile<WIDTH>::ROW_BYTES, STAGE = 2 * BN * ROW;
    constexpr bool KEEP = WIDTH == 64; // queries and their gradients in registers

    DYN_SHARED(shared);
    unsigned char* queries = shared;
    unsigned char* gradients = queries + BM * ROW;
    unsigned char* stages = gradients + BM * ROW; // each: keys, values

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

    KeyTile first = keyTiles[0];
    load_tile<WIDTH, BM, THREADS>(queries, qkv + (long long)token0 * qs + head * E, qs, rows, E, vector);
    load_tile<WIDTH, BM, THREADS>(
            gradients, dout + (long long)token0 * os + head * E, os, rows, E, aligned(dout, os) && E % 8 == 0);
    load_tile<WIDTH, BN, THREADS>(stages, keys + first.row * qs, qs, first.rows, E, vector);
    load_tile<WIDTH, BN, THREADS>(stages + BN * ROW, values + first.row * qs, qs, first.rows, E, vector);
    cp_async_commit();

    float log2Scale = scale * LOG2_E;
    float logSum[M][2], d[M][2]; // lse times log2 e, delta
    read_statistics(logSum, d, lse, delta, token0, heads, head, warpRow, rows);

    float dq[M][D][4] = {};
    shared_t query = shared_address(queries + warpRow * ROW); // the warp's first
    shared_t gradient = shared_address(gradients + warpRow * ROW);
    Kept<WIDTH, M> keptQueries, keptGradients;
    for (int i = 0; i < keyTiles.count; i++) {
        unsigned char* stage = stages + (i & 1) * STAGE;
        cp_async_wait(0);
        __syncthreads();
        if (i + 1 < keyTiles.count) {
            KeyTile next = keyTiles[i + 1];
            unsigned char* other = stages + (~i & 1) * STAGE;
            load_tile<WIDTH, BN, THREADS>(other, keys + next.row * qs, qs, next.rows, E, vector);
            load_tile<WIDTH, BN, THREADS>(other + BN * ROW, values + next.row * qs, qs, next.rows, E, vector);
            cp_async_commit();
        }
        if (KEEP && i == 0) {
            keptQueries.read(query, asRows);
            keptGradients.read(gradient, asRows);
        }
        KeyTile tile = keyTiles[i];
        if (sight.any(tile)) {
            float s[M][N][4] = {}, dp[M][N][4] = {};
            shared_t key = shared_address(stage), value = key + BN * ROW;
            if constexpr (KEEP) {
                multiply<WIDTH>(s, keptQueries, key, asColumns);
                multiply<WIDTH>(dp, keptGradients, value, asColumns);
            } else {
                multiply<WIDTH>(s, query, asRows, key, asColumns);
                multiply<WIDTH>(dp, gradient, asRows, value, asColumns);
            }
            mask<BN>(s, sight, tile, lane);
            score_gradients(s, dp, logSum, d, log2Scale);
            uint32_t a[N / 2][M][4];
            as_operand(s, a);
            multiply<WIDTH>(dq, a, key, asRows);
        }
    }

    float factor[M][2];
#pragma unroll
    for (int m = 0; m < M; m++) {
        factor[m][0] = factor[m][1] = scale;
    }
    store_tile<WIDTH, M>(
            queries, warpRow, dq, factor, dqkv + (long long)(token0 + warpRow) * dqs + head * E, dqs, rows - warpRow,
            E, aligned(dqkv, dqs) && E % 8 == 0);
}

/// Takes back the scores of queries that do not see a key. s[m][n]: keys along the rows, queries along the columns.
template <int BM, int M>
__device__ __forceinline__ void mask_transposed(
        float (&s)[M][BM / 8][4], const KeySight& sight, const QueryTile& queries, int lane) {
    if (sight.all(queries)) {
        return;
    }
#pragma unroll
    for (int m = 0; m < M; m++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            int key = sight.first + m * 16 + (e >> 1) * 8 + (lane >> 2);
            int high = sight.high(key);
#pragma unroll
            for (int n = 0; n < BM / 8; n++) {
                int query = queries.position + n * 8 + (lane & 3) * 2 + (e & 1);
                if (query < key || query > high) {
                    s[m][n][e] = NOTHING;
                }
            }
        }
    }
}

/// s = p and dp = p · (dp - delta), keys along the rows; statistics: lse of BM queries, then their delta.
template <int BM, int M>
__device__ __forceinline__ void score_gradients_transposed(
        float (&s)[M][BM / 8][4], float (&dp)[M][BM / 8][4], const float* statistics, float log2Scale, int lane) {
    statistics += (lane & 3) * 2;
#pragma unroll
    for (int n = 0; n < BM / 8; n++) {
        float2 logSum = *reinterpret_cast<const float2*>(statistics + n * 8);
        float2 d = *reinterpret_cast<const float2*>(statistics + BM + n * 8);
        logSum.x *= LOG2_E, logSum.y *= LOG2_E;
#pragma unroll
        for (int m = 0; m < M; m++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                s[m][n][e] = exp2_approx(s[m][n][e] * log2Scale - (e & 1 ? logSum.y : logSum.x));
                dp[m][n][e] = s[m][n][e] * (dp[m][n][e] - (e & 1 ? d.y : d.x));
            }
        }
    }
}

/// Asks for lse and delta of a tile's queries: thread t for one of the 2 · BM numbers.
template <int BM>
__device__ __forceinline__ void load_statistics(
        float* to, const float* __restrict__ lse, const float* __restrict__ delta, const QueryTile& queries, int heads) {
    if (threadIdx.x < 2 * BM) {
        int row = threadIdx.x % BM;
        bool there = row < queries.rows;
        const float* from = threadIdx.x < BM ? lse : delta;
        // Queries that do not exist read 0 throughout, and add 0.
        cp_async_4(
                shared_address(to + threadIdx.x),
                from + (there ? (long long)(queries.row + row) * heads + queries.head : 0), there ? 4 : 0);
    }
}

template <int WIDTH>
struct KeyGradientTiles {
    static constexpr int M = WIDTH == 64 ? 2 : 1; // times 16 keys a warp
    static constexpr int WARPS = WIDTH == 128 ? 8 : 4, THREADS = 32 * WARPS;
    static constexpr int BN = 16 * M * WARPS, BM = 32;
    static constexpr int STATISTICS = 2 * BM * (int)sizeof(float);
    static constexpr int SHARED = (2 * BN + 2 * 2 * BM) * Tile<WIDTH>::ROW_BYTES + 2 * STATISTICS;
};

/// One block: a tile of keys of one key/value head against the queries that may see them, of all heads that share it.
/// Scores are computed transposed, keys along the rows, so that they stay in registers as A operands.
template <int WIDTH>
__device__ __forceinline__ void attention_dkv(
        const bf16* __restrict__ qkv, long long qs, const bf16* __restrict__ dout, long long os,
        const float* __restrict__ lse, const float* __restrict__ delta, bf16* __restrict__ dqkv, long long dqs,
        const int* __restrict__ segments, const int* __restrict__ childrenFrom, const int* __restrict__ children,
        const int* __restrict__ tiles, int heads, int kv_heads, int E, int window, float scale) {
    using Tiles = KeyGradientTiles<WIDTH>;
    constexpr int BM = Tiles::BM, BN = Tiles::BN, THREADS = Tiles::THREADS, M = Tiles::M;
    constexpr int N = BM / 8, D = WIDTH / 8;
    constexpr int ROW = Tile<WIDTH>::ROW_BYTES, STAGE = 2 * BM * ROW + Tiles::STATISTICS;

    DYN_SHARED(shared);
    unsigned char* keys = shared;
    unsigned char* values = keys + BN * ROW;
    unsigned char* stages = values + BN * ROW; // each: queries, gradients, lse, delta

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
    int warpRow = (threadIdx.x >> 5) * (16 * M);
    int position0 = segment.position + key0;
    KeySight sight{position0 + warpRow, position0 + min(warpRow + 16 * M, rows) - 1, window};
    RowsOf<WIDTH> asRows(lane);
    ColumnsOf<WIDTH> asColumns(lane);

    auto request = [&](unsigned char* stage, const QueryTile& queries) {
        load_tile<WIDTH, BM, THREADS>(stage, qkv + queries.row * qs + queries.head * E, qs, queries.rows, E, vector);
        load_tile<WIDTH, BM, THREADS>(
                stage + BM * ROW, dout + queries.row * os + queries.head * E, os, queries.rows, E, gradientVector);
        load_statistics<BM>(reinterpret_cast<float*>(stage + 2 * BM * ROW), lse, delta, queries, heads);
        cp_async_commit();
    };

    QueryTile tile = walk.tile();
    load_tile<WIDTH, BN, THREADS>(keys, qkv + (long long)token0 * qs + keyColumn, qs, rows, E, vector);
    load_tile<WIDTH, BN, THREADS>(values, qkv + (long long)token0 * qs + valueColumn, qs, rows, E, vector);
    request(stages, tile);

    float dk[M][D][4] = {}, dv[M][D][4] = {};
    float log2Scale = scale * LOG2_E;
    shared_t key = shared_address(keys + warpRow * ROW), value = shared_address(values + warpRow * ROW);
    bool more = true;
    for (int parity = 0; more; parity ^= 1) {
        cp_async_wait(0);
        __syncthreads();
        more = walk.next();
        QueryTile next = tile;
        if (more) {
            next = walk.tile();
            request(stages + (parity ^ 1) * STAGE, next);
        }
        unsigned char* stage = stages + parity * STAGE;
        if (sight.any(tile)) {
            shared_t query = shared_address(stage), gradient = query + BM * ROW;
            float s[M][N][4] = {}, dp[M][N][4] = {};
            multiply<WIDTH>(s, key, asRows, query, asColumns);
            multiply<WIDTH>(dp, value, asRows, gradient, asColumns);
            mask_transposed<BM>(s, sight, tile, lane);
            score_gradients_transposed<BM>(
                    s, dp, reinterpret_cast<const float*>(stage + 2 * BM * ROW), log2Scale, lane);
            uint32_t a[N / 2][M][4];
            as_operand(s, a);
            multiply<WIDTH>(dv, a, gradient, asRows);
            as_operand(dp, a);
            multiply<WIDTH>(dk, a, query, asRows);
        }
        tile = next;
    }

    float factor[M][2];
#pragma unroll
    for (int m = 0; m < M; m++) {
        factor[m][0] = factor[m][1] = 1.0f;
    }
    bf16* to = dqkv + (long long)(token0 + warpRow) * dqs;
    bool aligned16 = aligned(dqkv, dqs) && E % 8 == 0;
    store_tile<WIDTH, M>(values, warpRow, dv, factor, to + valueColumn, dqs, rows - warpRow, E, aligned16);
#pragma unroll
    for (int m = 0; m < M; m++) {
        factor[m][0] = factor[m][1] = scale;
    }
    store_tile<WIDTH, M>(keys, warpRow, dk, factor, to + keyColumn, dqs, rows - warpRow, E, aligned16);
}
