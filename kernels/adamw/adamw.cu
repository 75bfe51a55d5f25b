// One AdamW update of a flat range: clipping, moments, masters and their bf16 copy in one pass. Block 256; any grid.
#include "../common/types.cuh"
#include "../common/walk.cuh"

/// With g' = gradient_scale · g: m = beta1·m + rest1·g', v = beta2·v + rest2·g'²,
/// w = decay·w - rate · m / (root·sqrt(v) + eps); copy = w rounded to bf16, where there is a copy.
///
/// The host derives the scalars in float64, since 1 - beta loses five digits in float: rest = 1 - beta,
/// decay = 1 - lr·weight_decay, root = 1/sqrt(1 - beta2^t), rate = lr/(1 - beta1^t).
extern "C" __global__ void adam_w(
        float* __restrict__ w, const float* __restrict__ g, float* __restrict__ m, float* __restrict__ v,
        bf16* __restrict__ copy_or_null, long long n, float gradient_scale, float beta1, float beta2, float rest1,
        float rest2, float decay, float root, float eps, float rate) {
    constexpr int N = 4;
    bool vector = aligned(w) && aligned(g) && aligned(m) && aligned(v) && aligned(copy_or_null);
    for (Walk<N> at(1, n); at.inside(); at.next()) {
        long long i = at.col();
        float weight[N], gradient[N], first[N], second[N];
        load(w + i, at.count(), vector, weight);
        load(g + i, at.count(), vector, gradient);
        load(m + i, at.count(), vector, first);
        load(v + i, at.count(), vector, second);
#pragma unroll
        for (int k = 0; k < N; k++) {
            float scaled = gradient[k] * gradient_scale;
            first[k] = first[k] * beta1 + scaled * rest1;
            second[k] = second[k] * beta2 + scaled * scaled * rest2;
            weight[k] = weight[k] * decay - rate * (first[k] / (sqrtf(second[k]) * root + eps));
        }
        store(m + i, at.count(), vector, first);
        store(v + i, at.count(), vector, second);
        store(w + i, at.count(), vector, weight);
        if (copy_or_null != nullptr) {
            store(copy_or_null + i, at.count(), vector, weight);
        }
    }
}
