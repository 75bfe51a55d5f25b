// What nvcc defines before it reads a .cu file, for g++: included first in every kernel source (-x c++ -include
// cuemu.h). __LINE__ goes with every operation that waits, so that reports can say where.
#pragma once

#define CUEMU 1

#include "abi.h"
#include "arithmetic.h"

// With CUEMU_SCAN the preprocessor's output names the kernels; the Makefile turns them into CUEMU_KERNEL lines.
#ifdef CUEMU_SCAN
#define __global__ __cuemu_kernel__
#else
#define __global__
#define __launch_bounds__(...)
#endif
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __restrict__ __restrict
#define __align__(n) __attribute__((aligned(n)))
// A block never leaves its thread of the host, so what is local to the thread is shared by the block's fibers.
#define __shared__ thread_local

#define threadIdx (cuemu_current->threadIndex)
#define blockIdx (cuemu_current->blockIndex)
#define blockDim (cuemu_current->blockSize)
#define gridDim (cuemu_current->gridSize)
constexpr int warpSize = 32;

#define __syncthreads() cuemu_barrier(0, 0, __LINE__)
#define __syncthreads_or(p) cuemu_barrier_reduce(CUEMU_OR, (p), __LINE__)
#define __syncthreads_and(p) cuemu_barrier_reduce(CUEMU_AND, (p), __LINE__)
#define __syncthreads_count(p) cuemu_barrier_reduce(CUEMU_COUNT, (p), __LINE__)
#define __trap() cuemu_trap("__trap()")

static inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_block() {}

static inline float atomicAdd(float* p, float v) { return cuemu_atomic_add_f32(p, v); }
static inline double atomicAdd(double* p, double v) { return cuemu_atomic_add_f64(p, v); }
static inline unsigned atomicAdd(unsigned* p, unsigned v) { return cuemu_atomic_u32(CUEMU_ADD, p, v, 0); }
static inline int atomicAdd(int* p, int v) { return (int)cuemu_atomic_u32(CUEMU_ADD, (uint32_t*)p, (uint32_t)v, 0); }
static inline int atomicMax(int* p, int v) { return (int)cuemu_atomic_u32(CUEMU_MAX, (uint32_t*)p, (uint32_t)v, 0); }
static inline int atomicMin(int* p, int v) { return (int)cuemu_atomic_u32(CUEMU_MIN, (uint32_t*)p, (uint32_t)v, 0); }
static inline unsigned atomicExch(unsigned* p, unsigned v) { return cuemu_atomic_u32(CUEMU_EXCHANGE, p, v, 0); }
static inline unsigned atomicCAS(unsigned* p, unsigned compare, unsigned v) {
    return cuemu_atomic_u32(CUEMU_COMPARE_AND_SWAP, p, v, compare);
}
static inline unsigned long long atomicAdd(unsigned long long* p, unsigned long long v) {
    return cuemu_atomic_u64(CUEMU_ADD, (uint64_t*)p, v, 0);
}
static inline unsigned long long atomicCAS(
        unsigned long long* p, unsigned long long compare, unsigned long long v) {
    return cuemu_atomic_u64(CUEMU_COMPARE_AND_SWAP, (uint64_t*)p, v, compare);
}

#include "warp.h"
#include "wgmma.h"

namespace cuemu {

#ifdef __SANITIZE_THREAD__
constexpr int CHECKED = 1;
#else
constexpr int CHECKED = 0;
#endif

/// Calls a kernel with the values that cuLaunchKernel's parameters point to.
template <class F, F kernel>
struct Trampoline;

template <class... A, void (*kernel)(A...)>
struct Trampoline<void (*)(A...), kernel> {
    template <size_t... I>
    __attribute__((no_sanitize("thread"))) static void call(void** parameters, std::index_sequence<I...>) {
        kernel(*(std::remove_cv_t<A>*)parameters[I]...);
    }
    __attribute__((no_sanitize("thread"))) static void call(void** parameters) {
        call(parameters, std::index_sequence_for<A...>{});
    }
    static int add(const char* name, unsigned maxThreads = 0, unsigned = 0) {
        static const uint16_t sizes[] = {sizeof(A)..., 0};
        cuemu_register(name, &call, sizeof...(A), sizes, maxThreads, CHECKED);
        return 0;
    }
};

}

#define CUEMU_KERNEL(name, ...) \
    static const int cuemu_added_##name = \
            cuemu::Trampoline<decltype(&name), &name>::add(#name __VA_OPT__(,) __VA_ARGS__);
