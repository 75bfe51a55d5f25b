// Rows by number: embedding, gather, their transposes; biases. Any grid for those that visit every element once.
#include "../common/reduce.cuh"
#include "../common/walk.cuh"

/// out[t] = from[rows[t]].
template <class From, class To>
__device__ void gather(
        const From* __restrict__ from, long long fs, const int* __restrict__ numbers, To* __restrict__ out,
        long long os, int count, int cols) {
    constexpr int N = PACK<To>;
    bool vector = aligned(from, fs) && aligned(out, os);
    for (Walk<N> at(count, cols); at.inside(); at.next()) {
        float v[N];
        load(from + numbers[at.row] * fs + at.col(), at.count(), vector, v);
        store(out + at.row * os + at.col(), at.count(), vector, v);
    }
}

/// dfrom[numbers[t]] += dout[t], in the order of t. Block (t, piece of 4·blockDim columns): the block of a number's
/// first appearance adds all of that number's rows and is the only one to write them; the others return.
template <class T, class To>
__device__ void scatter(
        const T* __restrict__ dout, long long ds, const int* __restrict__ numbers, int count, int cols, int skipped,
        To* __restrict__ dfrom, long long fs) {
    constexpr int N = 4;
    __shared__ unsigned hits[32];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    int first = blockIdx.x, number = numbers[first];
    if (number == skipped) {
        return;
    }
    for (int start = 0; start < first; start += blockDim.x) {
        int t = start + threadIdx.x;
        if (__syncthreads_or(t < first && numbers[t] == number)) {
            return;
        }
    }
    int col = (blockIdx.y * blockDim.x + threadIdx.x) * N;
    int here = cols - col; // may be below 0
    bool vector = aligned(dout, ds) && aligned(dfrom, fs);
    To* to = dfrom + number * fs + col;
    float sum[N];
    load(to, here, vector, sum);
    for (int start = first; start < count; start += blockDim.x) {
        int t = start + threadIdx.x;
        unsigned found = __ballot_sync(ALL_LANES, t < count && numbers[t] == number);
        if (lane == 0) {
            hits[warp] = found;
        }
        __syncthreads();
        for (int w = 0; w < warps; w++) {
            for (unsigned rest = hits[w]; rest != 0; rest &= rest - 1) {
                float v[N];
                load(dout + (start + w * 32 + __ffs(rest) - 1) * ds + col, here, vector, v);
#pragma unroll
                for (int i = 0; i < N; i++) {
                    sum[i] += v[i];
                }
            }
        }
        __syncthreads();
    }
    store(to, here, vector, sum);
}

template <class T>
__device__ void add_bias(T* y, long long ys, const float* __restrict__ bias, int rows, int cols) {
    constexpr int N = PACK<T>;
    bool vector = aligned(y, ys), whole = aligned(bias);
    for (Walk<N> at(rows, cols); at.inside(); at.next()) {
        T* to = y + at.row * ys + at.col();
        float v[N], b[N];
        load(to, at.count(), vector, v);
        load(bias + at.col(), at.count(), whole, b);
#pragma unroll
        for (int i = 0; i < N; i++) {
            v[i] += b[i];
        }
        store(to, at.count(), vector, v);
    }
}

/// A block sums 64 columns of its share of the rows: four threads a column, each every fourth row.
template <class T>
__device__ void bias_backward(const T* __restrict__ dy, long long ds, int rows, int cols, float* __restrict__ partial) {
    __shared__ float sums[4][64];
    int lane = threadIdx.x & 63, quarter = threadIdx.x >> 6;
    int col = blockIdx.x * 64 + lane;
    int begin = (int)((long long)rows * blockIdx.y / gridDim.y);
    int end = (int)((long long)rows * (blockIdx.y + 1) / gridDim.y);
    float sum = 0;
    if (col < cols) {
        for (int t = begin + quarter; t < end; t += 4) {
            sum += to_float(dy[t * ds + col]);
        }
    }
    sums[quarter][lane] = sum;
    __syncthreads();
    if (quarter == 0 && col < cols) {
        partial[(long long)blockIdx.y * cols + col] = (sum + sums[1][lane]) + (sums[2][lane] + sums[3][lane]);
    }
}

