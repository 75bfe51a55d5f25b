// Root-mean-square norm of rows, with and without a residual, and its gradient. A block has a thread for each pack of 16
// bytes of a row, in whole warps, at most 512. Which thread adds what in which order depends on the block's size only,
// never on alignment or the grid.
#include "../common/mma.cuh"
#include "../common/reduce.cuh"
#include "../common/walk.cuh"

/// Threads of the largest block.
constexpr int MOST = 512;
/// Rows of which backward has its first packs in shared memory, one that it works on and those on their way.
constexpr int STAGES = 4;

/// x · rstd · w, in the one order that every kernel uses.
template <int N>
__device__ __forceinline__ void scale(float (&x)[N], float rstd, const float (&w)[N]) {
#pragma unroll
    for (int i = 0; i < N; i++) {
        x[i] = x[i] * rstd * w[i];
    }
}

/// With RESIDUAL, sum = x + delta is written and, as rounded, normed; without, delta and sum are not looked at. A thread's
/// first pack stays in registers between the sum of squares and the result; wider rows are read again beyond it.
template <bool RESIDUAL, class T>
__device__ __forceinline__ void norm(
        const T* x, long long xs, const T* delta, long long ds, const float* __restrict__ w, float eps, T* sum,
        long long ss, T* __restrict__ out, long long os, float* __restrict__ rstd, int rows, int cols) {
    constexpr int N = PACK<T>;
    __shared__ float scratch[2][32];
    bool vector = aligned(x, xs) && (!RESIDUAL || (aligned(delta, ds) && aligned(sum, ss)));
    bool vectorOut = aligned(out, os), weights = aligned(w);
    int own = threadIdx.x * N, step = blockDim.x * N;
    int parity = 0;
    for (long long row = blockIdx.x; row < rows; row += gridDim.x, parity ^= 1) {
        auto take = [&](int col, float& squares) {
            float v[N];
            load(x + row * xs + col, cols - col, vector, v);
            if constexpr (RESIDUAL) {
                float d[N];
                load(delta + row * ds + col, cols - col, vector, d);
#pragma unroll
                for (int i = 0; i < N; i++) {
                    v[i] = rounded<T>(v[i] + d[i]);
                }
                store(sum + row * ss + col, cols - col, vector, v);
            }
#pragma unroll
            for (int i = 0; i < N; i++) {
                squares += v[i] * v[i];
            }
            return packed<T>(v);
        };
        float squares = 0;
        Packed<T> first = take(own, squares);
        for (int col = own + step; col < cols; col += step) {
            take(col, squares);
        }
        float scaling = 1.0f / sqrtf(block_sum(squares, scratch[parity]) / (float)cols + eps);
        if (threadIdx.x == 0) {
            rstd[row] = scaling;
        }
        auto give = [&](int col, float(&v)[N]) {
            float weight[N];
            load(w + col, cols - col, weights, weight);
            scale(v, scaling, weight);
            store(out + row * os + col, cols - col, vectorOut, v);
        };
        float v[N];
        unpack(first, v);
        give(own, v);
        for (int col = own + step; col < cols; col += step) {
            load(RESIDUAL ? sum + row * ss + col : x + row * xs + col, cols - col, vector, v);
            give(col, v);
        }
    }
}

template <class T>
__device__ void norm_again(
        const T* __restrict__ x, long long xs, const float* __restrict__ w, const float* __restrict__ rstd,
        T* __restrict__ out, long long os, int rows, int cols) {
    constexpr int N = PACK<T>;
    bool vector = aligned(x, xs) && aligned(out, os), weights = aligned(w);
    for (Walk<N> at(rows, cols); at.inside(); at.next()) {
        float v[N], weight[N];
        load(x + at.row * xs + at.col(), at.count(), vector, v);
        load(w + at.col(), at.count(), weights, weight);
        scale(v, rstd[at.row], weight);
        store(out + at.row * os + at.col(), at.count(), vector, v);
    }
}

