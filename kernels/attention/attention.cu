// Attention over trees of segments, forward and backward, and over a cache of keys and values. README.md says what
// each kernel computes and how it is launched; ops/cuda/AttentionTiles.java holds the same tiles.
#include "backward.cuh"
#include "decode.cuh"
#include "plain.cuh"
#include "wgmma_backward.cuh"
#include "wgmma_forward.cuh"

#define WIDTH(W)                                                                                                      \
    extern "C" __global__ void __launch_bounds__(ForwardTiles<W>::THREADS) attention_bf16_##W(                        \
            const bf16* qkv, long long qs, bf16* out, long long os, float* lse, const int* segments,                  \
            const int* tiles, int heads, int kv_heads, int head_dim, int window, float scale) {                       \
        attention<W>(qkv, qs, out, os, lse, segments, tiles, heads, kv_heads, head_dim, window, scale);               \
    }                                                                                                                 \
    extern "C" __global__ void __launch_bounds__(KeyGradientTiles<W>::THREADS) attention_dkv_bf16_##W(                \
            const bf16* qkv, long long qs, const bf16* dout, long long os, const float* lse, const float* delta,      \
            bf16* dqkv, long long dqs, const int* segments, const int* children_from, const int* children,            \
            const int* tiles, int heads, int kv_heads, int head_dim, int window, float scale) {                       \
        attention_dkv<W>(                                                                                             \
                qkv, qs, dout, os, lse, delta, dqkv, dqs, segments, children_from, children, tiles, heads, kv_heads,  \
                head_dim, window, scale);                                                                             \
    }                                                                                                                 \
    extern "C" __global__ void __launch_bounds__(QueryGradientTiles<W>::THREADS) attention_dq_bf16_##W(               \
            const bf16* qkv, long long qs, const bf16* dout, long long os, const float* lse, const float* delta,      \
            bf16* dqkv, long long dqs, const int* segments, const int* tiles, int heads, int kv_heads, int head_dim,  \
            int window, float scale) {                                                                                \
        attention_dq<W>(                                                                                              \
                qkv, qs, dout, os, lse, delta, dqkv, dqs, segments, tiles, heads, kv_heads, head_dim, window, scale); \
    }
WIDTH(64)
WIDTH(96)
WIDTH(128)

#define WGMMA_WIDTH(W)                                                                                                \
    extern "C" __global__ void __launch_bounds__(WgmmaForwardTiles<W>::THREADS, WgmmaForwardTiles<W>::BLOCKS)         \
            attention_wgmma_bf16_##W(                                                                                 \
                    const bf16* qkv, long long qs, bf16* out, long long os, float* lse, const int* segments,          \
                    const int* tiles, int heads, int kv_heads, int head_dim, int window, float scale) {               \
        ON_SM90A(attention_wgmma<W>(                                                                                  \
                qkv, qs, out, os, lse, segments, tiles, heads, kv_heads, head_dim, window, scale);)                   \
    }                                                                                                                 \
    extern "C" __global__ void __launch_bounds__(WgmmaKeyGradientTiles<W>::THREADS, WgmmaKeyGradientTiles<W>::BLOCKS) \
            attention_dkv_wgmma_bf16_##W(                                                                             \
                    const bf16* qkv, long long qs, const bf16* dout, long long os, const float* lse,                  \
                    const float* delta, bf16* dqkv, long long dqs, const int* segments, const int* children_from,     \
                    const int* children, const int* tiles, int heads, int kv_heads, int head_dim, int window,         \
                    float scale) {                                                                                    \
        ON_SM90A(attention_dkv_wgmma<W>(                                                                              \
                qkv, qs, dout, os, lse, delta, dqkv, dqs, segments, children_from, children, tiles, heads, kv_heads,  \
                head_dim, window, scale);)                                                                            \
    }                                                                                                                 \
    extern "C" __global__ void                                                                                        \
    __launch_bounds__(WgmmaQueryGradientTiles<W>::THREADS, WgmmaQueryGradientTiles<W>::BLOCKS)                        \
            attention_dq_wgmma_bf16_##W(                                                                              \
                    const bf16* qkv, long long qs, const bf16* dout, long long os, const float* lse,                  \
                    const float* delta, bf16* dqkv, long long dqs, const int* segments, const int* tiles, int heads,  \
                    int kv_heads, int head_dim, int window, float scale) {                                            \
        ON_SM90A(attention_dq_wgmma<W>(                                                                               \
                qkv, qs, dout, os, lse, delta, dqkv, dqs, segments, tiles, heads, kv_heads, head_dim, window, scale);) \
    }
