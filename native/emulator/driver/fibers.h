// Blocks: fibers, their schedule, barriers and warp operations.
#pragma once

#include "../shim/abi.h"
#include "checker.h"
#include "counters.h"
#include "report.h"

#include <csetjmp>

namespace cuemu {

constexpr unsigned WARP = 32;
constexpr unsigned MAX_THREADS = 1024;
constexpr unsigned MAX_WARPS = MAX_THREADS / WARP;
constexpr unsigned BARRIERS = 16;

struct Kernel;

struct Launch {
    const Kernel* kernel;
    cuemu_uint3 grid, block;
    size_t dynamicShared;
    void** parameters;
};

/// A random order of n <= 32 places, and its inverse.
struct Order {
    uint8_t at[WARP], placeOf[WARP];
    void shuffle(unsigned n, uint64_t& random);
};

struct Warp {
    uint32_t present, alive; // by lane
    uint32_t runnable;       // by place in the order of lanes
    // At a warp operation, by lane:
    uint32_t waiting;
    cuemu_WarpOperation operation[WARP];
    void* argument[WARP];
    uint32_t mask[WARP];
    int line[WARP];
};

struct Barrier {
    unsigned arrived;
    int line;
};

struct Worker;

}

struct cuemu_Block {
    cuemu::Worker* worker;
    unsigned threads, warps, alive;
    uint32_t runnableWarps; // by place in the order of warps
    cuemu::Order laneOrder, warpOrder;
    cuemu::Warp warp[cuemu::MAX_WARPS];
    cuemu::Barrier barrier[cuemu::BARRIERS];
    uint8_t waitsAt[cuemu::MAX_THREADS]; // 1 + the barrier that a thread waits at
    int reducing[3], reduced[3];         // by cuemu_Reduction
    uint32_t number;                     // the checker's
    bool failed;
};

namespace cuemu {

/// A thread of the host that runs blocks, and the memory that a block needs.
struct Worker {
    cuemu_Block block;
    cuemu_Fiber* fibers;
    char* stacks;
    void* stackPointer; // its own, while fibers run
    const Launch* launch;
    bool inKernel;
    sigjmp_buf escape; // out of a fault in a kernel
    Counts counts;

    // Dynamic shared memory ends where its pages end, so that the first byte behind it faults.
    char *arena, *arenaEnd;
    char* dynamicShared;
    checker::Cell* arenaCells;
    // Static shared memory is this thread's copy of the module's thread-local variables.
    char* staticShared;
    size_t staticBytes;
    checker::Cell* staticCells;

    void prepare();
    void begin_copies();
    void begin_products();
    void enter_module(const Kernel& kernel);
    /// False if the block failed.
    bool run(const Launch& launch, uint64_t index);
    bool on_stacks(const void* address) const;
};

constexpr size_t STACK_BYTES = 64 << 10;
constexpr size_t ARENA_BYTES = 240 << 10;

/// The worker of this thread; null for any other thread.
extern thread_local Worker* thisWorker;

/// Complains if the current fiber ends before its products.
void end_products();
/// Whether a register of the current fiber, which lies on its stack, may not be read or written: its product is under way.
bool is_register_of_product(const void* address, size_t bytes, bool write);

/// Ends the current block: its fibers never run again.
void fail_block();

/// "kernel k block (0,0,0) thread 5", of the current fiber.
struct Where {
    char text[256];
    Where();
};

}
