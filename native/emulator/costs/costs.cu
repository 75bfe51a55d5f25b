// n times one operation of a warp or block, and what a thread costs: for native/emulator/costs/measure.cpp.
#include "../../../kernels/common/mma.cuh"

constexpr unsigned ALL = 0xffffffffu;

extern "C" __global__ void empty(int n, float* out) {
    if (n < 0) {
        out[threadIdx.x] = 1;
    }
}

extern "C" __global__ void silu(int, float* out) {
    float x = out[blockIdx.x * blockDim.x + threadIdx.x];
    out[blockIdx.x * blockDim.x + threadIdx.x] = x / (1.0f + __expf(-x));
}

extern "C" __global__ void syncwarp(int n, float*) {
    for (int i = 0; i < n; i++) {
        __syncwarp();
    }
}

extern "C" __global__ void barrier(int n, float*) {
    for (int i = 0; i < n; i++) {
        __syncthreads();
    }
}

extern "C" __global__ void shuffle(int n, float* out) {
    float x = threadIdx.x;
    for (int i = 0; i < n; i++) {
        x = __shfl_xor_sync(ALL, x, 1);
    }
    out[threadIdx.x] = x;
}

extern "C" __global__ void ldmatrix(int n, float* out) {
    __shared__ __align__(16) uint32_t s[128];
    for (int i = 0; i < 4; i++) {
        s[threadIdx.x * 4 + i] = i;
    }
    __syncwarp();
    uint32_t r[4], sum = 0;
    for (int i = 0; i < n; i++) {
        ldmatrix_x4(r, shared_address(&s[threadIdx.x * 4]));
        sum += r[0] ^ r[3];
    }
    out[threadIdx.x] = sum;
}

extern "C" __global__ void mma(int n, float* out) {
    uint32_t a[4] = {1, 2, 3, 4}, b[2] = {5, 6};
    float c[4] = {};
    for (int i = 0; i < n; i++) {
        mma_m16n8k16(c, a, b);
    }
    out[threadIdx.x] = c[0] + c[1] + c[2] + c[3];
}
