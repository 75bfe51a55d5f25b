// One read of a row of logits: everything that ops.HeadStatistics has columns for.
#pragma once

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
