// Attention in float32 without tensor cores, forward and backward: the formulas, tile by tile. Four threads share a row.
#pragma once

#include "../common/reduce.cuh"
#include "tree.cuh"

struct PlainTiles {
    static constexpr int N = 32; // queries, and keys, of a tile
    static constexpr int THREADS = 4 * N;
    static constexpr int MAX_E = 128;
    static constexpr int LANE_ELEMENTS = MAX_E / 4; // of a row that a thread has
    static constexpr int WEIGHT_PITCH = N + 1;
};

/// N rows of at most MAX_E floats in shared memory, one float further apart than they are wide.
struct PlainTile {
    float* at;
    int pitch;

    __device__ __forceinline__ const float* operator[](int row) const { return at + row * pitch; }

    /// Takes the first `rows` rows from global memory; the others become 0.
    __device__ __forceinline__ void load(const float* from, long long stride, int rows, int E) {
        int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
        for (int row = warp; row < PlainTiles::N; row += PlainTiles::THREADS / 32) {
            for (int e = lane; e < E; e += 32) {
                at[row * pitch + e] = row < rows ? from[row * stride + e] : 0.0f;
            }
        }
    }
};

/// Shared memory handed out from the front.
struct PlainMemory {
    float* next;
    int E;

    __device__ __forceinline__ float* floats(int count) {
        float* at = next;
        next += count;
        return at;
    }
    __device__ __forceinline__ PlainTile tile() { return PlainTile{floats(PlainTiles::N * (E + 1)), E + 1}; }
};

__device__ __forceinline__ float dot(const float* a, const float* b, int E) {
    float sum = 0;
    for (int e = 0; e < E; e++) {
        sum += a[e] * b[e];
    }
    return sum;
}

/// c[j] += Σ_n weight[n] · tile[n][lane + 4·j]: the thread's elements of a row.
__device__ __forceinline__ void add_weighted(
        float (&c)[PlainTiles::LANE_ELEMENTS], const float* weight, const PlainTile& tile, int lane, int E) {
    for (int n = 0; n < PlainTiles::N; n++) {
        float w = weight[n];
        const float* row = tile[n];
#pragma unroll
        for (int j = 0; j < PlainTiles::LANE_ELEMENTS; j++) {
            if (lane + 4 * j < E) {
                c[j] += w * row[lane + 4 * j];
            }
        }
    }
}

__device__ __forceinline__ void store_row(
        float* to, const float (&c)[PlainTiles::LANE_ELEMENTS], float factor, int lane, int E) {
#pragma unroll
    for (int j = 0; j < PlainTiles::LANE_ELEMENTS; j++) {
        if (lane + 4 * j < E) {
            to[lane + 4 * j] = c[j] * factor;
        }
    }
}

__device__ __forceinline__ void plain_attention(
        const float* __restrict__ qkv, long long qs, float* __restrict__ out, long long os, float* __restrict__ lse,
        const int* __restrict__ segments, const int* __restrict__ tiles, int heads, int kv_heads, int E, int window,
        float scale) {
    constexpr int N = PlainTiles::N;
    DYN_SHARED(shared);
    PlainMemory memory{reinterpret_cast<float*>(shared), E};
    PlainTile queries = memory.tile(), keys = memory.tile(), values = memory.tile();
    float* weights = memory.floats(N * PlainTiles::WEIGHT_PITCH);

    Segment segment(segments, tiles[2 * blockIdx.x]);
    int row0 = tiles[2 * blockIdx.x + 1];
    int rows = min(N, segment.length - row0);
    int head = blockIdx.y;
    int kv_head = head / (heads / kv_heads);
    long long token0 = segment.start + row0;
    const float* keyColumns = qkv + (heads + kv_head) * E;
    const float* valueColumns = keyColumns + kv_heads * E;
    KeyTiles<N> keyTiles(segments, segment, row0, rows, window);

    int row = threadIdx.x >> 2, lane = threadIdx.x & 3;
    int position = segment.position + row0 + row;
    int low = window > 0 ? position - window + 1 : 0;
    float* weight = weights + row * PlainTiles::WEIGHT_PITCH;

    queries.load(qkv + token0 * qs + head * E, qs, rows, E);
    float o[PlainTiles::LANE_ELEMENTS] = {};
    float highest = -INFINITY, sum = 0;
    for (int i = 0; i < keyTiles.count; i++) {
        KeyTile tile = keyTiles[i];
        __syncthreads();
        keys.load(keyColumns + tile.row * qs, qs, tile.rows, E);
        values.load(valueColumns + tile.row * qs, qs, tile.rows, E);
        __syncthreads();
        float s[N / 4];
        float most = highest;
#pragma unroll
        for (int j = 0; j < N / 4; j++) {
            int key = tile.position + lane + 4 * j;
            bool seen = key >= low && key <= min(position, tile.highest);
            s[j] = seen ? dot(queries[row], keys[lane + 4 * j], E) * scale : -INFINITY;
            most = fmaxf(most, s[j]);
        }
        most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 1));
        most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 2));
        // A row that has seen nothing yet has the maximum -inf, and nothing to subtract it from.
        float shift = most == -INFINITY ? 0.0f : most;
        float factor = expf(highest - shift);
        highest = most;
        sum *= factor;
