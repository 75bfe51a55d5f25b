// The element types of tensors, and their way to and from float. All arithmetic is float or better.
#pragma once

#ifdef CUEMU
#define DYN_SHARED(name) unsigned char* name = (unsigned char*)cuemu_dynshared()
#else
#include <cuda_bf16.h>

#include <cstdint>
/// The block's dynamic shared memory, as bytes; panels.cuh wants 1024.
#define DYN_SHARED(name) extern __shared__ __align__(1024) unsigned char name[]
#endif

typedef __nv_bfloat16 bf16;

/// Elements in 16 bytes: what a thread reads or writes at once.
template <class T>
constexpr int PACK = 16 / (int)sizeof(T);

/// Whether rows of this stride, from p on, may be accessed 16 bytes at a time.
template <class T>
__device__ __forceinline__ bool aligned(const T* p, long long stride = 0) {
    return ((reinterpret_cast<uintptr_t>(p) | (uintptr_t)(stride * (long long)sizeof(T))) & 15) == 0;
}

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(bf16 x) { return __bfloat162float(x); }

/// x as a T, rounded to nearest even.
template <class T>
__device__ __forceinline__ T from_float(float x);
template <>
__device__ __forceinline__ float from_float<float>(float x) { return x; }
template <>
__device__ __forceinline__ bf16 from_float<bf16>(float x) { return __float2bfloat16_rn(x); }

/// x as a tensor of T keeps it.
template <class T>
__device__ __forceinline__ float rounded(float x) { return to_float(from_float<T>(x)); }

/// Two floats as two bf16, the first in the lower half.
__device__ __forceinline__ uint32_t pack2(float low, float high) {
    __nv_bfloat162 v = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<uint32_t*>(&v);
}
/// The two bf16 of a word: a bf16 is the upper half of a float.
__device__ __forceinline__ float low_half(uint32_t v) { return __int_as_float((int)(v << 16)); }
__device__ __forceinline__ float high_half(uint32_t v) { return __int_as_float((int)(v & 0xffff0000u)); }

/// N floats from N aligned elements: 4 or 8, in accesses of 16 bytes (8 for four bf16).
template <int N>
__device__ __forceinline__ void load_vector(const float* p, float (&v)[N]) {
#pragma unroll
    for (int i = 0; i < N; i += 4) {
        float4 a = *reinterpret_cast<const float4*>(p + i);
        v[i] = a.x, v[i + 1] = a.y, v[i + 2] = a.z, v[i + 3] = a.w;
    }
}
__device__ __forceinline__ void load_vector(const bf16* p, float (&v)[4]) {
    uint2 a = *reinterpret_cast<const uint2*>(p);
    v[0] = low_half(a.x), v[1] = high_half(a.x), v[2] = low_half(a.y), v[3] = high_half(a.y);
}
__device__ __forceinline__ void load_vector(const bf16* p, float (&v)[8]) {
    uint4 a = *reinterpret_cast<const uint4*>(p);
    v[0] = low_half(a.x), v[1] = high_half(a.x), v[2] = low_half(a.y), v[3] = high_half(a.y);
    v[4] = low_half(a.z), v[5] = high_half(a.z), v[6] = low_half(a.w), v[7] = high_half(a.w);
}

template <int N>
__device__ __forceinline__ void store_vector(float* p, const float (&v)[N]) {
#pragma unroll
    for (int i = 0; i < N; i += 4) {
        *reinterpret_cast<float4*>(p + i) = make_float4(v[i], v[i + 1], v[i + 2], v[i + 3]);
    }
}
__device__ __forceinline__ void store_vector(bf16* p, const float (&v)[4]) {
    uint2 a;
    a.x = pack2(v[0], v[1]), a.y = pack2(v[2], v[3]);
    *reinterpret_cast<uint2*>(p) = a;
}
__device__ __forceinline__ void store_vector(bf16* p, const float (&v)[8]) {
    *reinterpret_cast<uint4*>(p) =
            make_uint4(pack2(v[0], v[1]), pack2(v[2], v[3]), pack2(v[4], v[5]), pack2(v[6], v[7]));
}

/// N elements from p on as floats, of which the first `count` exist; the others read as 0. Which elements a thread
/// gets does not depend on alignment, and so neither does the order of any sum.
template <int N, class T>
__device__ __forceinline__ void load(const T* p, int count, bool vector, float (&v)[N]) {
    if (vector && count >= N) {
        load_vector(p, v);
    } else {
#pragma unroll
        for (int i = 0; i < N; i++) {
            v[i] = i < count ? to_float(p[i]) : 0.0f;
        }
    }
}

/// Writes the first `count` of N floats from p on.
template <int N, class T>
__device__ __forceinline__ void store(T* p, int count, bool vector, const float (&v)[N]) {
    if (vector && count >= N) {
        store_vector(p, v);
    } else {
#pragma unroll
        for (int i = 0; i < N; i++) {
            if (i < count) {
                p[i] = from_float<T>(v[i]);
            }
        }
    }
}

/// 16 bytes of T as they lie in memory: half the registers of their floats when T is bf16.
template <class T>
struct Packed {
    uint4 words;
};

/// Floats as a tensor of T keeps them.
template <class T, int N>
__device__ __forceinline__ Packed<T> packed(const float (&v)[N]) {
    if constexpr (sizeof(T) == 4) {
        return {make_uint4(__float_as_int(v[0]), __float_as_int(v[1]), __float_as_int(v[2]), __float_as_int(v[3]))};
    } else {
        return {make_uint4(pack2(v[0], v[1]), pack2(v[2], v[3]), pack2(v[4], v[5]), pack2(v[6], v[7]))};
    }
}

/// The pack at p, which is aligned.
template <class T>
__device__ __forceinline__ Packed<T> load_packed(const T* p) {
    return {*reinterpret_cast<const uint4*>(p)};
}

__device__ __forceinline__ void unpack(const Packed<float>& p, float (&v)[4]) {
    v[0] = __int_as_float(p.words.x), v[1] = __int_as_float(p.words.y);
    v[2] = __int_as_float(p.words.z), v[3] = __int_as_float(p.words.w);
}
__device__ __forceinline__ void unpack(const Packed<bf16>& p, float (&v)[8]) {
    v[0] = low_half(p.words.x), v[1] = high_half(p.words.x), v[2] = low_half(p.words.y), v[3] = high_half(p.words.y);
    v[4] = low_half(p.words.z), v[5] = high_half(p.words.z), v[6] = low_half(p.words.w), v[7] = high_half(p.words.w);
}
