// Planted defects: what the checked mode must find, and find nothing else. DefectsTest reads the comments:
//   reports   what the report of a checked run begins with, | between what the order of threads decides
//   fast      the same of a run that is not checked, if that finds it at all
//   launch    grid, threads of a block, bytes of dynamic shared memory
// The report names a line that ends in "here". x holds n floats, y is not written yet and holds n; n = grid · threads.
#pragma once

#include "../../../kernels/common/mma.cuh"

/// The kernel `name`, and `name_repaired` that must not be complained of.
#define WITH_REPAIR(name) \
    extern "C" __global__ void name(const float* x, float* y, int n) { name##_body<false>(x, y, n); } \
    extern "C" __global__ void name##_repaired(const float* x, float* y, int n) { name##_body<true>(x, y, n); }

__device__ __forceinline__ int global_thread() { return (int)(blockIdx.x * blockDim.x + threadIdx.x); }