#pragma unroll
        for (int j = 0; j < N / 4; j++) {
            float p = expf(s[j] - shift);
            sum += p;
            weight[lane + 4 * j] = p;
        }
#pragma unroll
        for (int j = 0; j < PlainTiles::LANE_ELEMENTS; j++) {
            o[j] *= factor;
        }
        __syncwarp();
        add_weighted(o, weight, values, lane, E);
    }
    sum += __shfl_xor_sync(ALL_LANES, sum, 1);
    sum += __shfl_xor_sync(ALL_LANES, sum, 2);
    if (row < rows) {
        store_row(out + (token0 + row) * os + head * E, o, 1 / sum, lane, E);
        if (lane == 0) {
            lse[(token0 + row) * heads + head] = highest + logf(sum);
        }
    }
}

__device__ __forceinline__ void plain_attention_dq(
        const float* __restrict__ qkv, long long qs, const float* __restrict__ dout, long long os,
        const float* __restrict__ lse, const float* __restrict__ delta, float* __restrict__ dqkv, long long dqs,
        const int* __restrict__ segments, const int* __restrict__ tiles, int heads, int kv_heads, int E, int window,
        float scale) {
    constexpr int N = PlainTiles::N;
    DYN_SHARED(shared);
    PlainMemory memory{reinterpret_cast<float*>(shared), E};
    PlainTile queries = memory.tile(), gradients = memory.tile(), keys = memory.tile(), values = memory.tile();
    float* weights = memory.floats(N * PlainTiles::WEIGHT_PITCH);

    Segment segment(segments, tiles[2 * blockIdx.x]);
    int row0 = tiles[2 * blockIdx.x + 1];
    int rows = min(N, segment.length - row0);
    int head = blockIdx.y;
    int kv_head = head / (heads / kv_heads);
    long long token0 = segment.start + row0;
    const float* keyColumns = qkv + (heads + kv_head) * E;
    const float* valueColumns = keyColumns + kv_heads * E;
    KeyTiles<N> keyTiles(segments, segment, row0, rows, window);

    int row = threadIdx.x >> 2, lane = threadIdx.x & 3;
    int position = segment.position + row0 + row;
    int low = window > 0 ? position - window + 1 : 0;
    float* weight = weights + row * PlainTiles::WEIGHT_PITCH;
    float logSum = row < rows ? lse[(token0 + row) * heads + head] : 0.0f;
    float d = row < rows ? delta[(token0 + row) * heads + head] : 0.0f;

    queries.load(qkv + token0 * qs + head * E, qs, rows, E);
    gradients.load(dout + token0 * os + head * E, os, rows, E);
    float dq[PlainTiles::LANE_ELEMENTS] = {};
    for (int i = 0; i < keyTiles.count; i++) {
        KeyTile tile = keyTiles[i];
        __syncthreads();
        keys.load(keyColumns + tile.row * qs, qs, tile.rows, E);
        values.load(valueColumns + tile.row * qs, qs, tile.rows, E);
        __syncthreads();
#pragma unroll
        for (int j = 0; j < N / 4; j++) {
            int n = lane + 4 * j;
            int key = tile.position + n;
            float ds = 0;
            if (key >= low && key <= min(position, tile.highest)) {
                float p = expf(dot(queries[row], keys[n], E) * scale - logSum);
                ds = p * (dot(gradients[row], values[n], E) - d);
            }
            weight[n] = ds;
        }
        __syncwarp();
        add_weighted(dq, weight, keys, lane, E);
    }
    if (row < rows) {
        store_row(dqkv + (token0 + row) * dqs + head * E, dq, scale, lane, E);
    }
}

