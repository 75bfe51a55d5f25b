// fill, copy, add and cast: each byte read once and written once. Block 256; any grid.
#include "../common/types.cuh"
#include "../common/walk.cuh"

template <class T>
__device__ void fill(T* x, long long rows, long long cols, long long stride, float value) {
    constexpr int N = PACK<T>;
    float v[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
        v[i] = value;
    }
    bool vector = aligned(x, stride);
    for (Walk<N> at(rows, cols); at.inside(); at.next()) {
        store(x + at.row * stride + at.col(), at.count(), vector, v);
    }
}

template <class T>
__device__ void copy(
        const T* __restrict__ x, long long xs, T* __restrict__ y, long long ys, long long rows, long long cols) {
    constexpr int N = PACK<T>;
    bool vector = aligned(x, xs) && aligned(y, ys);
    for (Walk<N> at(rows, cols); at.inside(); at.next()) {
        float v[N];
        load(x + at.row * xs + at.col(), at.count(), vector, v);
        store(y + at.row * ys + at.col(), at.count(), vector, v);
    }
}

template <class T>
__device__ void add(
        const T* x, long long xs, const T* y, long long ys, T* z, long long zs, long long rows, long long cols) {
    constexpr int N = PACK<T>;
    bool vector = aligned(x, xs) && aligned(y, ys) && aligned(z, zs);
    for (Walk<N> at(rows, cols); at.inside(); at.next()) {
        float a[N], b[N];
        load(x + at.row * xs + at.col(), at.count(), vector, a);
        load(y + at.row * ys + at.col(), at.count(), vector, b);
#pragma unroll
        for (int i = 0; i < N; i++) {
            a[i] += b[i];
        }
        store(z + at.row * zs + at.col(), at.count(), vector, a);
    }
}

extern "C" __global__ void fill_f32(float* x, long long rows, long long cols, long long stride, float value) {
    fill(x, rows, cols, stride, value);
}
extern "C" __global__ void fill_bf16(bf16* x, long long rows, long long cols, long long stride, float value) {
    fill(x, rows, cols, stride, value);
}

extern "C" __global__ void copy_f32(
        const float* x, long long xs, float* y, long long ys, long long rows, long long cols) {
    copy(x, xs, y, ys, rows, cols);
}
extern "C" __global__ void copy_bf16(
        const bf16* x, long long xs, bf16* y, long long ys, long long rows, long long cols) {
    copy(x, xs, y, ys, rows, cols);
}

extern "C" __global__ void cast_f32_bf16(const float* __restrict__ x, bf16* __restrict__ y, long long n) {
    constexpr int N = PACK<bf16>;
    bool vector = aligned(x) && aligned(y);
    for (Walk<N> at(1, n); at.inside(); at.next()) {
        float v[N];
        load(x + at.col(), at.count(), vector, v);
        store(y + at.col(), at.count(), vector, v);
    }
}

/// z = x + y; z may be x or y.
extern "C" __global__ void add_f32(
        const float* x, long long xs, const float* y, long long ys, float* z, long long zs, long long rows,
        long long cols) {
    add(x, xs, y, ys, z, zs, rows, cols);
}
extern "C" __global__ void add_bf16(
        const bf16* x, long long xs, const bf16* y, long long ys, bf16* z, long long zs, long long rows,
        long long cols) {
    add(x, xs, y, ys, z, zs, rows, cols);
}
