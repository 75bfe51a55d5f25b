// Products of a warpgroup (four warps) on sm_90a, whose B operand, and if wanted A operand, tensor cores read from shared
// memory themselves. PTX ISA, "Asynchronous Warpgroup Level Matrix Instructions".
//
// C is 64 x N: warp w of the group has rows [16·w, 16·w + 16), each 8 columns as mma.sync leaves them (mma.cuh). A from
// registers is 64 x 16, a warp's rows as for mma.sync.
#pragma once

#include "mma.cuh"

// Machine code of these instructions exists for sm_90a alone; elsewhere a kernel of them is empty, and never launched.
#if defined(CUEMU) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define ON_SM90A(...) __VA_ARGS__
#else
#define ON_SM90A(...)
#endif

/// Where an operand lies: the matrix descriptor, with 128-byte swizzle and 1024 bytes from 8 rows to the next 8. Sums run
/// along the rows (K-major) or from row to row (MN-major); for the latter `panel` is the way from 64 columns to the next.
struct Operand {
    uint64_t descriptor;

    __device__ __forceinline__ Operand(shared_t start, int panel)
        : descriptor((uint64_t)((shared_offset(start) & 0x3ffff) >> 4) | (uint64_t)(panel >> 4) << 16 | (uint64_t)(1024 >> 4) << 32 |
                     (uint64_t)1 << 62) {}

    /// `bytes` further, a multiple of 16.
    __device__ __forceinline__ Operand operator+(int bytes) const {
        Operand further = *this;
        further.descriptor += (uint64_t)(bytes >> 4);
        return further;
    }
};

#ifndef CUEMU // native/emulator/shim/wgmma.h
// Eight columns of C are four registers of a thread.
#define C8(i) "+f"(c[i][0]), "+f"(c[i][1]), "+f"(c[i][2]), "+f"(c[i][3])
#define C32(i) C8(i), C8(i + 1), C8(i + 2), C8(i + 3)
#define NAMES_32                                                                                                      \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "  \
    "%24, %25, %26, %27, %28, %29, %30, %31"
#define NAMES_64                                                                                                      \
    NAMES_32                                                                                                          \
    ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, " \
    "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63"

/// c = a · b or c += a · b, 8·N columns, 16 summands; TRANSPOSED: b is MN-major. c is there after wgmma_wait.
template <bool TRANSPOSED, bool FRESH, int N>
__device__ __forceinline__ void wgmma(float (&c)[N][4], Operand a, Operand b) {
    static_assert(N == 8 || N == 16);
    if constexpr (N == 8) {
        asm volatile("{.reg .pred p; setp.ne.b32 p, %34, 0;\n"
                     "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" NAMES_32 "}, %32, %33, p, 1, 1, 0, %35;}"
                     : C32(0), C32(4)
                     : "l"(a.descriptor), "l"(b.descriptor), "n"(FRESH ? 0 : 1), "n"(TRANSPOSED ? 1 : 0));
    } else {
        asm volatile("{.reg .pred p; setp.ne.b32 p, %66, 0;\n"
                     "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" NAMES_64 "}, %64, %65, p, 1, 1, 0, %67;}"
                     : C32(0), C32(4), C32(8), C32(12)
                     : "l"(a.descriptor), "l"(b.descriptor), "n"(FRESH ? 0 : 1), "n"(TRANSPOSED ? 1 : 0));
    }
}
template <bool TRANSPOSED, bool FRESH, int N>
__device__ __forceinline__ void wgmma(float (&c)[N][4], const uint32_t (&a)[4], Operand b) {
    static_assert(N == 8 || N == 16);
    if constexpr (N == 8) {
        asm volatile("{.reg .pred p; setp.ne.b32 p, %37, 0;\n"
                     "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" NAMES_32 "}, {%32, %33, %34, %35}, %36, p, "
                     "1, 1, %38;}"
                     : C32(0), C32(4)
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b.descriptor), "n"(FRESH ? 0 : 1),
                       "n"(TRANSPOSED ? 1 : 0));
    } else {
        asm volatile("{.reg .pred p; setp.ne.b32 p, %69, 0;\n"
                     "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" NAMES_64 "}, {%64, %65, %66, %67}, %68, p, "
                     "1, 1, %70;}"
                     : C32(0), C32(4), C32(8), C32(12)
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b.descriptor), "n"(FRESH ? 0 : 1),
                       "n"(TRANSPOSED ? 1 : 0));
    }
}
#undef C8
#undef C32
#undef NAMES_32
#undef NAMES_64

/// The compiler must have written registers before this, and not read or written them earlier than behind it.
template <int N>
__device__ __forceinline__ void pin(float (&c)[N][4]) {
#pragma unroll
    for (int n = 0; n < N; n++) {
        asm volatile("" : "+f"(c[n][0]), "+f"(c[n][1]), "+f"(c[n][2]), "+f"(c[n][3])::"memory");
    }
}
template <int N>
__device__ __forceinline__ void pin(uint32_t (&a)[N][1][4]) {
#pragma unroll
    for (int n = 0; n < N; n++) {
        asm volatile("" : "+r"(a[n][0][0]), "+r"(a[n][0][1]), "+r"(a[n][0][2]), "+r"(a[n][0][3])::"memory");
    }
}

/// Before the first product: `registers` are those of the products that other instructions wrote.
template <class... R>
__device__ __forceinline__ void wgmma_fence(R&... registers) {
    (pin(registers), ...);
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
__device__ __forceinline__ void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
/// Waits for every product; `registers` are all of theirs.
template <class... R>
__device__ __forceinline__ void wgmma_wait(R&... registers) {
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    (pin(registers), ...);
}

/// What this thread wrote to shared memory is seen by products that start after the next barrier.
__device__ __forceinline__ void fence_async_shared() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
#endif
