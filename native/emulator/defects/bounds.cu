#include "defect.cuh"

// No test of the last, partial block. Unchecked, the few bytes up to a multiple of 256 are looked at when it is freed.
// reports: out-of-bounds write
// fast: out-of-bounds write
// launch: 3, 40, 0
template <bool REPAIRED>
__device__ void write_behind_the_end_body(const float* x, float* y, int n) {
    int i = global_thread() + 1;
    if (!REPAIRED || i < n) {
        y[i] = x[i - 1]; // here
    }
}
WITH_REPAIR(write_behind_the_end)

// Behind those bytes lies a page that faults.
// reports: out-of-bounds read
// fast: memory fault
// launch: 3, 64, 0
template <bool REPAIRED>
__device__ void read_behind_the_end_body(const float* x, float* y, int n) {
    int i = global_thread();
    y[i] = REPAIRED && i + 1 >= n ? 0.0f : x[i + 1]; // here
}
WITH_REPAIR(read_behind_the_end)

// reports: out-of-bounds write
// fast: memory fault
// launch: 1, 64, 256
template <bool REPAIRED>
__device__ void dynamic_shared_too_small_body(const float* x, float* y, int) {
    DYN_SHARED(raw);
    float* s = reinterpret_cast<float*>(raw);
    int i = REPAIRED ? threadIdx.x : threadIdx.x + 1;
    s[i] = x[threadIdx.x]; // here
    y[threadIdx.x] = s[i];
}
WITH_REPAIR(dynamic_shared_too_small)

// A pointer that nobody set.
// reports: read of a host address
// fast: memory fault
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void null_pointer_body(const float* x, float* y, int n) {
    const float* p = REPAIRED ? x : reinterpret_cast<const float*>((uintptr_t)(n - 32));
    y[threadIdx.x] = p[threadIdx.x]; // here
}
WITH_REPAIR(null_pointer)

// reports: misaligned access
// launch: 1, 16, 0
template <bool REPAIRED>
__device__ void misaligned_vector_body(const float* x, float* y, int n) {
    int i = REPAIRED ? 4 : 3;
    float4 v = *reinterpret_cast<const float4*>(x + i); // here
    y[threadIdx.x] = v.x + v.w;
}
WITH_REPAIR(misaligned_vector)

// The address of a local variable means nothing to another thread.
// reports: access to another thread's local memory
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void anothers_local_memory_body(const float* x, float* y, int) {
    __shared__ float* shared;
    float local[2] = {x[threadIdx.x], 0};
    if (threadIdx.x == 0) {
        shared = local;
    }
    __syncthreads();
    float* p = REPAIRED ? local : shared;
    y[threadIdx.x] = p[0]; // here
    __syncthreads();
    local[1] = y[threadIdx.x];
    y[threadIdx.x] = local[threadIdx.x & 1];
}
WITH_REPAIR(anothers_local_memory)

// Recursion without an end, or an array too large for a thread.
// reports: memory fault
// fast: memory fault
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void stack_overflow_body(const float* x, float* y, int n) {
    volatile float local[REPAIRED ? 16 : 20000];
    local[n & 15] = x[threadIdx.x];
    y[threadIdx.x] = local[n & 15];
}
WITH_REPAIR(stack_overflow)
