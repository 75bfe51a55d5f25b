// The fused DPO loss: from the head's statistics to each row's dLoss/dlogp, without leaving the device. A block of 128
// threads a pair; sums and formulas in float64.
#pragma once

#include "losses.cuh"
#include "statistics.cuh"

#include "../common/reduce.cuh"

/// What is summed over a sequence's rows.
enum { LOGPS, REFERENCE, ENTROPIES, LOGITS, HITS, SUMS };

/// Columns of the results: ops.PairTerms.
constexpr int RESULTS = 11;

/// Losses of pairs and their gradient by each row's log-prob.
///
///     statistics  [C, 6]  of ops.HeadStatistics
///     reference   [C]     log-probs of the rows' targets under the reference
///     sequences   [B, 4]  first row and count of the chosen answer, then of the rejected one
///     scale       [B]     dTotal/dloss of the pair: 1/(pairs of its group · groups)
///     weight      [B]     factor of the pair's loss
///     g           [C]     = scale · weight · dloss/dlogp; += with accumulate
///     results     [B, 11] weight · loss (+= with accumulate); rewards β·ratio of chosen, rejected; sums over their rows
///                         of logp, entropy, mean logit, top-1 hits: chosen, rejected each
extern "C" __global__ void pair_loss(
        const float* __restrict__ statistics, const float* __restrict__ reference, const int* __restrict__ sequences,
        const double* __restrict__ scale, const double* __restrict__ weight, int pairs, int loss, int accumulate,
        double beta, float* __restrict__ g, double* __restrict__ results) {
    __shared__ double partial[2][SUMS][32];
    __shared__ double slopes[2];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    for (int pair = blockIdx.x; pair < pairs; pair += gridDim.x) {
        const int* rows = sequences + 4 * pair;
        for (int side = 0; side < 2; side++) {
            double sums[SUMS] = {};
            for (int i = threadIdx.x; i < rows[2 * side + 1]; i += blockDim.x) {
                long long row = rows[2 * side] + i;
                const float* s = statistics + row * COLUMNS;
                sums[LOGPS] += s[LOGP];
                sums[REFERENCE] += reference[row];
                sums[ENTROPIES] += s[ENTROPY];
                sums[LOGITS] += s[MEAN_LOGIT];
                sums[HITS] += s[TOP1];
            }
            for (int k = 0; k < SUMS; k++) {
                double sum = warp_sum(sums[k]);
                if (lane == 0) {
                    partial[side][k][warp] = sum;
                }
            }
        }
        __syncthreads();
        if (threadIdx.x == 0) {
            double sums[2][SUMS] = {};
            for (int side = 0; side < 2; side++) {
                for (int k = 0; k < SUMS; k++) {
                    for (int w = 0; w < warps; w++) {
                        sums[side][k] += partial[side][k][w];
                    }
                }
            }
            double chosen = sums[0][LOGPS] - sums[0][REFERENCE], rejected = sums[1][LOGPS] - sums[1][REFERENCE];
            PairLoss value = pair_loss_of(loss, beta, chosen, rejected, sums[0][LOGPS]);
            slopes[0] = scale[pair] * weight[pair] * value.chosen;
            slopes[1] = scale[pair] * weight[pair] * value.rejected;
            double* out = results + (long long)RESULTS * pair;
            out[0] = weight[pair] * value.value + (accumulate ? out[0] : 0.0);
            out[1] = beta * chosen, out[2] = beta * rejected;
            out[3] = sums[0][LOGPS], out[4] = sums[1][LOGPS];
            out[5] = sums[0][ENTROPIES], out[6] = sums[1][ENTROPIES];
            out[7] = sums[0][LOGITS], out[8] = sums[1][LOGITS];
            out[9] = sums[0][HITS], out[10] = sums[1][HITS];
        }
        __syncthreads();
        for (int side = 0; side < 2; side++) {
            for (int i = threadIdx.x; i < rows[2 * side + 1]; i += blockDim.x) {
                float* to = g + rows[2 * side] + i;
                *to = (float)(slopes[side] + (accumulate ? *to : 0.0f));
            }
        }
        __syncthreads();
    }
}
