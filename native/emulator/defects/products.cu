#include "../../../kernels/common/wgmma.cuh"
#include "defect.cuh"

/// Half a row of 64 elements, this thread's, of a matrix of 64 x 64.
__device__ __forceinline__ uint32_t* half_row(unsigned char* matrix) {
    return reinterpret_cast<uint32_t*>(matrix) + threadIdx.x * 16;
}

__device__ __forceinline__ void fill(uint32_t* half, float value) {
    for (int i = 0; i < 16; i++) {
        half[i] = pack2(value, 1.0f);
    }
}

/// A matrix as the products find it.
__device__ __forceinline__ Operand filled(unsigned char* matrix, const float* x) {
    fill(half_row(matrix), x[threadIdx.x]);
    fence_async_shared();
    __syncthreads();
    return Operand(shared_address(matrix), 0);
}

// A product of a warpgroup reads what its other warps write.
// reports: race (
// launch: 1, 128, 8192
template <bool REPAIRED>
__device__ void product_before_barrier_body(const float* x, float* y, int) {
    DYN_SHARED(matrix);
    fill(half_row(matrix), 0);
    fence_async_shared();
    __syncthreads();
    fill(half_row(matrix), x[threadIdx.x]);
    fence_async_shared();
    if (REPAIRED) {
        __syncthreads();
    }
    float c[8][4];
    Operand rows(shared_address(matrix), 0);
    wgmma_fence();
    wgmma<false, true>(c, rows, rows); // here
    wgmma_commit();
    wgmma_wait(c);
    y[threadIdx.x] = c[0][0];
}
WITH_REPAIR(product_before_barrier)

// A barrier orders what threads wrote for other threads, not for tensor cores that read by themselves.
// reports: wgmma of what no fence.proxy.async passed on
// launch: 1, 128, 8192
template <bool REPAIRED>
__device__ void proxies_not_fenced_body(const float* x, float* y, int) {
    DYN_SHARED(matrix);
    fill(half_row(matrix), x[threadIdx.x]);
    if (REPAIRED) {
        fence_async_shared();
    }
    __syncthreads();
    float c[8][4];
    Operand rows(shared_address(matrix), 0);
    wgmma_fence();
    wgmma<false, true>(c, rows, rows); // here
    wgmma_commit();
    wgmma_wait(c);
    y[threadIdx.x] = c[0][0];
}
WITH_REPAIR(proxies_not_fenced)

// The fence stands where only copies were asked for that come later.
// reports: wgmma of what no fence.proxy.async passed on
// launch: 1, 128, 8192
template <bool REPAIRED>
__device__ void proxies_fenced_too_early_body(const float* x, float* y, int) {
    DYN_SHARED(matrix);
    for (int i = 0; i < 4; i++) {
        cp_async_16(shared_address(half_row(matrix) + 4 * i), x + threadIdx.x / 4 * 4, 16);
    }
    cp_async_commit();
    if (!REPAIRED) {
        fence_async_shared();
    }
    cp_async_wait(0);
    if (REPAIRED) {
        fence_async_shared();
    }
    __syncthreads();
    float c[8][4];
    Operand rows(shared_address(matrix), 0);
    wgmma_fence();
    wgmma<false, true>(c, rows, rows); // here
    wgmma_commit();
    wgmma_wait(c);
    y[threadIdx.x] = c[0][0];
}
WITH_REPAIR(proxies_fenced_too_early)

// The next tile comes over the operand of a product that is not waited for yet.
// reports: read while a cp.async is in flight
// launch: 1, 128, 8192
template <bool REPAIRED>
__device__ void copy_over_operand_body(const float* x, float* y, int) {
    DYN_SHARED(matrix);
    Operand rows = filled(matrix, x);
    float c[8][4];
    wgmma_fence();
    wgmma<false, true>(c, rows, rows); // here
    wgmma_commit();
    if (REPAIRED) {
        wgmma_wait(c);
        __syncthreads();
    }
    cp_async_16(shared_address(half_row(matrix)), x + threadIdx.x / 4 * 4, 16);
    cp_async_commit();
    if (!REPAIRED) {
        wgmma_wait(c);
    }
    y[threadIdx.x] = c[0][0];
    cp_async_wait(0);
}
WITH_REPAIR(copy_over_operand)

// reports: read of a register of a wgmma under way
// launch: 1, 128, 8192
template <bool REPAIRED>
__device__ void product_not_waited_for_body(const float* x, float* y, int) {
    DYN_SHARED(matrix);
    Operand rows = filled(matrix, x);
    float c[8][4];
    wgmma_fence();
    wgmma<false, true>(c, rows, rows);
    wgmma_commit();
    if (REPAIRED) {
        wgmma_wait(c);
    }
    y[threadIdx.x] = c[0][0]; // here
    wgmma_wait(c);
}
WITH_REPAIR(product_not_waited_for)

// What is not committed is not waited for.
// reports: wgmma that nobody waits for
// fast: wgmma that nobody waits for
// launch: 1, 128, 8192
template <bool REPAIRED>
__device__ void product_not_committed_body(const float* x, float* y, int) {
    DYN_SHARED(matrix);
    Operand rows = filled(matrix, x);
    float c[8][4];
    wgmma_fence();
    wgmma<false, true>(c, rows, rows); // here
    if (REPAIRED) {
        wgmma_commit();
    }
    wgmma_wait(c);
    y[threadIdx.x] = REPAIRED ? c[0][0] : 0;
}
WITH_REPAIR(product_not_committed)

// The left operand's registers are still read.
// reports: write to a register of a wgmma under way
// launch: 1, 128, 8192
template <bool REPAIRED>
__device__ void operand_used_again_body(const float* x, float* y, int) {
    DYN_SHARED(matrix);
    Operand rows = filled(matrix, x);
    float c[8][4];
    uint32_t a[4];
    for (int i = 0; i < 4; i++) {
        a[i] = pack2(x[threadIdx.x], 1.0f);
    }
    wgmma_fence();
    wgmma<true, true>(c, a, rows);
    wgmma_commit();
    if (REPAIRED) {
        wgmma_wait(c);
    }
    a[0] = pack2(x[threadIdx.x], 2.0f); // here
    if (!REPAIRED) {
        wgmma_wait(c);
    }
    wgmma_fence();
    wgmma<true, false>(c, a, rows);
    wgmma_commit();
    wgmma_wait(c);
    y[threadIdx.x] = c[0][0];
}
WITH_REPAIR(operand_used_again)

// Registers that were written before must be fenced.
// reports: wgmma without wgmma.fence
// fast: wgmma without wgmma.fence
// launch: 1, 128, 8192
template <bool REPAIRED>
__device__ void registers_not_fenced_body(const float* x, float* y, int) {
    DYN_SHARED(matrix);
    Operand rows = filled(matrix, x);
    float c[8][4] = {};
    if (REPAIRED) {
        wgmma_fence();
    }
    wgmma<false, false>(c, rows, rows); // here
    wgmma_commit();
    wgmma_wait(c);
    y[threadIdx.x] = c[0][0];
}
WITH_REPAIR(registers_not_fenced)
