// What a kernel's module, the emulated driver and the emulated cuBLAS know of each other.
#pragma once

#include <cstddef>
#include <cstdint>

struct cuemu_uint3 {
    unsigned x, y, z;
};

struct cuemu_Block;
struct cuemu_AsyncCopies;
struct cuemu_AsyncProducts;

/// A fence.proxy.async: between which barriers it was, and the how many-th there.
struct cuemu_Fence {
    uint32_t barriers, count;
};

/// One CUDA thread: a stack that is switched to and from. All of a block's fibers run on one thread of the host.
struct cuemu_Fiber {
    cuemu_uint3 threadIndex, blockIndex, blockSize, gridSize;
    unsigned linear, warp, lane;
    cuemu_Block* block;
    void* stackPointer; // while it does not run
    char *stackLow, *stackHigh;
    uint32_t barriers, warpSyncs, fences; // passed: the checker's clock. The latter two begin again at each barrier
    cuemu_Fence lastFence, earlierFence;  // between different barriers; count is 0 if there was none
    cuemu_AsyncCopies* copies;
    cuemu_AsyncProducts* products;
};

extern "C" {

/// The fiber that runs on this thread of the host.
extern __thread cuemu_Fiber* cuemu_current __attribute__((tls_model("initial-exec")));

/// Waits for `count` threads of the block at barrier `id`; 0 means all that have not exited.
void cuemu_barrier(unsigned id, unsigned count, int line);

/// __syncthreads_or, _and and _count.
enum cuemu_Reduction { CUEMU_OR, CUEMU_AND, CUEMU_COUNT };
int cuemu_barrier_reduce(int reduction, int predicate, int line);

/// Waits until every lane of the mask is here with the same operation; then the last one runs it for all.
/// arguments[lane] is what that lane brought.
typedef void (*cuemu_WarpOperation)(uint32_t mask, void** arguments);
void cuemu_collective(cuemu_WarpOperation operation, uint32_t mask, void* argument, int line);
void cuemu_syncwarp(uint32_t mask, int line);
/// The lanes of the current warp that have not exited.
uint32_t cuemu_active_lanes(void);

/// Tensor cores: mma.sync.m16n8k16.row.col.f32.bf16.bf16.f32 on the fragments of 32 lanes (cuemu::MmaFragments).
void cuemu_mma_m16n8k16_bf16(uint32_t mask, void** arguments);

/// The block's dynamic shared memory.
void* cuemu_dynshared(void);

/// cp.async of `bytes` (4, 8 or 16), of which the first `sourceBytes` are read and the rest is zero; its groups.
void cuemu_cp_async(void* to, const void* from, unsigned bytes, unsigned sourceBytes);
void cuemu_cp_async_commit(void);
/// Waits until at most `pending` groups are under way; -1 waits for everything, committed or not.
void cuemu_cp_async_wait(int pending);

/// A wgmma of one thread: `compute` makes it, when it is waited for.
struct cuemu_Product {
    void (*compute)(const cuemu_Product*);
    float* accumulators;
    unsigned count;
    const uint32_t* a; // four registers; null where descriptorA tells of it
    uint64_t descriptorA, descriptorB;
    int line;
    const void* pc;    // where it was issued: the driver's
};
void cuemu_product_fence(void);
void cuemu_product_issue(const cuemu_Product* product);
void cuemu_product_commit(void);
/// Waits until at most `pending` groups are under way.
void cuemu_product_wait(int pending);
/// In checked mode: an element of an operand is read, by the asynchronous proxy.
void cuemu_product_reads(const void* element, const cuemu_Product* product);
/// fence.proxy.async: what the thread wrote to shared memory is there for products behind the next barrier.
void cuemu_fence_async_shared(void);

/// Tells the checker of an access that its hooks in the code cannot see.
void cuemu_access(const void* address, size_t bytes, int write, int alignment);

float cuemu_atomic_add_f32(float* address, float value);
double cuemu_atomic_add_f64(double* address, double value);
enum cuemu_Atomic { CUEMU_ADD, CUEMU_MAX, CUEMU_MIN, CUEMU_EXCHANGE, CUEMU_COMPARE_AND_SWAP };
uint32_t cuemu_atomic_u32(int operation, uint32_t* address, uint32_t value, uint32_t compare);
uint64_t cuemu_atomic_u64(int operation, uint64_t* address, uint64_t value, uint64_t compare);

/// __trap.
void cuemu_trap(const char* what);

/// Called while a module is loaded, once a kernel: how to call it from cuLaunchKernel's array of pointers, and the
/// sizes of its parameters. maxThreads is 0 without __launch_bounds__; checked says whether its accesses call the
/// checker.
typedef void (*cuemu_Trampoline)(void** parameters);
void cuemu_register(
        const char* name, cuemu_Trampoline trampoline, int count, const uint16_t* sizes, unsigned maxThreads,
        int checked);

// For the emulated cuBLAS.

/// Queues a call on a stream, or adds it to the graph that captures it.
void cuemu_enqueue(void* stream, void (*function)(void*), void* argument, void (*release)(void*));
/// Whether a range lies inside one live allocation of device memory.
int cuemu_is_allocated(const void* address, size_t bytes);
/// In checked mode: complains unless the range was written before; notes that it is written now.
void cuemu_library_reads(const char* who, const void* address, size_t bytes);
void cuemu_library_writes(void* address, size_t bytes);
}
