// Decoding: keys and values into the cache, attention of single rows over it in pieces, and the join of the pieces.
#pragma once

#include "../common/reduce.cuh"

struct DecodeTiles {
    static constexpr int PIECE = 256; // keys a block
    static constexpr int THREADS = 256, WARPS = THREADS / 32;
    static constexpr int HEADS = 4; // query heads that share one reading of the keys and values
    static constexpr int MAX_E = 128;
};

/// The keys that a query at `position` sees: [first, position].
__device__ __forceinline__ int first_visible(int position, int window) {
    return window > 0 ? max(0, position - window + 1) : 0;
}

/// Row t of qkv becomes row positions[t] of keys and values, K·E elements each. A block a row.
template <class T>
__device__ __forceinline__ void append_to_cache(
        const T* __restrict__ qkv, long long qs, const int* __restrict__ positions, T* __restrict__ keys,
        T* __restrict__ values, int rows, int heads, int kv_heads, int E) {
    constexpr int N = PACK<T>;
    long long width = (long long)kv_heads * E;
    for (int row = blockIdx.x; row < rows; row += gridDim.x) {
        const T* from = qkv + row * qs + (long long)heads * E;
        long long to = positions[row] * width;
        bool vector = aligned(from) && aligned(keys + to) && aligned(values + to) && width % N == 0;
        for (int i = threadIdx.x * N; i < 2 * width; i += blockDim.x * N) {
            T* out = i < width ? keys + to + i : values + to + i - width;
            if (vector) {
                *reinterpret_cast<uint4*>(out) = *reinterpret_cast<const uint4*>(from + i);
            } else {
                for (int n = i; n < i + N && n < 2 * width; n++) {
                    (n < width ? keys + to + n : values + to + n - width)[0] = from[n];
                }
            }
        }
    }
}

