// Sums and maxima of a warp or block, in an order that depends on the block's size only.
#pragma once

#include "types.cuh"

constexpr unsigned ALL_LANES = 0xffffffffu;

template <class V>
__device__ __forceinline__ V warp_sum(V x) {
#pragma unroll
    for (int step = 16; step > 0; step >>= 1) {
        x += __shfl_xor_sync(ALL_LANES, x, step);
    }
    return x;
}

__device__ __forceinline__ float warp_max(float x) {
#pragma unroll
    for (int step = 16; step > 0; step >>= 1) {
        x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, step));
    }
    return x;
}

/// The sum over a block of whole warps (at most 32), for every thread. `scratch` is shared memory for 32 values;
/// another use of the same scratch needs a barrier of the caller's in between.
template <class V>
__device__ __forceinline__ V block_sum(V x, V* scratch) {
    int lane = threadIdx.x & 31;
    x = warp_sum(x);
    if (lane == 0) {
        scratch[threadIdx.x >> 5] = x;
    }
    __syncthreads();
    return warp_sum(lane < (int)(blockDim.x >> 5) ? scratch[lane] : V(0));
}
