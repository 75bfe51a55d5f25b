// Sum of squares in float64: a partial sum a block, then one block over the partial sums. Grid 512, block 256.
#include "../common/reduce.cuh"
#include "../common/walk.cuh"

template <class T>
__device__ void sum_of_squares(const T* __restrict__ x, long long rows, long long cols, long long stride, double* partial) {
    constexpr int N = PACK<T>;
    __shared__ double scratch[32];
    bool vector = aligned(x, stride);
    double sum = 0;
    for (Walk<N> at(rows, cols); at.inside(); at.next()) {
        float v[N];
        load(x + at.row * stride + at.col(), at.count(), vector, v);
#pragma unroll
        for (int i = 0; i < N; i++) {
            sum += (double)v[i] * v[i];
        }
    }
    sum = block_sum(sum, scratch);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
}

/// partial[b] = what block b saw of Σ x².
extern "C" __global__ void sum_of_squares_f32(
        const float* x, long long rows, long long cols, long long stride, double* partial) {
    sum_of_squares(x, rows, cols, stride, partial);
}
extern "C" __global__ void sum_of_squares_bf16(
        const bf16* x, long long rows, long long cols, long long stride, double* partial) {
    sum_of_squares(x, rows, cols, stride, partial);
}

/// out = Σ partial[n]. One block.
extern "C" __global__ void finish_sum(const double* partial, int n, double* out) {
    __shared__ double scratch[32];
    double sum = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        sum += partial[i];
    }
    sum = block_sum(sum, scratch);
    if (threadIdx.x == 0) {
        *out = sum;
    }
}
