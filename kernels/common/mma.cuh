// Tensor-core instructions of sm_80 and what feeds them: mma, ldmatrix, cp.async. PTX for nvcc, calls for the emulator.
//
// Fragments (PTX ISA, "Matrix fragments for mma.m16n8k16"), with group = lane / 4 and pair = 2 · (lane % 4):
//   A 16x16: a[0] = (group, pair..), a[1] = (group + 8, pair..), a[2] = (group, pair + 8..), a[3] = (group + 8, pair + 8..)
//   B 16x8:  b[0] = (pair.., group), b[1] = (pair + 8.., group)
//   C 16x8:  c[0..1] = (group, pair..), c[2..3] = (group + 8, pair..)
#pragma once

#include "types.cuh"

#ifdef CUEMU
/// An address in shared memory.
typedef uintptr_t shared_t;
__device__ __forceinline__ shared_t shared_address(const void* p) { return reinterpret_cast<uintptr_t>(p); }
/// Bytes from the start of the block's shared memory.
__device__ __forceinline__ uint32_t shared_offset(shared_t p) {
    return (uint32_t)(p - reinterpret_cast<uintptr_t>(cuemu_dynshared()));
}

#define mma_m16n8k16(c, a, b) cuemu::mma_bf16(c, a, b, __LINE__)
#define ldmatrix_x4(r, from) cuemu::ldmatrix<4, false>(r, reinterpret_cast<const void*>(from), __LINE__)
#define ldmatrix_x4_trans(r, from) cuemu::ldmatrix<4, true>(r, reinterpret_cast<const void*>(from), __LINE__)
#define cp_async_16(to, from, bytes) cuemu_cp_async(reinterpret_cast<void*>(to), from, 16, bytes)
#define cp_async_4(to, from, bytes) cuemu_cp_async(reinterpret_cast<void*>(to), from, 4, bytes)
#define cp_async_commit() cuemu_cp_async_commit()
#define cp_async_wait(groups) cuemu_cp_async_wait(groups)

__device__ __forceinline__ float exp2_approx(float x) { return std::exp2(x); }
__device__ __forceinline__ float log2_approx(float x) { return std::log2(x); }
#else
/// An address in shared memory.
typedef uint32_t shared_t;
__device__ __forceinline__ shared_t shared_address(const void* p) { return (uint32_t)__cvta_generic_to_shared(p); }
/// Bytes from the start of the block's shared memory.
__device__ __forceinline__ uint32_t shared_offset(shared_t p) { return p; }

/// c += a · b: bf16 factors, float sums.
__device__ __forceinline__ void mma_m16n8k16(float* c, const uint32_t* a, const uint32_t* b) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/// Four 8x8 matrices; lane l gives the address of row l % 8 of matrix l / 8. r[i] holds (lane / 4, 2 · (lane % 4)..) of
/// matrix i.
__device__ __forceinline__ void ldmatrix_x4(uint32_t* r, shared_t from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(from)
                 : "memory");
}
/// The same, each matrix transposed.
__device__ __forceinline__ void ldmatrix_x4_trans(uint32_t* r, shared_t from) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(from)
                 : "memory");
}

/// Copies `bytes` of 16 bytes to shared memory and fills the rest with zeros.
__device__ __forceinline__ void cp_async_16(shared_t to, const void* from, int bytes) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
/// Copies `bytes` of 4 bytes to shared memory and fills the rest with zeros.
__device__ __forceinline__ void cp_async_4(shared_t to, const void* from, int bytes) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
__device__ __forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Waits until all but the newest `groups` of this thread's groups have arrived.
#define cp_async_wait(groups) asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory")

/// 2^x to 2 ulp, 0 for what is below the normal numbers.
__device__ __forceinline__ float exp2_approx(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
__device__ __forceinline__ float log2_approx(float x) {
    float y;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
#endif
