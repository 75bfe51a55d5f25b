// The head's log-softmax in one read of the logits, and its gradient in place. A block of 512 threads a row; any grid.
#pragma once

#include "statistics.cuh"

#include "../common/reduce.cuh"

/// What some of a row's logits add up to, relative to their largest: mergeable in any order.
struct Online {
    float max; // largest logit so far, or LEAST
    int best;  // first index of max
    float sum;      // Σ e, e = exp(x - max)
    float squares;  // Σ e²
    float weighted; // Σ e·(x - max), at most 0
    float logits;   // Σ x

    /// Below every logit, and finite, so that its differences are.
    static constexpr float LEAST = -1e30f;

    __device__ __forceinline__ Online() : max(LEAST), best(0), sum(0), squares(0), weighted(0), logits(0) {}

    /// Makes the sums relative to a larger maximum.
    __device__ __forceinline__ void raise(float to) {
        float below = max - to, factor = __expf(below);
        weighted = factor * (weighted + below * sum);
        sum *= factor;
        squares *= factor * factor;
        max = to;
    }

    /// The first `count` of N logits, the first at index `at`; indices only grow from call to call. The others are LEAST.
    template <int N>
    __device__ __forceinline__ void add(const float (&x)[N], int at, int count) {
        float top = x[0];
#pragma unroll
        for (int i = 1; i < N; i++) {
            top = fmaxf(top, x[i]);
        }
        if (top > max) {
            raise(top);
#pragma unroll
            for (int i = N - 1; i >= 0; i--) {
                best = x[i] == top ? at + i : best;
            }
        }
#pragma unroll
        for (int i = 0; i < N; i++) {
            float below = x[i] - max, e = __expf(below);
            sum += e;
            squares += e * e;
            weighted += e * below;
            logits += i < count ? x[i] : 0.0f;
        }
    }

    __device__ __forceinline__ void merge(Online other) {
        if (other.max > max || (other.max == max && other.best < best)) {
            best = other.best;
        }
        float top = fmaxf(max, other.max);
        raise(top);
        other.raise(top);
        sum += other.sum;
        squares += other.squares;
        weighted += other.weighted;
        logits += other.logits;
    }

    /// Of the lane `step` away.
    __device__ __forceinline__ Online from_lane(int step) const {
        Online o;
        o.max = __shfl_xor_sync(ALL_LANES, max, step);
        o.best = __shfl_xor_sync(ALL_LANES, best, step);
        o.sum = __shfl_xor_sync(ALL_LANES, sum, step);
        o.squares = __shfl_xor_sync(ALL_LANES, squares, step);
        o.weighted = __shfl_xor_sync(ALL_LANES, weighted, step);
        o.logits = __shfl_xor_sync(ALL_LANES, logits, step);
        return o;
    }

    __device__ __forceinline__ void merge_warp() {
#pragma unroll
        for (int step = 16; step > 0; step >>= 1) {
            merge(from_lane(step));
        }
    }
};

/// A thread takes TAKEN packs of a row at once: one comparison with the maximum, and loads enough under way.
constexpr int TAKEN = 4;

