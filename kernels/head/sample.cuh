// Sampling from one row of logits, as generate.Sampler orders it: temperature, top-k, top-p, min-p, draw. One block.
//
// Nothing is sorted. A radix descent finds the token at which the running sum of counts or of probabilities, taken from
// the largest logit down, passes a limit. Probabilities are integers, so that no order of summation matters.
#pragma once

#include "../common/reduce.cuh"

constexpr int SAMPLE_THREADS = 256;

/// e^0 as an integer: sums over 2^19 tokens fit 64 bits.
constexpr float ONE = 17592186044416.0f; // 2^44

/// Orders as the logit does; the two zeros are equal.
__device__ __forceinline__ uint32_t order(float logit) {
    uint32_t bits = (uint32_t)__float_as_int(logit + 0.0f);
    return bits ^ ((bits >> 31) != 0 ? 0xffffffffu : 0x80000000u);
}

__device__ __forceinline__ unsigned long long probability(float logit, float max, float temperature) {
    return (unsigned long long)(expf((logit - max) / temperature) * ONE);
}

/// A place in the order of the tokens: those above `key`, and some of those that equal it.
struct Place {
    uint32_t key;
    unsigned long long before; // the sum over tokens above key
};

/// The first token of logit order at which the sum of weights is more than `limit`, of which the sum over all is more.
template <class Weight>
__device__ Place descend(
        const float* __restrict__ logits, int vocabulary, unsigned long long limit, Weight weight,
        unsigned long long (&bins)[16][SAMPLE_THREADS], unsigned long long (&totals)[16]) {
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    Place place = {0, 0};
    for (int shift = 28; shift >= 0; shift -= 4) {
        for (int b = 0; b < 16; b++) {
            bins[b][threadIdx.x] = 0;
        }
        for (int v = threadIdx.x; v < vocabulary; v += SAMPLE_THREADS) {
            uint32_t key = order(logits[v]);
            if (shift == 28 || key >> (shift + 4) == place.key) {
                bins[key >> shift & 15][threadIdx.x] += weight(logits[v]);
            }
        }
        __syncthreads();
        for (int b = warp; b < 16; b += SAMPLE_THREADS / 32) {
            unsigned long long sum = 0;
            for (int i = lane; i < SAMPLE_THREADS; i += 32) {
                sum += bins[b][i];
            }
            sum = warp_sum(sum);
            if (lane == 0) {
                totals[b] = sum;
            }
        }
        __syncthreads();
        int digit = 15;
        while (digit > 0 && place.before + totals[digit] <= limit) {
            place.before += totals[digit--];
        }
        place.key = place.key << 4 | (uint32_t)digit;
    }
    __syncthreads();
    return place;
}

/// The logit that a key orders.
__device__ __forceinline__ float logit_of(uint32_t key) {
    return __int_as_float((int)(key ^ ((key >> 31) != 0 ? 0x80000000u : 0xffffffffu)));
}

