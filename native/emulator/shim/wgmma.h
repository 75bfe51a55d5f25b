// wgmma of sm_90a, warp by warp, as products of 16 x 8 x 16: the operands are found in shared memory by the bits of their
// matrix descriptors (PTX ISA, "Matrix Descriptor Format"), relative to where dynamic shared memory begins. Only the
// 128-byte swizzle is known. The asynchronous proxy is not emulated: a product is done when it is issued.
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

/// The lane's B fragment of eight columns from `first` on.
template <bool MN_MAJOR>
static inline void operand_b(uint32_t (&fragment)[2], uint64_t descriptor, int first) {
    int n = first + (int)cuemu_current->lane / 4;
    for (int part = 0; part < 2; part++) {
        int k = (int)cuemu_current->lane % 4 * 2 + part * 8;
        uint32_t low = *operand_element<MN_MAJOR>(descriptor, n, k);
        uint32_t high = *operand_element<MN_MAJOR>(descriptor, n, k + 1);
        fragment[part] = low | high << 16;
    }
}

template <bool TRANSPOSED, bool FRESH, int N>
static inline void wgmma(float (&c)[N][4], const uint32_t* a, uint64_t b, int line) {
    for (int n = 0; n < N; n++) {
        if (FRESH) {
            c[n][0] = c[n][1] = c[n][2] = c[n][3] = 0;
        }
        uint32_t fragment[2];
        operand_b<TRANSPOSED>(fragment, b, n * 8);
        mma_bf16(c[n], a, fragment, line);
    }
}

/// A from shared memory, K-major.
template <bool TRANSPOSED, bool FRESH, int N>
static inline void wgmma(float (&c)[N][4], uint64_t a, uint64_t b, int line) {
    uint32_t fragment[4];
    for (int part = 0; part < 4; part++) {
        int row = (int)cuemu_current->warp % 4 * 16 + (int)cuemu_current->lane / 4 + part % 2 * 8;
        int k = (int)cuemu_current->lane % 4 * 2 + part / 2 * 8;
        uint32_t low = *operand_element<false>(a, row, k);
        uint32_t high = *operand_element<false>(a, row, k + 1);
        fragment[part] = low | high << 16;
    }
    wgmma<TRANSPOSED, FRESH>(c, fragment, b, line);
}

}