WGMMA_WIDTH(64)
WGMMA_WIDTH(128)

extern "C" __global__ void attention_delta_bf16(
        const bf16* out, long long os, const bf16* dout, long long ds, float* delta, int rows, int heads, int head_dim) {
    attention_delta(out, os, dout, ds, delta, rows, heads, head_dim);
}
extern "C" __global__ void attention_delta_f32(
        const float* out, long long os, const float* dout, long long ds, float* delta, int rows, int heads,
        int head_dim) {
    attention_delta(out, os, dout, ds, delta, rows, heads, head_dim);
}

extern "C" __global__ void __launch_bounds__(PlainTiles::THREADS) attention_f32(
        const float* qkv, long long qs, float* out, long long os, float* lse, const int* segments, const int* tiles,
        int heads, int kv_heads, int head_dim, int window, float scale) {
    plain_attention(qkv, qs, out, os, lse, segments, tiles, heads, kv_heads, head_dim, window, scale);
}
extern "C" __global__ void __launch_bounds__(PlainTiles::THREADS) attention_dkv_f32(
        const float* qkv, long long qs, const float* dout, long long os, const float* lse, const float* delta,
        float* dqkv, long long dqs, const int* segments, const int* children_from, const int* children,
        const int* tiles, int heads, int kv_heads, int head_dim, int window, float scale) {
    plain_attention_dkv(
            qkv, qs, dout, os, lse, delta, dqkv, dqs, segments, children_from, children, tiles, heads, kv_heads,
            head_dim, window, scale);
}
extern "C" __global__ void __launch_bounds__(PlainTiles::THREADS) attention_dq_f32(
        const float* qkv, long long qs, const float* dout, long long os, const float* lse, const float* delta,
        float* dqkv, long long dqs, const int* segments, const int* tiles, int heads, int kv_heads, int head_dim,
        int window, float scale) {
    plain_attention_dq(
            qkv, qs, dout, os, lse, delta, dqkv, dqs, segments, tiles, heads, kv_heads, head_dim, window, scale);
}

#define DECODE(NAME, T)                                                                                               \
    extern "C" __global__ void append_to_cache_##NAME(                                                                \
            const T* qkv, long long qs, const int* positions, T* keys, T* values, int rows, int heads, int kv_heads,  \
            int head_dim) {                                                                                           \
        append_to_cache(qkv, qs, positions, keys, values, rows, heads, kv_heads, head_dim);                           \
    }                                                                                                                 \
    extern "C" __global__ void __launch_bounds__(DecodeTiles::THREADS) attention_cached_##NAME(                       \
            const T* qkv, long long qs, const T* keys, const T* values, const int* positions, float* partial,         \
            int heads, int kv_heads, int head_dim, int window, float scale) {                                         \
        attention_cached(qkv, qs, keys, values, positions, partial, heads, kv_heads, head_dim, window, scale);        \
    }                                                                                                                 \
    extern "C" __global__ void attention_cached_join_##NAME(                                                          \
            const float* partial, const int* positions, T* out, long long os, int heads, int head_dim, int window,    \
            int capacity) {                                                                                           \
        attention_cached_join(partial, positions, out, os, heads, head_dim, window, capacity);                        \
    }
DECODE(f32, float)
DECODE(bf16, bf16)