/// out[t] = table[ids[t]]: table [V, cols], out [rows, cols].
extern "C" __global__ void embed_f32(
        const float* table, long long ts, const int* ids, float* out, long long os, int rows, int cols) {
    gather(table, ts, ids, out, os, rows, cols);
}
extern "C" __global__ void embed_bf16(
        const float* table, long long ts, const int* ids, bf16* out, long long os, int rows, int cols) {
    gather(table, ts, ids, out, os, rows, cols);
}

/// out[c] = x[rows[c]]: out [count, cols].
extern "C" __global__ void gather_rows_f32(
        const float* x, long long xs, const int* rows, float* out, long long os, int count, int cols) {
    gather(x, xs, rows, out, os, count, cols);
}
extern "C" __global__ void gather_rows_bf16(
        const bf16* x, long long xs, const int* rows, bf16* out, long long os, int count, int cols) {
    gather(x, xs, rows, out, os, count, cols);
}

/// dtable[ids[t]] += dout[t] but for padding_id. Grid (count, ceil(cols/1024)), block 256.
extern "C" __global__ void embed_backward_f32(
        const float* dout, long long ds, const int* ids, int count, int cols, int padding_id, float* dtable,
        long long ts) {
    scatter(dout, ds, ids, count, cols, padding_id, dtable, ts);
}
extern "C" __global__ void embed_backward_bf16(
        const bf16* dout, long long ds, const int* ids, int count, int cols, int padding_id, float* dtable,
        long long ts) {
    scatter(dout, ds, ids, count, cols, padding_id, dtable, ts);
}

/// dx[rows[c]] += dout[c], rounded once. Grid (count, ceil(cols/1024)), block 256.
extern "C" __global__ void scatter_rows_f32(
        const float* dout, long long ds, const int* rows, int count, int cols, float* dx, long long xs) {
    scatter(dout, ds, rows, count, cols, -1, dx, xs);
}
extern "C" __global__ void scatter_rows_bf16(
        const bf16* dout, long long ds, const int* rows, int count, int cols, bf16* dx, long long xs) {
    scatter(dout, ds, rows, count, cols, -1, dx, xs);
}

/// y[t] += bias.
extern "C" __global__ void add_bias_f32(float* y, long long ys, const float* bias, int rows, int cols) {
    add_bias(y, ys, bias, rows, cols);
}
extern "C" __global__ void add_bias_bf16(bf16* y, long long ys, const float* bias, int rows, int cols) {
    add_bias(y, ys, bias, rows, cols);
}

/// partial[p] = Σ dy[t] over the p-th share of the rows; p is blockIdx.y. Grid (ceil(cols/64), parts), block 256.
extern "C" __global__ void bias_backward_f32(const float* dy, long long ds, int rows, int cols, float* partial) {
    bias_backward(dy, ds, rows, cols, partial);
}
extern "C" __global__ void bias_backward_bf16(const bf16* dy, long long ds, int rows, int cols, float* partial) {
    bias_backward(dy, ds, rows, cols, partial);
}

/// out += Σ partial[p]: partial [parts, cols], out [cols]. Grid ceil(cols/8), block 256: eight threads, for as many
/// columns, sum the parts k, k + 32, …; the four k of a warp are added as a tree, then the eight warps in order.
extern "C" __global__ void add_columns(const float* __restrict__ partial, int parts, int cols, float* out) {
    __shared__ float sums[8][8];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    int own = threadIdx.x & 7, col = blockIdx.x * 8 + own;
    float sum = 0;
    if (col < cols) {
#pragma unroll 8
        for (int p = threadIdx.x >> 3; p < parts; p += 32) {
            sum += partial[(long long)p * cols + col];
        }
    }
    sum += __shfl_xor_sync(ALL_LANES, sum, 8);
    sum += __shfl_xor_sync(ALL_LANES, sum, 16);
    if (lane < 8) {
        sums[warp][own] = sum;
    }
    __syncthreads();
    if (threadIdx.x < 8 && col < cols) {
        for (int w = 1; w < 8; w++) {
            sum += sums[w][own];
        }
        out[col] += sum;
    }
}