/// One block: row blockIdx.x, key/value head blockIdx.y, piece blockIdx.z of the cache. For each query head that shares
/// the key/value head, partial[row][head][piece] = maximum of the scores, sum of the weights, weighted values[E], with
/// weights relative to that maximum. Pieces that the row does not see are left alone.
template <class T>
__device__ __forceinline__ void attention_cached(
        const T* __restrict__ qkv, long long qs, const T* __restrict__ keys, const T* __restrict__ values,
        const int* __restrict__ positions, float* __restrict__ partial, int heads, int kv_heads, int E, int window,
        float scale) {
    constexpr int HEADS = DecodeTiles::HEADS, WARPS = DecodeTiles::WARPS;
    __shared__ float weights[HEADS][DecodeTiles::PIECE];
    __shared__ float sums[WARPS][HEADS][DecodeTiles::MAX_E];
    __shared__ float maxima[HEADS], totals[HEADS];

    int row = blockIdx.x, kv_head = blockIdx.y, piece = blockIdx.z;
    int position = positions[row];
    int from = max(piece * DecodeTiles::PIECE, first_visible(position, window));
    int count = min((piece + 1) * DecodeTiles::PIECE, position + 1) - from;
    if (count <= 0) {
        return;
    }
    int group = heads / kv_heads;
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    int lanes = E > 64 ? 16 : 8; // that share a key, 8 elements each
    int sharers = DecodeTiles::THREADS / lanes;
    int mine = threadIdx.x / lanes;
    int element = threadIdx.x % lanes * 8;
    long long stride = (long long)kv_heads * E;
    long long base = from * stride + kv_head * E + element;
    bool vector = aligned(keys, stride) && aligned(values, stride) && E % PACK<T> == 0;

    for (int done = 0; done < group; done += HEADS) {
        int here = min(HEADS, group - done);
        float q[HEADS][8];
#pragma unroll
        for (int h = 0; h < HEADS; h++) {
            const T* query = qkv + row * qs + (long long)(kv_head * group + done + h) * E + element;
            load(query, h < here ? E - element : 0, false, q[h]);
        }
        for (int first = 0; first < count; first += sharers) {
            int n = first + mine;
            float k[8];
            load(keys + base + n * stride, n < count ? E - element : 0, vector, k);
#pragma unroll
            for (int h = 0; h < HEADS; h++) {
                float score = 0;
#pragma unroll
                for (int i = 0; i < 8; i++) {
                    score += q[h][i] * k[i];
                }
                for (int other = 1; other < lanes; other *= 2) {
                    score += __shfl_xor_sync(ALL_LANES, score, other);
                }
                if (element == 0 && n < count) {
                    weights[h][n] = score * scale;
                }
            }
        }
        __syncthreads();
        if (warp < here) {
            float most = -INFINITY, total = 0;
            for (int n = lane; n < count; n += 32) {
                most = fmaxf(most, weights[warp][n]);
            }
            most = warp_max(most);
            for (int n = lane; n < count; n += 32) {
                float p = expf(weights[warp][n] - most);
                weights[warp][n] = p;
                total += p;
            }
            total = warp_sum(total);
            if (lane == 0) {
                maxima[warp] = most;
                totals[warp] = total;
            }
        }
        __syncthreads();
        float o[HEADS][8] = {};
        for (int n = mine; n < count; n += sharers) {
            float v[8];
            load(values + base + n * stride, E - element, vector, v);
#pragma unroll
            for (int h = 0; h < HEADS; h++) {
                float p = h < here ? weights[h][n] : 0.0f;
#pragma unroll
                for (int i = 0; i < 8; i++) {
                    o[h][i] += p * v[i];
                }
            }
        }
#pragma unroll
        for (int h = 0; h < HEADS; h++) {
#pragma unroll
            for (int i = 0; i < 8; i++) {
                for (int other = lanes; other < 32; other *= 2) {
                    o[h][i] += __shfl_xor_sync(ALL_LANES, o[h][i], other);
                }
                if (lane < lanes) {
                    sums[warp][h][element + i] = o[h][i];
                }
            }
        }
        __syncthreads();
        for (int i = threadIdx.x; i < here * (E + 2); i += DecodeTiles::THREADS) {
            int h = i / (E + 2), e = i % (E + 2) - 2;
            float x = e == -2 ? maxima[h] : totals[h];
            if (e >= 0) {
                x = 0;
                for (int w = 0; w < WARPS; w++) {
                    x += sums[w][h][e];
                }
            }
            long long at = ((long long)row * heads + kv_head * group + done + h) * gridDim.z + piece;
            partial[at * (E + 2) + e + 2] = x;
        }
        // The next heads' weights are written before the next barrier; those of these heads have been read.
        __syncthreads();
    }
}

/// out[row][head] from its pieces, in order. One block: row blockIdx.x, head blockIdx.y.
template <class T>
__device__ __forceinline__ void attention_cached_join(
        const float* __restrict__ partial, const int* __restrict__ positions, T* __restrict__ out, long long os,
        int heads, int E, int window, int capacity) {
    int row = blockIdx.x, head = blockIdx.y;
    int pieces = (capacity + DecodeTiles::PIECE - 1) / DecodeTiles::PIECE;
    int position = positions[row];
    int first = first_visible(position, window) / DecodeTiles::PIECE, last = position / DecodeTiles::PIECE;
    const float* mine = partial + ((long long)row * heads + head) * pieces * (E + 2);
    float most = -INFINITY;
    for (int p = first; p <= last; p++) {
        most = fmaxf(most, mine[(long long)p * (E + 2)]);
    }
    for (int e = threadIdx.x; e < E; e += blockDim.x) {
        float total = 0, sum = 0;
        for (int p = first; p <= last; p++) {
            const float* piece = mine + (long long)p * (E + 2);
            float factor = expf(piece[0] - most);
            total += piece[1] * factor;
            sum += piece[2 + e] * factor;
        }
        out[row * os + (long long)head * E + e] = from_float<T>(sum / total);
    }
}