/// A block takes a contiguous range of rows. Each thread has its first pack of the next STAGES - 1 rows of x, dout and dx on
/// their way to shared memory, and its share of dweight in registers; packs beyond the first are read twice, and their
/// dweight is summed in `partial`. What a thread brings to shared memory or `partial`, only this thread looks at.
template <class T>
__device__ __forceinline__ void norm_backward(
        const T* __restrict__ dout, long long dos, const T* __restrict__ x, long long xs, const float* __restrict__ w,
        const float* __restrict__ rstd, T* dx, long long dxs, float* __restrict__ partial, int rows, int cols) {
    constexpr int N = PACK<T>;
    __shared__ float scratch[2][32];
    DYN_SHARED(shared); // [STAGES][3][threads] packs
    T* ring = reinterpret_cast<T*>(shared) + threadIdx.x * N;
    bool vector = aligned(x, xs) && aligned(dout, dos) && aligned(dx, dxs);
    bool async = vector && cols % N == 0, weights = aligned(w), sums = aligned(partial) && cols % N == 0;
    int own = threadIdx.x * N, step = blockDim.x * N;
    partial += (long long)blockIdx.x * cols;
    int begin = (int)((long long)rows * blockIdx.x / gridDim.x);
    int end = (int)((long long)rows * (blockIdx.x + 1) / gridDim.x);

    auto bring = [&](T* to, const T* row, bool there) {
        int count = there ? cols - own : 0;
        if (async) {
            cp_async_16(shared_address(to), count > 0 ? row + own : row, count > 0 ? 16 : 0);
        } else {
            float v[N];
            load(row + own, count, vector, v);
            store_vector(to, v);
        }
    };
    auto request = [&](int row) {
        bool there = row < end;
        long long from = there ? row : 0;
        T* to = ring + (row - begin) % STAGES * 3 * step;
        bring(to, x + from * xs, there);
        bring(to + step, dout + from * dos, there);
        bring(to + 2 * step, dx + from * dxs, there);
        cp_async_commit();
    };
    for (int ahead = 0; ahead < STAGES - 1; ahead++) {
        request(begin + ahead);
    }

    float weight[N], dweight[N] = {};
    load(w + own, cols - own, weights, weight);
    for (int row = begin; row < end; row++) {
        float scaling = rstd[row];
        cp_async_wait(STAGES - 2);
        const T* stage = ring + (row - begin) % STAGES * 3 * step;
        float normed[N], gradient[N], d[N];
        load_vector(stage, normed);
        load_vector(stage + step, gradient);
        load_vector(stage + 2 * step, d);
        request(row + STAGES - 1);

        float dot = 0;
#pragma unroll
        for (int i = 0; i < N; i++) {
            normed[i] *= scaling;
            float product = gradient[i] * normed[i];
            dweight[i] += product;
            gradient[i] *= weight[i];
            dot += product * weight[i];
        }
        for (int col = own + step; col < cols; col += step) {
            float n[N], g[N], v[N], sum[N] = {};
            load(x + row * xs + col, cols - col, vector, n);
            load(dout + row * dos + col, cols - col, vector, g);
            load(w + col, cols - col, weights, v);
            if (row > begin) {
                load(partial + col, cols - col, sums, sum);
            }
#pragma unroll
            for (int i = 0; i < N; i++) {
                float product = g[i] * (n[i] * scaling);
                sum[i] += product;
                dot += product * v[i];
            }
            store(partial + col, cols - col, sums, sum);
        }

        float mean = block_sum(dot, scratch[row & 1]) / (float)cols;
#pragma unroll
        for (int i = 0; i < N; i++) {
            d[i] += scaling * (gradient[i] - normed[i] * mean);
        }
        store(dx + row * dxs + own, cols - own, vector, d);
        for (int col = own + step; col < cols; col += step) {
            float n[N], g[N], v[N], further[N];
            load(x + row * xs + col, cols - col, vector, n);
            load(dout + row * dos + col, cols - col, vector, g);
            load(w + col, cols - col, weights, v);
            load(dx + row * dxs + col, cols - col, vector, further);
#pragma unroll
            for (int i = 0; i < N; i++) {
                further[i] += scaling * (g[i] * v[i] - n[i] * scaling * mean);
            }
            store(dx + row * dxs + col, cols - col, vector, further);
        }
    }
    cp_async_wait(0);
    store(partial + own, cols - own, sums, dweight);
    for (int col = own + step; begin == end && col < cols; col += step) {
        float none[N] = {};
        store(partial + col, cols - col, sums, none);
    }
}

/// out = x · rstd · w with rstd = 1/sqrt(mean(x²) + eps): x and out [rows, cols], w [cols], rstd [rows].
extern "C" __global__ void __launch_bounds__(MOST, 3) rms_norm_f32(
        const float* x, long long xs, const float* w, float eps, float* out, long long os, float* rstd, int rows,
        int cols) {
    norm<false, float>(x, xs, nullptr, 0, w, eps, nullptr, 0, out, os, rstd, rows, cols);
}
extern "C" __global__ void __launch_bounds__(MOST, 3) rms_norm_bf16(
        const bf16* x, long long xs, const float* w, float eps, bf16* out, long long os, float* rstd, int rows,
        int cols) {
    norm<false, bf16>(x, xs, nullptr, 0, w, eps, nullptr, 0, out, os, rstd, rows, cols);
}

/// sum = x + delta, then rms_norm of the sum as it was rounded; sum may be x.
extern "C" __global__ void __launch_bounds__(MOST, 3) add_rms_norm_f32(
        const float* x, long long xs, const float* delta, long long ds, const float* w, float eps, float* sum,
        long long ss, float* out, long long os, float* rstd, int rows, int cols) {
    norm<true>(x, xs, delta, ds, w, eps, sum, ss, out, os, rstd, rows, cols);
}
extern "C" __global__ void __launch_bounds__(MOST, 3) add_rms_norm_bf16(
        const bf16* x, long long xs, const bf16* delta, long long ds, const float* w, float eps, bf16* sum,
        long long ss, bf16* out, long long os, float* rstd, int rows, int cols) {
    norm<true>(x, xs, delta, ds, w, eps, sum, ss, out, os, rstd, rows, cols);
}

/// out = x · rstd · w with a known rstd, to the bit what rms_norm wrote.
extern "C" __global__ void rms_norm_again_f32(
        const float* x, long long xs, const float* w, const float* rstd, float* out, long long os, int rows, int cols) {
    norm_again(x, xs, w, rstd, out, os, rows, cols);
}
extern "C" __global__ void rms_norm_again_bf16(
        const bf16* x, long long xs, const float* w, const float* rstd, bf16* out, long long os, int rows, int cols) {
    norm_again(x, xs, w, rstd, out, os, rows, cols);
}

/// With x̂ = x·rstd and g = dout·w: dx += rstd · (g - x̂ · mean(g·x̂)), partial[b] = Σ dout·x̂ over the b-th share of the
/// rows: partial [gridDim, cols].
extern "C" __global__ void __launch_bounds__(MOST) rms_norm_backward_f32(
        const float* dout, long long dos, const float* x, long long xs, const float* w, const float* rstd, float* dx,
        long long dxs, float* partial, int rows, int cols) {
    norm_backward(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
}
extern "C" __global__ void __launch_bounds__(MOST) rms_norm_backward_bf16(
        const bf16* dout, long long dos, const bf16* x, long long xs, const float* w, const float* rstd, bf16* dx,
        long long dxs, float* partial, int rows, int cols) {
    norm_backward(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
}
