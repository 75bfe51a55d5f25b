// Root-mean-square norm of rows, with and without a residual, and its gradient. Block 256, or 128 for cols ≤ 1024; any
// grid. Which thread adds what in which order depends on the block's size only, never on alignment or the grid.
#include "../common/reduce.cuh"
#include "../common/walk.cuh"

/// Rows up to this wide are a warp's, wider ones a block's.
constexpr int WARP_COLS = 1024;
/// Threads of a block, by the width of the row.
constexpr int NARROW = 128, WIDE = 256;

/// Calls each(k, col) for the packs of a row that belong to this thread of THREADS; k = K for those beyond the first K.
/// Unrolled, so that what is indexed by k stays in registers.
template <int THREADS, int K, int N, class F>
__device__ __forceinline__ void for_packs(int thread, int cols, F each) {
    int col = thread * N;
#pragma unroll
    for (int k = 0; k < K; k++, col += THREADS * N) {
        if (col < cols) {
            each(k, col);
        }
    }
    for (; col < cols; col += THREADS * N) {
        each(K, col);
    }
}

/// A pack as floats. With VECTOR every pack is whole and aligned.
template <bool VECTOR, int N, class T>
__device__ __forceinline__ void get(const T* row, int col, int cols, float (&v)[N]) {
    if constexpr (VECTOR) {
        load_vector(row + col, v);
    } else {
        load(row + col, cols - col, false, v);
    }
}

template <bool VECTOR, int N, class T>
__device__ __forceinline__ void put(T* row, int col, int cols, const float (&v)[N]) {
    if constexpr (VECTOR) {
        store_vector(row + col, v);
    } else {
        store(row + col, cols - col, false, v);
    }
}

/// x · rstd · w, in the one order that every kernel uses.
template <int N>
__device__ __forceinline__ void scale(float (&x)[N], float rstd, const float (&w)[N]) {
#pragma unroll
    for (int i = 0; i < N; i++) {
        x[i] = x[i] * rstd * w[i];
    }
}

/// With RESIDUAL, sum = x + delta is written and, as rounded, normed; without, delta and sum are not looked at. A row is
/// the work of THREADS: a warp or the block. K packs a thread stay in registers between the sum of squares and the
/// result, the rest is read again.
template <int THREADS, int K, bool VECTOR, bool RESIDUAL, class T>
__device__ __forceinline__ void norm_rows(
        const T* x, long long xs, const T* delta, long long ds, const float* __restrict__ w, float eps, T* sum,
        long long ss, T* __restrict__ out, long long os, float* __restrict__ rstd, int rows, int cols) {
    constexpr int N = PACK<T>;
    constexpr bool WARP = THREADS == 32;
    __shared__ float scratch[2][32];
    int thread = threadIdx.x % THREADS, turn = 0;
    long long together = blockDim.x / THREADS; // rows of a block
    for (long long row = blockIdx.x * together + threadIdx.x / THREADS; row < rows; row += gridDim.x * together) {
        const T* from = x + row * xs;
        T* to = RESIDUAL ? sum + row * ss : nullptr;
        Packed<T> kept[K > 0 ? K : 1];
        float squares = 0;
        for_packs<THREADS, K, N>(thread, cols, [&](int k, int col) {
            float v[N];
            get<VECTOR>(from, col, cols, v);
            if constexpr (RESIDUAL) {
                float d[N];
                get<VECTOR>(delta + row * ds, col, cols, d);
#pragma unroll
                for (int i = 0; i < N; i++) {
                    v[i] = rounded<T>(v[i] + d[i]);
                }
                put<VECTOR>(to, col, cols, v);
            }
#pragma unroll
            for (int i = 0; i < N; i++) {
                squares += v[i] * v[i];
            }
            if (k < K) {
                kept[k] = packed<T>(v);
            }
        });
        squares = WARP ? warp_sum(squares) : block_sum(squares, scratch[turn]);
        turn ^= 1;
        float scaling = 1.0f / sqrtf(squares / (float)cols + eps);
        if (thread == 0) {
            rstd[row] = scaling;
        }
        for_packs<THREADS, K, N>(thread, cols, [&](int k, int col) {
            float v[N], weight[N];
            if (k < K) {
                unpack(kept[k], v);
            } else {
                get<VECTOR>(RESIDUAL ? to : from, col, cols, v);
            }
            get<VECTOR>(w, col, cols, weight);
            scale(v, scaling, weight);
            put<VECTOR>(out + row * os, col, cols, v);
        });
    }
}

