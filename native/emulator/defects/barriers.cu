#include "../../../kernels/common/reduce.cuh"
#include "defect.cuh"

// Each half of the block waits at a barrier of its own.
// reports: divergent barrier
// fast: divergent barrier
// launch: 1, 128, 0
template <bool REPAIRED>
__device__ void barrier_in_each_branch_body(const float* x, float* y, int) {
    y[threadIdx.x] = x[threadIdx.x];
    if (REPAIRED) {
        __syncthreads();
    } else if (threadIdx.x < 64) {
        __syncthreads(); // here
    } else {
        __syncthreads(); // here
    }
}
WITH_REPAIR(barrier_in_each_branch)

// Threads without work leave before the barrier.
// reports: divergent barrier
// launch: 1, 128, 0
template <bool REPAIRED>
__device__ void exit_before_barrier_body(const float* x, float* y, int) {
    if (!REPAIRED && threadIdx.x >= 100) {
        return;
    }
    y[threadIdx.x] = x[threadIdx.x];
    __syncthreads(); // here
}
WITH_REPAIR(exit_before_barrier)

// A loop with a barrier that some threads go through less often.
// reports: divergent barrier
// launch: 1, 96, 0
template <bool REPAIRED>
__device__ void rounds_differ_body(const float* x, float* y, int) {
    int rounds = REPAIRED ? 3 : 1 + (int)threadIdx.x / 32;
    for (int i = 0; i < rounds; i++) {
        y[threadIdx.x] = x[threadIdx.x] + (float)i;
        __syncthreads(); // here
    }
}
WITH_REPAIR(rounds_differ)

// Half a warp asks for the value of the other half.
// reports: deadlock
// fast: deadlock
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void shuffle_of_half_body(const float* x, float* y, int) {
    float value = x[threadIdx.x];
    if (REPAIRED || threadIdx.x < 16) {
        value = __shfl_xor_sync(ALL_LANES, value, 1); // here
    }
    y[threadIdx.x] = value;
}
WITH_REPAIR(shuffle_of_half)

// The upper lanes are not in the mask that they name.
// reports: divergent warp operation
// fast: divergent warp operation
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void not_in_mask_body(const float* x, float* y, int) {
    unsigned mask = REPAIRED ? ALL_LANES : 0xffffu;
    y[threadIdx.x] = __shfl_xor_sync(mask, x[threadIdx.x], 1); // here
}
WITH_REPAIR(not_in_mask)

// One half votes while the other shuffles.
// reports: divergent warp operation
// fast: divergent warp operation
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void different_operations_body(const float* x, float* y, int) {
    float value = x[threadIdx.x];
    if (REPAIRED || threadIdx.x < 16) {
        value = __shfl_xor_sync(ALL_LANES, value, 1); // here
    } else {
        value = (float)__ballot_sync(ALL_LANES, value > 0); // here
    }
    y[threadIdx.x] = value;
}
WITH_REPAIR(different_operations)

// A thread waits at a barrier, the rest of its warp for it in a shuffle.
// reports: deadlock
// fast: deadlock
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void barrier_against_shuffle_body(const float* x, float* y, int) {
    float value = x[threadIdx.x];
    if (!REPAIRED && threadIdx.x == 7) {
        __syncthreads(); // here
    }
    value = warp_sum(value);
    __syncthreads();
    y[threadIdx.x] = value;
}
WITH_REPAIR(barrier_against_shuffle)

// A trap is a defect that the kernel found itself.
// reports: __trap()
// fast: __trap()
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void traps_body(const float* x, float* y, int) {
    if (!REPAIRED && threadIdx.x == 7) {
        __trap();
    }
    y[threadIdx.x] = x[threadIdx.x];
}
WITH_REPAIR(traps)
