#include "../../../kernels/common/reduce.cuh"
#include "defect.cuh"

// A second sum through the scratch of the first, which other warps still read. Benign on most data and most orders.
// reports: race (write after read)
// launch: 2, 256, 0
template <bool REPAIRED>
__device__ void scratch_used_again_body(const float* x, float* y, int) {
    __shared__ float scratch[32];
    int lane = threadIdx.x & 31;
    float value = x[global_thread()];
    for (int round = 0; round < 2; round++) {
        float sum = warp_sum(value);
        if (lane == 0) {
            scratch[threadIdx.x >> 5] = sum; // here
        }
        __syncthreads();
        value += scratch[lane & 7];
        if (REPAIRED) {
            __syncthreads();
        }
    }
    y[global_thread()] = value;
}
WITH_REPAIR(scratch_used_again)

// Reversed through shared memory: what the others write may not be there yet.
// reports: race (
// launch: 1, 256, 0
template <bool REPAIRED>
__device__ void read_before_barrier_body(const float* x, float* y, int) {
    __shared__ float s[256];
    s[threadIdx.x] = 0;
    __syncthreads();
    s[threadIdx.x] = x[threadIdx.x]; // here
    if (REPAIRED) {
        __syncthreads();
    }
    y[threadIdx.x] = s[255 - threadIdx.x]; // here
}
WITH_REPAIR(read_before_barrier)

// Several blocks add to one float.
// reports: race (
// launch: 4, 64, 0
template <bool REPAIRED>
__device__ void blocks_add_plainly_body(const float* x, float* y, int) {
    float sum = warp_sum(x[global_thread()]);
    if (REPAIRED) {
        y[global_thread()] = sum;
    } else if (threadIdx.x == 0) {
        y[0] = blockIdx.x == 0 ? sum : y[0] + sum; // here
    }
}
WITH_REPAIR(blocks_add_plainly)

// A block writes one float of its neighbour's.
// reports: race (write after write)
// launch: 4, 64, 0
template <bool REPAIRED>
__device__ void blocks_overlap_body(const float* x, float* y, int n) {
    int i = global_thread();
    y[i] = x[i]; // here
    if (!REPAIRED && threadIdx.x == 0 && i > 0) {
        y[i - 1] = x[i]; // here
    }
}
WITH_REPAIR(blocks_overlap)

// Lanes of a warp exchange through shared memory. They may not run in step.
// reports: race (
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void lanes_exchange_body(const float* x, float* y, int) {
    __shared__ float s[32];
    s[threadIdx.x] = 0;
    __syncwarp();
    s[threadIdx.x] = x[threadIdx.x]; // here
    if (REPAIRED) {
        __syncwarp();
    }
    y[threadIdx.x] = s[31 - threadIdx.x]; // here
}
WITH_REPAIR(lanes_exchange)

// A shuffle waits for the lanes, but it does not order their memory.
// reports: race (
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void shuffle_for_syncwarp_body(const float* x, float* y, int) {
    __shared__ float s[32];
    s[threadIdx.x] = 0;
    __syncwarp();
    s[threadIdx.x] = x[threadIdx.x]; // here
    float first = __shfl_sync(ALL_LANES, x[threadIdx.x], 0);
    if (REPAIRED) {
        __syncwarp();
    }
    y[threadIdx.x] = s[31 - threadIdx.x] + first; // here
}
WITH_REPAIR(shuffle_for_syncwarp)