__device__ __forceinline__ void plain_attention_dkv(
        const float* __restrict__ qkv, long long qs, const float* __restrict__ dout, long long os,
        const float* __restrict__ lse, const float* __restrict__ delta, float* __restrict__ dqkv, long long dqs,
        const int* __restrict__ segments, const int* __restrict__ childrenFrom, const int* __restrict__ children,
        const int* __restrict__ tiles, int heads, int kv_heads, int E, int window, float scale) {
    constexpr int N = PlainTiles::N;
    DYN_SHARED(shared);
    PlainMemory memory{reinterpret_cast<float*>(shared), E};
    PlainTile keys = memory.tile(), values = memory.tile(), queries = memory.tile(), gradients = memory.tile();
    float* scoreWeights = memory.floats(N * PlainTiles::WEIGHT_PITCH);
    float* gradientWeights = memory.floats(N * PlainTiles::WEIGHT_PITCH);
    float* logSums = memory.floats(N);
    float* deltas = memory.floats(N);

    int index = tiles[2 * blockIdx.x];
    int key0 = tiles[2 * blockIdx.x + 1];
    Segment segment(segments, index);
    int rows = min(N, segment.length - key0);
    int kv_head = blockIdx.y;
    int group = heads / kv_heads;
    long long token0 = segment.start + key0;
    int keyColumn = (heads + kv_head) * E, valueColumn = keyColumn + kv_heads * E;
    QueryTiles<N> walk(segments, childrenFrom, children, index, key0, rows, kv_head * group, group, window);

    int row = threadIdx.x >> 2, lane = threadIdx.x & 3;
    int position = segment.position + key0 + row;
    float* p = scoreWeights + row * PlainTiles::WEIGHT_PITCH;
    float* ds = gradientWeights + row * PlainTiles::WEIGHT_PITCH;

    keys.load(qkv + token0 * qs + keyColumn, qs, rows, E);
    values.load(qkv + token0 * qs + valueColumn, qs, rows, E);
    float dk[PlainTiles::LANE_ELEMENTS] = {}, dv[PlainTiles::LANE_ELEMENTS] = {};
    do {
        QueryTile tile = walk.tile();
        __syncthreads();
        queries.load(qkv + tile.row * qs + tile.head * E, qs, tile.rows, E);
        gradients.load(dout + tile.row * os + tile.head * E, os, tile.rows, E);
        if (threadIdx.x < N) {
            bool there = (int)threadIdx.x < tile.rows;
            long long at = ((long long)tile.row + threadIdx.x) * heads + tile.head;
            logSums[threadIdx.x] = there ? lse[at] : 0.0f;
            deltas[threadIdx.x] = there ? delta[at] : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int j = 0; j < N / 4; j++) {
            int n = lane + 4 * j;
            int query = tile.position + n;
            p[n] = ds[n] = 0;
            if (n < tile.rows && query >= position && (window == 0 || query - position < window)) {
                p[n] = expf(dot(queries[n], keys[row], E) * scale - logSums[n]);
                ds[n] = p[n] * (dot(gradients[n], values[row], E) - deltas[n]);
            }
        }
        __syncwarp();
        add_weighted(dv, p, gradients, lane, E);
        add_weighted(dk, ds, queries, lane, E);
    } while (walk.next());
    if (row < rows) {
        store_row(dqkv + (token0 + row) * dqs + keyColumn, dk, scale, lane, E);
        store_row(dqkv + (token0 + row) * dqs + valueColumn, dv, 1.0f, lane, E);
    }
}
