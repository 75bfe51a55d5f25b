// Operations of a warp: every lane brings its argument, the last one computes for all (cuemu_collective). The functions
// that compute touch the arguments of other lanes, which lie on their stacks: the checker is not to see that.
#pragma once

#define CUEMU_UNCHECKED __attribute__((no_sanitize("thread")))

namespace cuemu {

constexpr uint32_t ALL_LANES = 0xffffffffu;

static inline void syncwarp(int line, unsigned mask = ALL_LANES) { cuemu_syncwarp(mask, line); }

template <class T>
struct Shuffled {
    T value;
    int source;
    T result;
};

template <class T>
CUEMU_UNCHECKED void shuffle_lanes(uint32_t mask, void** arguments) {
    for (int lane = 0; lane < 32; lane++) {
        if (mask >> lane & 1) {
            auto own = (Shuffled<T>*)arguments[lane];
            if (mask >> own->source & 1) {
                own->result = ((Shuffled<T>*)arguments[own->source])->value;
            } else { // undefined: a lane that does not take part
                memset((void*)&own->result, 0xff, sizeof(T));
            }
        }
    }
}

template <class T>
static inline T shuffle(int line, unsigned mask, T value, int source) {
    Shuffled<T> argument{value, source, value};
    cuemu_collective(&shuffle_lanes<T>, mask, &argument, line);
    return argument.result;
}

// A source beyond the segment of `width` lanes means the lane itself.
template <class T>
static inline T shfl(int line, unsigned mask, T value, int source, int width = 32) {
    int lane = (int)cuemu_current->lane;
    return shuffle(line, mask, value, (lane & ~(width - 1)) | (source & (width - 1)));
}
template <class T>
static inline T shfl_up(int line, unsigned mask, T value, unsigned delta, int width = 32) {
    int lane = (int)cuemu_current->lane;
    return shuffle(line, mask, value, (lane & (width - 1)) < (int)delta ? lane : lane - (int)delta);
}
template <class T>
static inline T shfl_down(int line, unsigned mask, T value, unsigned delta, int width = 32) {
    int lane = (int)cuemu_current->lane;
    return shuffle(line, mask, value, (lane & (width - 1)) + (int)delta >= width ? lane : lane + (int)delta);
}
/// A lane of an earlier segment may be read, one of a later segment not.
template <class T>
static inline T shfl_xor(int line, unsigned mask, T value, int bits, int width = 32) {
    int lane = (int)cuemu_current->lane;
    int source = lane ^ bits;
    return shuffle(line, mask, value, source >= (lane & ~(width - 1)) + width ? lane : source);
}

struct Vote {
    int predicate;
    uint32_t result;
};

CUEMU_UNCHECKED inline void vote(uint32_t mask, void** arguments) {
    uint32_t result = 0;
    for (int lane = 0; lane < 32; lane++) {
        if ((mask >> lane & 1) && ((Vote*)arguments[lane])->predicate) {
            result |= 1u << lane;
        }
    }
    for (int lane = 0; lane < 32; lane++) {
        if (mask >> lane & 1) {
            ((Vote*)arguments[lane])->result = result;
        }
    }
}

static inline uint32_t ballot(int line, unsigned mask, int predicate) {
    Vote argument{predicate, 0};
    cuemu_collective(&vote, mask, &argument, line);
    return argument.result;
}

/// Fragments of mma.sync.m16n8k16: a lane's part of A (row major), B (column major) and C = D. With g = lane / 4 and
/// c = lane % 4 · 2: a = {A[g][c..], A[g+8][c..], A[g][c+8..], A[g+8][c+8..]}, b = {B[c..][g], B[c+8..][g]}, the lower
/// half of a word being the first of a pair, and accumulator = {C[g][c], C[g][c+1], C[g+8][c], C[g+8][c+1]} (PTX ISA,
/// section 9.7.14).
struct MmaFragments {
    uint32_t a[4], b[2];
    float accumulator[4];
};

static inline void mma_bf16(float* c, const uint32_t* a, const uint32_t* b, int line) {
    MmaFragments argument;
    for (int i = 0; i < 4; i++) {
        argument.a[i] = a[i];
        argument.accumulator[i] = c[i];
    }
    argument.b[0] = b[0];
    argument.b[1] = b[1];
    cuemu_collective(&cuemu_mma_m16n8k16_bf16, ALL_LANES, &argument, line);
    for (int i = 0; i < 4; i++) {
        c[i] = argument.accumulator[i];
    }
}

struct MatrixRows {
    const void* row;
    uint32_t result[4];
};

/// ldmatrix of N 8 × 8 matrices of 16-bit elements: lane 8i + r brings row r of matrix i; every lane gets two
/// neighbours of row lane / 4, or with TRANSPOSED of column lane / 4.
template <int N, bool TRANSPOSED>
CUEMU_UNCHECKED void load_matrices(uint32_t, void** arguments) {
    for (int i = 0; i < N; i++) {
        uint16_t matrix[8][8];
        for (int r = 0; r < 8; r++) {
            memcpy(matrix[r], ((MatrixRows*)arguments[i * 8 + r])->row, 16);
        }
        for (int lane = 0; lane < 32; lane++) {
            int g = lane / 4;
            int c = lane % 4 * 2;
            uint32_t low = TRANSPOSED ? matrix[c][g] : matrix[g][c];
            uint32_t high = TRANSPOSED ? matrix[c + 1][g] : matrix[g][c + 1];
            ((MatrixRows*)arguments[lane])->result[i] = low | high << 16;
        }
    }
}

template <int N, bool TRANSPOSED>
static inline void ldmatrix(uint32_t* result, const void* row, int line) {
    MatrixRows argument;
    argument.row = row;
    if (cuemu_current->lane < N * 8) {
        cuemu_access(row, 16, 0, 16);
    }
    cuemu_collective(&load_matrices<N, TRANSPOSED>, ALL_LANES, &argument, line);
    for (int i = 0; i < N; i++) {
        result[i] = argument.result[i];
    }
}

}

#define __syncwarp(...) cuemu::syncwarp(__LINE__ __VA_OPT__(,) __VA_ARGS__)
#define __activemask() cuemu_active_lanes()
#define __shfl_sync(...) cuemu::shfl(__LINE__, __VA_ARGS__)
#define __shfl_up_sync(...) cuemu::shfl_up(__LINE__, __VA_ARGS__)
#define __shfl_down_sync(...) cuemu::shfl_down(__LINE__, __VA_ARGS__)
#define __shfl_xor_sync(...) cuemu::shfl_xor(__LINE__, __VA_ARGS__)
#define __ballot_sync(mask, p) cuemu::ballot(__LINE__, mask, p)
#define __any_sync(mask, p) (cuemu::ballot(__LINE__, mask, p) != 0)
#define __all_sync(mask, p) (cuemu::ballot(__LINE__, mask, p) == (mask))
