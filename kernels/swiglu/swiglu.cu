// SwiGLU, forward and backward. Block 256; any grid.
#include "../common/types.cuh"
#include "../common/walk.cuh"

/// σ(x), exact enough for the type of the data: the fast form is good to some 1e-6.
template <class T>
__device__ __forceinline__ float sigmoid(float x);
template <>
__device__ __forceinline__ float sigmoid<float>(float x) { return 1.0f / (1.0f + expf(-x)); }
template <>
__device__ __forceinline__ float sigmoid<bf16>(float x) { return __fdividef(1.0f, 1.0f + __expf(-x)); }

template <class T>
__device__ void swiglu(
        const T* __restrict__ gate_up, long long gs, T* __restrict__ out, long long os, int rows, int cols) {
    constexpr int N = PACK<T>;
    bool vector = aligned(gate_up, gs) && aligned(gate_up, cols) && aligned(out, os);
    for (Walk<N> at(rows, cols); at.inside(); at.next()) {
        const T* from = gate_up + at.row * gs + at.col();
        float gate[N], up[N];
        load(from, at.count(), vector, gate);
        load(from + cols, at.count(), vector, up);
#pragma unroll
        for (int i = 0; i < N; i++) {
            up[i] *= gate[i] * sigmoid<T>(gate[i]);
        }
        store(out + at.row * os + at.col(), at.count(), vector, up);
    }
}

template <class T>
__device__ void swiglu_backward(
        const T* dout, long long ds, const T* gate_up, long long gs, T* dgate_up, long long dgs, int rows, int cols) {
    constexpr int N = PACK<T>;
    bool vector = aligned(dout, ds) && aligned(gate_up, gs) && aligned(gate_up, cols) && aligned(dgate_up, dgs);
    for (Walk<N> at(rows, cols); at.inside(); at.next()) {
        const T* from = gate_up + at.row * gs + at.col();
        float d[N], gate[N], up[N];
        load(dout + at.row * ds + at.col(), at.count(), vector, d);
        load(from, at.count(), vector, gate);
        load(from + cols, at.count(), vector, up);
#pragma unroll
        for (int i = 0; i < N; i++) {
            float s = sigmoid<T>(gate[i]);
            float dup = d[i] * gate[i] * s;
            gate[i] = d[i] * up[i] * s * (1.0f + gate[i] * (1.0f - s));
            up[i] = dup;
        }
        T* to = dgate_up + at.row * dgs + at.col();
        store(to, at.count(), vector, gate);
        store(to + cols, at.count(), vector, up);
    }
}

/// out = gate · σ(gate) · up: gate_up [rows, 2·cols] = gate | up, out [rows, cols].
extern "C" __global__ void swiglu_f32(
        const float* gate_up, long long gs, float* out, long long os, int rows, int cols) {
    swiglu(gate_up, gs, out, os, rows, cols);
}
extern "C" __global__ void swiglu_bf16(
        const bf16* gate_up, long long gs, bf16* out, long long os, int rows, int cols) {
    swiglu(gate_up, gs, out, os, rows, cols);
}

/// With s = σ(gate): dgate = dout·up·s·(1 + gate·(1 - s)), dup = dout·gate·s; dgate_up may be gate_up.
extern "C" __global__ void swiglu_backward_f32(
        const float* dout, long long ds, const float* gate_up, long long gs, float* dgate_up, long long dgs, int rows,
        int cols) {
    swiglu_backward(dout, ds, gate_up, gs, dgate_up, dgs, rows, cols);
}
extern "C" __global__ void swiglu_backward_bf16(
        const bf16* dout, long long ds, const bf16* gate_up, long long gs, bf16* dgate_up, long long dgs, int rows,
        int cols) {
    swiglu_backward(dout, ds, gate_up, gs, dgate_up, dgs, rows, cols);
}