/// Rows of whole aligned packs stay in registers up to 8192 columns; others are few and small, and read twice.
template <bool RESIDUAL, class T>
__device__ __forceinline__ void norm(
        const T* x, long long xs, const T* delta, long long ds, const float* w, float eps, T* sum, long long ss, T* out,
        long long os, float* rstd, int rows, int cols) {
    constexpr int N = PACK<T>, K = 32 / N;
    bool vector = cols % N == 0 && aligned(x, xs) && aligned(out, os) && aligned(w)
            && (!RESIDUAL || (aligned(delta, ds) && aligned(sum, ss)));
    if (cols <= WARP_COLS) {
        if (vector) {
            norm_rows<32, K, true, RESIDUAL>(x, xs, delta, ds, w, eps, sum, ss, out, os, rstd, rows, cols);
        } else {
            norm_rows<32, 0, false, RESIDUAL>(x, xs, delta, ds, w, eps, sum, ss, out, os, rstd, rows, cols);
        }
    } else if (vector) {
        norm_rows<WIDE, K, true, RESIDUAL>(x, xs, delta, ds, w, eps, sum, ss, out, os, rstd, rows, cols);
    } else {
        norm_rows<WIDE, 0, false, RESIDUAL>(x, xs, delta, ds, w, eps, sum, ss, out, os, rstd, rows, cols);
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

/// A block takes a contiguous range of rows. K packs a thread, and their share of dweight, stay in registers, and while
/// a row is worked on the next one is on its way if there are registers for it; packs beyond K are read twice, and their
/// dweight is summed in `partial`, at which only this thread looks.
template <int THREADS, int K, bool VECTOR, class T>
__device__ __forceinline__ void backward_rows(
        const T* __restrict__ dout, long long dos, const T* __restrict__ x, long long xs, const float* __restrict__ w,
        const float* __restrict__ rstd, T* dx, long long dxs, float* __restrict__ partial, int rows, int cols) {
    constexpr int N = PACK<T>, KEPT = K > 0 ? K : 1;
    constexpr bool AHEAD = K <= 2;
    __shared__ float scratch[2][32];
    int thread = threadIdx.x;
    partial += (long long)blockIdx.x * cols;
    long long begin = (long long)rows * blockIdx.x / gridDim.x, end = (long long)rows * (blockIdx.x + 1) / gridDim.x;
    float dweight[KEPT][N] = {};
    struct {
        Packed<T> x[KEPT], dout[KEPT], dx[KEPT];
    } next;
    auto read = [&](long long row) {
        for_packs<THREADS, K, N>(thread, K > 0 ? cols : 0, [&](int k, int col) {
            if (k < K) {
                next.x[k] = load_packed(x + row * xs + col);
                next.dout[k] = load_packed(dout + row * dos + col);
                next.dx[k] = load_packed(dx + row * dxs + col);
            }
        });
    };
    if (begin < end) {
        read(begin);
    }
    for (long long row = begin; row < end; row++) {
        auto now = next;
        if (AHEAD && row + 1 < end) {
            read(row + 1);
        }
        float scaling = rstd[row];
        auto parts = [&](int k, int col, float(&normed)[N], float(&gradient)[N], float(&weight)[N]) {
            if (k < K) {
                unpack(now.x[k], normed);
                unpack(now.dout[k], gradient);
            } else {
                get<VECTOR>(x + row * xs, col, cols, normed);
                get<VECTOR>(dout + row * dos, col, cols, gradient);
            }
            get<VECTOR>(w, col, cols, weight);
#pragma unroll
            for (int i = 0; i < N; i++) {
                normed[i] *= scaling;
            }
        };
        float dot = 0;
        for_packs<THREADS, K, N>(thread, cols, [&](int k, int col) {
            float normed[N], gradient[N], weight[N], product[N];
            parts(k, col, normed, gradient, weight);
#pragma unroll
            for (int i = 0; i < N; i++) {
                product[i] = gradient[i] * normed[i];
                dot += product[i] * weight[i];
            }
            if (k < K) {
#pragma unroll
                for (int i = 0; i < N; i++) {
                    dweight[k][i] += product[i];
                }
            } else {
                float sum[N] = {};
                if (row > begin) {
                    get<VECTOR>(partial, col, cols, sum);
                }
#pragma unroll
                for (int i = 0; i < N; i++) {
                    sum[i] += product[i];
                }
                put<VECTOR>(partial, col, cols, sum);
            }
        });
        float mean = block_sum(dot, scratch[row & 1]) / (float)cols;
        for_packs<THREADS, K, N>(thread, cols, [&](int k, int col) {
            float normed[N], gradient[N], weight[N], d[N];
            parts(k, col, normed, gradient, weight);
            if (k < K) {
                unpack(now.dx[k], d);
            } else {
                get<VECTOR>(dx + row * dxs, col, cols, d);
            }
#pragma unroll
            for (int i = 0; i < N; i++) {
                d[i] += scaling * (gradient[i] * weight[i] - normed[i] * mean);
            }
            put<VECTOR>(dx + row * dxs, col, cols, d);
        });
        if (!AHEAD && row + 1 < end) {
            read(row + 1);
        }
    }
    for_packs<THREADS, K, N>(thread, cols, [&](int k, int col) {
        if (k < K) {
            put<VECTOR>(partial, col, cols, dweight[k]);
        } else if (begin == end) {
            float none[N] = {};
            put<VECTOR>(partial, col, cols, none);
        }
    });
}

/// Blocks of NARROW threads up to WARP_COLS, of WIDE beyond; as many packs a thread as the row has and registers hold.
template <class T>
__device__ __forceinline__ void norm_backward(
        const T* dout, long long dos, const T* x, long long xs, const float* w, const float* rstd, T* dx, long long dxs,
        float* partial, int rows, int cols) {
    constexpr int N = PACK<T>;
    bool narrow = cols <= WARP_COLS;
    if (cols % N != 0 || !(aligned(x, xs) && aligned(dout, dos) && aligned(dx, dxs) && aligned(w) && aligned(partial))) {
        if (narrow) {
            backward_rows<NARROW, 0, false>(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
        } else {
            backward_rows<WIDE, 0, false>(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
        }
    } else if (narrow) {
        backward_rows<NARROW, 8 / N, true>(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
    } else if (cols <= WIDE * 8) {
        backward_rows<WIDE, 8 / N, true>(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
    } else if (cols <= WIDE * 16) {
        backward_rows<WIDE, 16 / N, true>(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
    } else {
        backward_rows<WIDE, 32 / N, true>(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
    }
}

/// out = x · rstd · w with rstd = 1/sqrt(mean(x²) + eps): x and out [rows, cols], w [cols], rstd [rows].
extern "C" __global__ void __launch_bounds__(256) rms_norm_f32(
        const float* x, long long xs, const float* w, float eps, float* out, long long os, float* rstd, int rows,
        int cols) {
    norm<false, float>(x, xs, nullptr, 0, w, eps, nullptr, 0, out, os, rstd, rows, cols);
}
extern "C" __global__ void __launch_bounds__(256) rms_norm_bf16(
        const bf16* x, long long xs, const float* w, float eps, bf16* out, long long os, float* rstd, int rows,
        int cols) {
    norm<false, bf16>(x, xs, nullptr, 0, w, eps, nullptr, 0, out, os, rstd, rows, cols);
}

/// sum = x + delta, then rms_norm of the sum as it was rounded; sum may be x.
extern "C" __global__ void __launch_bounds__(256) add_rms_norm_f32(
        const float* x, long long xs, const float* delta, long long ds, const float* w, float eps, float* sum,
        long long ss, float* out, long long os, float* rstd, int rows, int cols) {
    norm<true>(x, xs, delta, ds, w, eps, sum, ss, out, os, rstd, rows, cols);
}
extern "C" __global__ void __launch_bounds__(256) add_rms_norm_bf16(
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
extern "C" __global__ void __launch_bounds__(256) rms_norm_backward_f32(
        const float* dout, long long dos, const float* x, long long xs, const float* w, const float* rstd, float* dx,
        long long dxs, float* partial, int rows, int cols) {
    norm_backward(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
}
extern "C" __global__ void __launch_bounds__(256, 2) rms_norm_backward_bf16(
        const bf16* dout, long long dos, const bf16* x, long long xs, const float* w, const float* rstd, bf16* dx,
        long long dxs, float* partial, int rows, int cols) {
    norm_backward(dout, dos, x, xs, w, rstd, dx, dxs, partial, rows, cols);
}
