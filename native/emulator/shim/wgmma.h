// wgmma of sm_90a, warp by warp, as products of 16 x 8 x 16: the operands are found in shared memory by the bits of their
// matrix descriptors (PTX ISA, "Matrix Descriptor Format"), relative to where dynamic shared memory begins. Only the
// 128-byte swizzle is known. A product is made when it is waited for (driver/async_product.cpp).
#pragma once

#include "warp.h"

namespace cuemu {

/// Element (mn, k) of an operand: rows of C or its columns, and summands.
template <bool MN_MAJOR>
static inline const uint16_t* operand_element(uint64_t descriptor, int mn, int k) {
    if (descriptor >> 62 != 1 || (descriptor >> 49 & 7) != 0) {
        cuemu_trap("wgmma: a descriptor without 128-byte swizzle, or with a base offset");
    }
    uint64_t start = (descriptor & 0x3fff) << 4;
    uint64_t leading = (descriptor >> 16 & 0x3fff) << 4;
    uint64_t stride = (descriptor >> 32 & 0x3fff) << 4;
    uint64_t at = MN_MAJOR ? start + mn / 64 * leading + k / 8 * stride + k % 8 * 128 + mn % 64 * 2
                           : start + mn / 8 * stride + mn % 8 * 128 + k * 2;
    at ^= at >> 3 & 0x70; // the chunk of 16 bytes with the row of 128
    return (const uint16_t*)((const char*)cuemu_dynshared() + at);
}

/// Two neighbours along k.
template <bool MN_MAJOR>
CUEMU_UNCHECKED static inline uint32_t operand_pair(const cuemu_Product* p, uint64_t descriptor, int mn, int k) {
    const uint16_t* pair[] = {operand_element<MN_MAJOR>(descriptor, mn, k), operand_element<MN_MAJOR>(descriptor, mn, k + 1)};
#ifdef __SANITIZE_THREAD__
    cuemu_product_reads(pair[0], p);
    cuemu_product_reads(pair[1], p);
#endif
    return *pair[0] | (uint32_t)*pair[1] << 16;
}

/// C is 8·N columns wide. A from registers, or from shared memory, K-major.
template <bool TRANSPOSED, bool FRESH, int N>
CUEMU_UNCHECKED void compute_product(const cuemu_Product* p) {
    int lane = (int)cuemu_current->lane;
    int row = (int)cuemu_current->warp % 4 * 16 + lane / 4;
    int column = lane % 4 * 2;
    uint32_t a[4];
    for (int part = 0; part < 4; part++) {
        a[part] = p->a ? p->a[part]
                       : operand_pair<false>(p, p->descriptorA, row + part % 2 * 8, column + part / 2 * 8);
    }
    for (int n = 0; n < N; n++) {
        float* c = p->accumulators + n * 4;
        if (FRESH) {
            c[0] = c[1] = c[2] = c[3] = 0;
        }
        uint32_t b[2];
        for (int part = 0; part < 2; part++) {
            b[part] = operand_pair<TRANSPOSED>(p, p->descriptorB, n * 8 + lane / 4, column + part * 8);
        }
        mma_bf16(c, a, b, p->line);
    }
}

template <bool TRANSPOSED, bool FRESH, int N>
static __forceinline__ void issue(
        float (&c)[N][4], const uint32_t* a, uint64_t descriptorA, uint64_t descriptorB, int line) {
    cuemu_Product product{
            &compute_product<TRANSPOSED, FRESH, N>, &c[0][0], N * 4, a, descriptorA, descriptorB, line, nullptr};
    cuemu_product_issue(&product);
}

}

template <bool TRANSPOSED, bool FRESH, int N, class Operand>
static __forceinline__ void wgmma(float (&c)[N][4], Operand a, Operand b, int line = __builtin_LINE()) {
    cuemu::issue<TRANSPOSED, FRESH>(c, nullptr, a.descriptor, b.descriptor, line);
}
template <bool TRANSPOSED, bool FRESH, int N, class Operand>
static __forceinline__ void wgmma(float (&c)[N][4], const uint32_t (&a)[4], Operand b, int line = __builtin_LINE()) {
    cuemu::issue<TRANSPOSED, FRESH>(c, a, 0, b.descriptor, line);
}
#define wgmma_fence(...) cuemu_product_fence()
#define wgmma_wait(...) cuemu_product_wait(0)
#define wgmma_commit() cuemu_product_commit()
#define fence_async_shared() cuemu_fence_async_shared()
