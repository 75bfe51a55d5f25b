// mma.sync.m16n8k16: C += A · B with A 16 × 16 and B 16 × 8 of bf16, C of float. Products of bf16 are exact in float;
// they are added one by one in the order of k, rounding each time. Hardware adds in an order and width that NVIDIA does
// not document.

#include "fibers.h"

#include <bit>

#include "../shim/arithmetic.h"
#include "../shim/warp.h"

using Row = float __attribute__((vector_size(32)));

static float low(uint32_t pair) { return std::bit_cast<float>(pair << 16); }
static float high(uint32_t pair) { return std::bit_cast<float>(pair & 0xffff0000u); }

extern "C" void cuemu_mma_m16n8k16_bf16(uint32_t, void** arguments) {
    auto fragments = (cuemu::MmaFragments**)arguments;
    alignas(64) float a[16][16];
    alignas(64) float b[16][8];
    alignas(64) float c[16][8];
    for (int lane = 0; lane < 32; lane++) {
        const cuemu::MmaFragments& f = *fragments[lane];
        int row = lane / 4;
        int col = lane % 4 * 2;
        for (int part = 0; part < 4; part++) {
            float* at = &a[row + part % 2 * 8][col + part / 2 * 8];
            at[0] = low(f.a[part]);
            at[1] = high(f.a[part]);
        }
        for (int part = 0; part < 2; part++) {
            b[col + part * 8][row] = low(f.b[part]);
            b[col + part * 8 + 1][row] = high(f.b[part]);
            c[row + part * 8][col] = f.accumulator[part * 2];
            c[row + part * 8][col + 1] = f.accumulator[part * 2 + 1];
        }
    }
    for (int i = 0; i < 16; i += 4) { // four rows at a time: the sums of one alone would wait for each other
        Row sum[4];
        for (int r = 0; r < 4; r++) {
            sum[r] = *(Row*)c[i + r];
        }
        for (int k = 0; k < 16; k++) {
            Row bk = *(Row*)b[k];
            for (int r = 0; r < 4; r++) {
                sum[r] += a[i + r][k] * bk;
            }
        }
        for (int r = 0; r < 4; r++) {
            *(Row*)c[i + r] = sum[r];
        }
    }
    for (int lane = 0; lane < 32; lane++) {
        int row = lane / 4;
        int col = lane % 4 * 2;
        for (int part = 0; part < 2; part++) {
            fragments[lane]->accumulator[part * 2] = c[row + part * 8][col];
            fragments[lane]->accumulator[part * 2 + 1] = c[row + part * 8][col + 1];
        }
    }
    cuemu::thisWorker->counts.mma++;
}
