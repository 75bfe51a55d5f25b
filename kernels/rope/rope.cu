// Rotary embedding in place, forward and backward. Block 256; any grid.
#include "../common/types.cuh"
#include "../common/walk.cuh"

/// A thread turns N pairs (i, i + half) of one head; cos and sin come from the first cache level for all heads but one.
template <class T>
__device__ void rope(
        T* x, long long xs, const int* positions, const float* cos, const float* sin, int half, int heads, int head_dim,
        int rows, float direction) {
    constexpr int N = PACK<T>;
    bool vector = aligned(x, xs) && aligned(x, head_dim) && aligned(x, half);
    bool tables = aligned(cos, half) && aligned(sin, half);
    for (Walk<N> at((long long)rows * heads, half); at.inside(); at.next()) {
        long long row = at.row / heads;
        int head = (int)(at.row - row * heads);
        T* first = x + row * xs + head * head_dim + at.col();
        long long angle = (long long)positions[row] * half + at.col();
        float a[N], b[N], c[N], s[N];
        load(first, at.count(), vector, a);
        load(first + half, at.count(), vector, b);
        load(cos + angle, at.count(), tables, c);
        load(sin + angle, at.count(), tables, s);
#pragma unroll
        for (int i = 0; i < N; i++) {
            float turned = s[i] * direction;
            float low = a[i] * c[i] - b[i] * turned;
            b[i] = b[i] * c[i] + a[i] * turned;
            a[i] = low;
        }
        store(first, at.count(), vector, a);
        store(first + half, at.count(), vector, b);
    }
}

/// (x_i, x_{i+half}) = (x_i·cos - x_{i+half}·sin, x_{i+half}·cos + x_i·sin) with sin times `direction`: 1, or -1 for
/// gradients. x [rows, ≥ heads·head_dim]; cos and sin [positions, half].
extern "C" __global__ void rope_f32(
        float* x, long long xs, const int* positions, const float* cos, const float* sin, int half, int heads,
        int head_dim, int rows, float direction) {
    rope(x, xs, positions, cos, sin, half, heads, head_dim, rows, direction);
}
extern "C" __global__ void rope_bf16(
        bf16* x, long long xs, const int* positions, const float* cos, const float* sin, int half, int heads,
        int head_dim, int rows, float direction) {
    rope(x, xs, positions, cos, sin, half, heads, head_dim, rows, direction);
}
