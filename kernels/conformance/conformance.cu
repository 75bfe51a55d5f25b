// What jalign's kernels take for granted of the hardware, one property a kernel. The results are compared with plain
// definitions in Java; the emulator and a GPU must both pass.
#include "../common/panels.cuh"
#include "../common/reduce.cuh"

/// d = c + a · b of one warp, fragment by fragment: a [32][4], b [32][2], c and d [32][4], by lane.
extern "C" __global__ void mma(const uint32_t* a, const uint32_t* b, const float* c, float* d) {
    int lane = threadIdx.x;
    uint32_t fa[4], fb[2];
    float sums[4];
    for (int i = 0; i < 4; i++) {
        fa[i] = a[lane * 4 + i];
        sums[i] = c[lane * 4 + i];
    }
    for (int i = 0; i < 2; i++) {
        fb[i] = b[lane * 2 + i];
    }
    mma_m16n8k16(sums, fa, fb);
    for (int i = 0; i < 4; i++) {
        d[lane * 4 + i] = sums[i];
    }
}

/// s = a · bᵀ and then o = s · b of one warpgroup: both operands by descriptors, K-major, then the left one in registers
/// (s rounded to bf16) and b MN-major. a [64][W], b [N][W], s [64][N], o [64][W].
template <int W, int N>
__device__ void wgmma_twice(const bf16* a, const bf16* b, float* s, float* o) {
    DYN_SHARED(left);
    unsigned char* right = left + GROUP_ROWS * W * 2;
    for (int i = threadIdx.x; i < GROUP_ROWS * W; i += WARPGROUP) {
        *reinterpret_cast<bf16*>(left + Panels<GROUP_ROWS>::offset(i / W, i % W / 8) + i % 8 * 2) = a[i];
    }
    for (int i = threadIdx.x; i < N * W; i += WARPGROUP) {
        *reinterpret_cast<bf16*>(right + Panels<N>::offset(i / W, i % W / 8) + i % 8 * 2) = b[i];
    }
    fence_async_shared();
    __syncthreads();
    float scores[N / 8][4], sums[W / 8][4] = {};
    wgmma_fence();
    multiply_transposed<W, GROUP_ROWS, N>(scores, shared_address(left), 0, shared_address(right));
    wgmma_commit();
    wgmma_wait(scores);
    uint32_t p[N / 16][1][4];
    for (int n = 0; n < N / 8; n++) {
        p[n / 2][0][n % 2 * 2] = pack2(scores[n][0], scores[n][1]);
        p[n / 2][0][n % 2 * 2 + 1] = pack2(scores[n][2], scores[n][3]);
    }
    wgmma_fence(sums, p);
    multiply_add<W, N>(sums, p, shared_address(right));
    wgmma_commit();
    wgmma_wait(sums, p);
    int lane = threadIdx.x & 31;
    for (int e = 0; e < 4; e++) {
        int row = threadIdx.x / 32 * 16 + lane / 4 + e / 2 * 8, column = lane % 4 * 2 + e % 2;
        for (int n = 0; n < N / 8; n++) {
            s[row * N + n * 8 + column] = scores[n][e];
        }
        for (int n = 0; n < W / 8; n++) {
            o[row * W + n * 8 + column] = sums[n][e];
        }
    }
}
extern "C" __global__ void __launch_bounds__(WARPGROUP) wgmma_64_64(
        const bf16* a, const bf16* b, float* s, float* o) {
    ON_SM90A((wgmma_twice<64, 64>(a, b, s, o));)
}
extern "C" __global__ void __launch_bounds__(WARPGROUP) wgmma_64_128(
        const bf16* a, const bf16* b, float* s, float* o) {
    ON_SM90A((wgmma_twice<64, 128>(a, b, s, o));)
}
extern "C" __global__ void __launch_bounds__(WARPGROUP) wgmma_128_64(
        const bf16* a, const bf16* b, float* s, float* o) {
    ON_SM90A((wgmma_twice<128, 64>(a, b, s, o));)
}
extern "C" __global__ void __launch_bounds__(WARPGROUP) wgmma_128_128(
        const bf16* a, const bf16* b, float* s, float* o) {
    ON_SM90A((wgmma_twice<128, 128>(a, b, s, o));)
}

