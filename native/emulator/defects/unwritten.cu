#include "defect.cuh"

// reports: uninitialised read
// launch: 1, 128, 0
template <bool REPAIRED>
__device__ void shared_not_written_body(const float* x, float* y, int) {
    __shared__ float s[128];
    if (REPAIRED || threadIdx.x < 100) {
        s[threadIdx.x] = x[threadIdx.x];
    }
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x]; // here
}
WITH_REPAIR(shared_not_written)

// What an earlier block left in shared memory is nobody's.
// reports: uninitialised read
// launch: 4, 32, 0
template <bool REPAIRED>
__device__ void shared_of_earlier_block_body(const float* x, float* y, int) {
    __shared__ float s[32];
    if (REPAIRED || blockIdx.x == 2) {
        s[threadIdx.x] = x[global_thread()];
    }
    __syncthreads();
    y[global_thread()] = s[threadIdx.x]; // here
}
WITH_REPAIR(shared_of_earlier_block)

// += where nothing was set to zero.
// reports: uninitialised read
// launch: 2, 64, 0
template <bool REPAIRED>
__device__ void added_to_nothing_body(const float* x, float* y, int) {
    int i = global_thread();
    if (REPAIRED) {
        y[i] = x[i];
    } else {
        y[i] += x[i]; // here
    }
}
WITH_REPAIR(added_to_nothing)

// A copy under way is not there yet.
// reports: read while a cp.async is in flight
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void copy_not_waited_for_body(const float* x, float* y, int) {
    __shared__ __align__(16) float s[128];
    cp_async_16(shared_address(&s[threadIdx.x * 4]), x + threadIdx.x / 4 * 4, 16);
    cp_async_commit();
    if (REPAIRED) {
        cp_async_wait(0);
    }
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x]; // here
}
WITH_REPAIR(copy_not_waited_for)

// Of two stages the newer one is read, while only the older one was waited for.
// reports: read while a cp.async is in flight
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void wrong_stage_body(const float* x, float* y, int) {
    __shared__ __align__(16) float s[2][32];
    for (int stage = 0; stage < 2; stage++) {
        cp_async_4(shared_address(&s[stage][threadIdx.x]), x + threadIdx.x, 4);
        cp_async_commit();
    }
    cp_async_wait(1);
    __syncthreads();
    y[threadIdx.x] = s[REPAIRED ? 0 : 1][threadIdx.x]; // here
}
WITH_REPAIR(wrong_stage)

// Waiting for one's own copies says nothing of the other threads'.
// reports: race (read after write) | read while a cp.async
// launch: 1, 64, 0
template <bool REPAIRED>
__device__ void copy_of_another_thread_body(const float* x, float* y, int) {
    __shared__ __align__(16) float s[64];
    s[threadIdx.x] = 0;
    __syncthreads();
    cp_async_4(shared_address(&s[threadIdx.x]), x + threadIdx.x, 4); // here
    cp_async_commit();
    cp_async_wait(0);
    if (REPAIRED) {
        __syncthreads();
    }
    y[threadIdx.x] = s[63 - threadIdx.x]; // here
}
WITH_REPAIR(copy_of_another_thread)

// The next tile is fetched over the one that other threads still read.
// reports: race ( | read while a cp.async
// launch: 1, 64, 0
template <bool REPAIRED>
__device__ void copy_over_what_is_read_body(const float* x, float* y, int) {
    __shared__ __align__(16) float s[64];
    float sum = 0;
    for (int tile = 0; tile < 2; tile++) {
        cp_async_4(shared_address(&s[threadIdx.x]), x + threadIdx.x, 4); // here
        cp_async_commit();
        cp_async_wait(0);
        __syncthreads();
        sum += s[63 - threadIdx.x]; // here
        if (REPAIRED) {
            __syncthreads();
        }
    }
    y[threadIdx.x] = sum;
}
WITH_REPAIR(copy_over_what_is_read)

// One row of a matrix was not written.
// reports: uninitialised read
// launch: 1, 32, 0
template <bool REPAIRED>
__device__ void matrix_row_not_written_body(const float* x, float* y, int) {
    __shared__ __align__(16) float s[32 * 4];
    for (int i = 0; i < 4 && (REPAIRED || threadIdx.x != 21); i++) {
        s[threadIdx.x * 4 + i] = x[threadIdx.x];
    }
    __syncwarp();
    uint32_t r[4];
    ldmatrix_x4(r, shared_address(&s[threadIdx.x * 4])); // here
    y[threadIdx.x] = __uint_as_float(r[0] ^ r[1] ^ r[2] ^ r[3]);
}
WITH_REPAIR(matrix_row_not_written)

// reports: misaligned access
// fast: misaligned access
// launch: 1, 16, 0
template <bool REPAIRED>
__device__ void misaligned_copy_body(const float* x, float* y, int) {
    __shared__ __align__(16) float s[64];
    cp_async_16(shared_address(&s[threadIdx.x * 4]), x + (REPAIRED ? 4 : 2), 16); // here
    cp_async_commit();
    cp_async_wait(0);
    y[threadIdx.x] = s[threadIdx.x * 4];
}
WITH_REPAIR(misaligned_copy)