/// Statistics [rows, 6] of logits [rows, vocabulary]: log p(target), entropy, mean logit, whether the target is the
/// first of the largest, log Σp², log Σexp.
extern "C" __global__ void __launch_bounds__(512) log_softmax(
        const float* __restrict__ logits, long long ls, const int* __restrict__ targets, float* __restrict__ statistics,
        int rows, int vocabulary) {
    constexpr int N = PACK<float>;
    __shared__ float partial[2][6][32];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    bool vector = aligned(logits, ls);
    for (long long row = blockIdx.x, turn = 0; row < rows; row += gridDim.x, turn ^= 1) {
        const float* x = logits + row * ls;
        float target = threadIdx.x == 0 ? x[targets[row]] : 0.0f; // asked for before it is needed
        Online seen;
        int step = blockDim.x * N, col = threadIdx.x * N;
        for (; vector && col + (TAKEN - 1) * step + N <= vocabulary; col += TAKEN * step) {
            float v[TAKEN][N];
#pragma unroll
            for (int k = 0; k < TAKEN; k++) {
                load_vector(x + col + k * step, v[k]);
            }
#pragma unroll
            for (int k = 0; k < TAKEN; k++) {
                seen.add(v[k], col + k * step, N);
            }
        }
        for (; col < vocabulary; col += step) {
            float v[N];
#pragma unroll
            for (int i = 0; i < N; i++) {
                v[i] = col + i < vocabulary ? x[col + i] : Online::LEAST;
            }
            seen.add(v, col, vocabulary - col);
        }
        seen.merge_warp();
        float(&all)[6][32] = partial[turn];
        if (lane == 0) {
            all[0][warp] = seen.max, all[1][warp] = __int_as_float(seen.best), all[2][warp] = seen.sum;
            all[3][warp] = seen.squares, all[4][warp] = seen.weighted, all[5][warp] = seen.logits;
        }
        __syncthreads();
        if (warp == 0) {
            seen = Online();
            if (lane < warps) {
                seen.max = all[0][lane], seen.best = __float_as_int(all[1][lane]), seen.sum = all[2][lane];
                seen.squares = all[3][lane], seen.weighted = all[4][lane], seen.logits = all[5][lane];
            }
            seen.merge_warp();
            if (threadIdx.x == 0) {
                float log_sum = logf(seen.sum), lse = seen.max + log_sum;
                float* out = statistics + row * COLUMNS;
                out[LOGP] = target - lse;
                out[ENTROPY] = log_sum - seen.weighted / seen.sum;
                out[MEAN_LOGIT] = seen.logits / (float)vocabulary;
                out[TOP1] = seen.best == targets[row] ? 1.0f : 0.0f;
                out[LOG_SUM_P2] = logf(seen.squares) - 2.0f * log_sum;
                out[LOG_SUM_EXP] = lse;
            }
        }
    }
}

/// logits[r] = g[r] · (onehot(targets[r]) - softmax(logits[r])), as T from the row's start on. A chunk of the row is read
/// by all threads before one writes, and what is written lies before what is yet to be read.
template <class T>
__device__ __forceinline__ void log_softmax_backward(
        float* logits, long long ls, const int* __restrict__ targets, const float* __restrict__ statistics,
        const float* __restrict__ g, int rows, int vocabulary) {
    constexpr int N = PACK<float>;
    bool vector = aligned(logits, ls);
    int step = blockDim.x * N;
    for (long long row = blockIdx.x; row < rows; row += gridDim.x) {
        const float* x = logits + row * ls;
        T* dx = reinterpret_cast<T*>(logits + row * ls);
        float lse = statistics[row * COLUMNS + LOG_SUM_EXP], scale = g[row];
        int target = targets[row];
        for (int chunk = 0; chunk < vocabulary; chunk += TAKEN * step) {
            float v[TAKEN][N];
#pragma unroll
            for (int k = 0; k < TAKEN; k++) {
                int col = chunk + k * step + threadIdx.x * N;
                load(x + col, vocabulary - col, vector, v[k]);
#pragma unroll
                for (int i = 0; i < N; i++) {
                    v[k][i] = scale * ((col + i == target ? 1.0f : 0.0f) - __expf(v[k][i] - lse));
                }
            }
            if (sizeof(T) < sizeof(float)) {
                __syncthreads();
            }
#pragma unroll
            for (int k = 0; k < TAKEN; k++) {
                int col = chunk + k * step + threadIdx.x * N;
                store(dx + col, vocabulary - col, vector, v[k]);
            }
        }
    }
}

extern "C" __global__ void __launch_bounds__(512) log_softmax_backward_f32(
        float* logits, long long ls, const int* targets, const float* statistics, const float* g, int rows,
        int vocabulary) {
    log_softmax_backward<float>(logits, ls, targets, statistics, g, rows, vocabulary);
}
extern "C" __global__ void __launch_bounds__(512) log_softmax_backward_bf16(
        float* logits, long long ls, const int* targets, const float* statistics, const float* g, int rows,
        int vocabulary) {
    log_softmax_backward<bf16>(logits, ls, targets, statistics, g, rows, vocabulary);
}