/// Four matrices, plain in the first 128 words of out and transposed in the second: [32][4], by lane. rows[l] is the row of
/// 8 elements that lane l points to.
extern "C" __global__ void load_matrices(const bf16* elements, const int* rows, uint32_t* out) {
    __shared__ __align__(16) bf16 s[32 * 8];
    int lane = threadIdx.x;
    for (int i = 0; i < 8; i++) {
        s[lane * 8 + i] = elements[lane * 8 + i];
    }
    __syncwarp();
    uint32_t plain[4], transposed[4];
    ldmatrix_x4(plain, shared_address(&s[rows[lane] * 8]));
    ldmatrix_x4_trans(transposed, shared_address(&s[rows[lane] * 8]));
    for (int i = 0; i < 4; i++) {
        out[lane * 4 + i] = plain[i];
        out[128 + lane * 4 + i] = transposed[i];
    }
}

/// out[kind][argument][lane] of lane numbers, for arguments 0 … 31; kinds: shfl, shfl_up, shfl_down, shfl_xor.
extern "C" __global__ void shuffle(int* out, int width) {
    int lane = threadIdx.x;
    for (int argument = 0; argument < 32; argument++) {
        int* at = out + argument * 32 + lane;
        at[0] = __shfl_sync(ALL_LANES, lane, argument, width);
        at[1024] = __shfl_up_sync(ALL_LANES, lane, argument, width);
        at[2048] = __shfl_down_sync(ALL_LANES, lane, argument, width);
        at[3072] = __shfl_xor_sync(ALL_LANES, lane, argument, width);
    }
}

/// out[0 … 3][thread]: ballot, any, all and a shuffle among the lanes of the same parity, which are masks of their own.
extern "C" __global__ void vote(const int* predicate, unsigned* out) {
    int lane = threadIdx.x & 31;
    int p = predicate[threadIdx.x];
    unsigned mask = lane & 1 ? 0xaaaaaaaau : 0x55555555u;
    unsigned* at = out + threadIdx.x;
    at[0] = __ballot_sync(ALL_LANES, p);
    at[blockDim.x] = __any_sync(ALL_LANES, p);
    at[2 * blockDim.x] = __all_sync(ALL_LANES, p);
    if (lane & 1) {
        at[3 * blockDim.x] = __shfl_xor_sync(mask, threadIdx.x, 2);
    } else {
        at[3 * blockDim.x] = __shfl_xor_sync(mask, threadIdx.x, 4);
    }
}

/// out[0 … 2][thread]: __syncthreads_count, _or, _and.
extern "C" __global__ void count_at_barrier(const int* predicate, int* out) {
    int p = predicate[threadIdx.x];
    out[threadIdx.x] = __syncthreads_count(p);
    out[blockDim.x + threadIdx.x] = __syncthreads_or(p) != 0;
    out[2 * blockDim.x + threadIdx.x] = __syncthreads_and(p) != 0;
}

/// Bits of x rounded to bf16, alone and as either half of a pair.
extern "C" __global__ void to_bf16(const float* x, unsigned short* alone, uint32_t* pairs, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        bf16 rounded = from_float<bf16>(x[i]);
        alone[i] = *reinterpret_cast<unsigned short*>(&rounded);
        pairs[i] = pack2(x[i], x[n - 1 - i]);
    }
}

/// Every bf16 as a float, by two ways.
extern "C" __global__ void from_bf16(const bf16* x, float* alone, float* half, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        alone[i] = to_float(x[i]);
        unsigned short bits = *reinterpret_cast<const unsigned short*>(&x[i]);
        half[i] = high_half((uint32_t)bits << 16 | 0x1234u);
    }
}