/// Writes the drawn token's number to *out, or -1 when a logit is not a number.
///
/// @param temperature 0 takes the first of the largest
/// @param top_k only the k largest (lower numbers first of equals); 0 for all
/// @param top_p no more of them once their probabilities sum to p; 1 for all
/// @param min_p none of less than min_p of the largest probability; 0 for all
/// @param u in [0, 1)
extern "C" __global__ void __launch_bounds__(SAMPLE_THREADS) sample(
        const float* __restrict__ logits, int vocabulary, double temperature, int top_k, double top_p, double min_p,
        double u, int* __restrict__ out) {
    typedef unsigned long long Sum;
    __shared__ Sum bins[16][SAMPLE_THREADS];
    __shared__ Sum totals[16];
    __shared__ Sum scratch[3][32];

    // the first of the largest: the largest key, and of those the largest complement of its number
    Sum best = 0;
    bool broken = false;
    for (int v = threadIdx.x; v < vocabulary; v += SAMPLE_THREADS) {
        Sum here = (Sum)order(logits[v]) << 32 | ~(uint32_t)v;
        best = here > best ? here : best;
        broken |= logits[v] != logits[v];
    }
    for (int step = 16; step > 0; step >>= 1) {
        Sum other = __shfl_xor_sync(ALL_LANES, best, step);
        best = other > best ? other : best;
    }
    if ((threadIdx.x & 31) == 0) {
        scratch[0][threadIdx.x >> 5] = best;
    }
    broken = __syncthreads_or(broken);
    for (int w = 0; w < SAMPLE_THREADS / 32; w++) {
        best = scratch[0][w] > best ? scratch[0][w] : best;
    }
    if (broken || temperature == 0) {
        if (threadIdx.x == 0) {
            *out = broken ? -1 : (int)~(uint32_t)best;
        }
        return;
    }

    float max = logit_of((uint32_t)(best >> 32)), heat = (float)temperature;
    auto mass = [&](float logit) { return probability(logit, max, heat); };
    Place cut = {0, 0};
    Sum equals = 0; // how many tokens at the cut are kept
    if (top_k > 0 && top_k < vocabulary) {
        cut = descend(logits, vocabulary, top_k - 1, [](float) { return (Sum)1; }, bins, totals);
        equals = top_k - cut.before;
    }
    Sum total = 0;
    for (int v = threadIdx.x; v < vocabulary; v += SAMPLE_THREADS) {
        total += order(logits[v]) > cut.key ? mass(logits[v]) : 0;
    }
    total = block_sum(total, scratch[1]) + equals * (cut.key > 0 ? mass(logit_of(cut.key)) : 0);
    if (top_p < 1) {
        Sum limit = (Sum)ceil(top_p * (double)total) - 1;
        cut = descend(logits, vocabulary, limit, mass, bins, totals);
        Sum each = mass(logit_of(cut.key));
        equals = (limit - cut.before) / each + 1;
        total = cut.before + equals * each;
    }
    if (min_p > 0) {
        double least = min_p * ONE;
        total = 0;
        for (int v = threadIdx.x; v < vocabulary; v += SAMPLE_THREADS) {
            Sum p = order(logits[v]) > cut.key ? mass(logits[v]) : 0;
            total += (double)p >= least ? p : 0;
        }
        Sum each = cut.key > 0 ? mass(logit_of(cut.key)) : 0;
        total = block_sum(total, scratch[2]) + ((double)each >= least ? equals * each : 0);
    }

    Sum limit = (Sum)(u * (double)total);
    limit = limit < total ? limit : total - 1; // u·total rounded up
    Place drawn = descend(logits, vocabulary, limit, mass, bins, totals);
    Sum rank = (limit - drawn.before) / mass(logit_of(drawn.key)); // among its equals, in order of their numbers
    int share = (vocabulary + SAMPLE_THREADS - 1) / SAMPLE_THREADS;
    int begin = threadIdx.x * share, end = min(begin + share, vocabulary);
    Sum mine = 0, below = 0;
    for (int v = begin; v < end; v++) {
        mine += order(logits[v]) == drawn.key;
    }
    bins[0][threadIdx.x] = mine;
    __syncthreads();
    for (int t = 0; t < (int)threadIdx.x; t++) {
        below += bins[0][t];
    }
    if (below <= rank && rank < below + mine) {
        for (int v = begin; v < end; v++) {
            if (order(logits[v]) == drawn.key && below++ == rank) {
                *out = v;
            }
        }
    }
}

/// Divides positive logits of tokens seen so far by the penalty and multiplies negative ones by it (transformers 5.23,
/// RepetitionPenaltyLogitsProcessor): seen [count], each token once.
extern "C" __global__ void repetition_penalty(float* logits, const int* __restrict__ seen, int count, float penalty) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
        float x = logits[seen[i]];
        logits[seen[i]] = x < 0 ? x * penalty : x / penalty;
    }
}