/// Copies of 16 and 4 bytes of which only the first bytes[thread] are read; two groups, waited for one by one. out [2][128]
/// words: the copies of 16, then 4 · thread of the copies of 4.
extern "C" __global__ void copy(const uint32_t* from, const int* bytes, uint32_t* out) {
    __shared__ __align__(16) uint32_t wide[128];
    __shared__ __align__(16) uint32_t narrow[128];
    int t = threadIdx.x;
    cp_async_16(shared_address(&wide[t * 4]), from + t * 4, bytes[t]);
    cp_async_commit();
    cp_async_4(shared_address(&narrow[t * 4]), from + t * 4, bytes[t] < 4 ? bytes[t] : 4);
    cp_async_commit();
    cp_async_wait(1);
    __syncthreads();
    for (int i = 0; i < 4; i++) {
        out[t * 4 + i] = wide[(31 - t) * 4 + i];
    }
    cp_async_wait(0);
    __syncthreads();
    out[128 + t] = narrow[(31 - t) * 4];
}

/// out[0 … 5][i]: what is exactly rounded, x·y + z, x / y, sqrt|x|, x · y, x + z and x / 2, which may be subnormal.
extern "C" __global__ void arithmetic(const float* x, const float* y, const float* z, float* out, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        out[i] = fmaf(x[i], y[i], z[i]);
        out[n + i] = x[i] / y[i];
        out[2 * n + i] = sqrtf(fabsf(x[i]));
        out[3 * n + i] = __fmul_rn(x[i], y[i]);
        out[4 * n + i] = __fadd_rn(x[i], z[i]);
        out[5 * n + i] = x[i] * 0.5f;
    }
}

/// out[0 … 4][i]: 2^x, log2|x|, e^x by two ways and 1 / sqrt|x|, which are approximate.
extern "C" __global__ void approximate(const float* x, float* out, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        out[i] = exp2_approx(x[i]);
        out[n + i] = log2_approx(fabsf(x[i]));
        out[2 * n + i] = expf(x[i]);
        out[3 * n + i] = __expf(x[i]);
        out[4 * n + i] = rsqrtf(fabsf(x[i]));
    }
}

/// out[block][0 … 2]: warp_sum, warp_max and block_sum of integers, which are exact in any order.
extern "C" __global__ void reductions(const float* x, float* out) {
    __shared__ double scratch[32];
    float value = x[blockIdx.x * blockDim.x + threadIdx.x];
    float sum = warp_sum(value);
    float most = warp_max(value);
    double all = block_sum((double)value, scratch);
    if (threadIdx.x == blockDim.x - 1) {
        out[blockIdx.x * 3] = sum;
        out[blockIdx.x * 3 + 1] = most;
        out[blockIdx.x * 3 + 2] = (float)all;
    }
}

/// Every thread of a grid of three dimensions writes its number where its indices say, by way of dynamic shared memory;
/// unaligned is 0 if that is aligned and warps are what they should be.
extern "C" __global__ void indices(int* out, int* unaligned) {
    DYN_SHARED(raw);
    int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    int threads = blockDim.x * blockDim.y * blockDim.z;
    int* s = reinterpret_cast<int*>(raw);
    s[threads - 1 - thread] = block * threads + thread;
    __syncthreads();
    out[block * threads + thread] = s[threads - 1 - thread];
    // A warp is 32 threads in the order of their numbers.
    unsigned below = __ballot_sync(__activemask(), 1) & ((1u << (thread & 31)) - 1);
    unaligned[block * threads + thread] = (shared_address(raw) & 15) != 0 || __popc(below) != (thread & 31);
}

/// Integer atomics, whose result no order changes.
extern "C" __global__ void atomics(int* sum, int* most) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    atomicAdd(sum, i);
    atomicMax(most, i * 37 % 1009);
}
