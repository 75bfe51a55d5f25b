#include "fibers.h"

#include "modules.h"
#include "settings.h"

#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

extern "C" {
__thread cuemu_Fiber* cuemu_current;

/// Saves this stack's pointer and goes on where another one was left. System V x86-64: what a call must keep is on the
/// stacks.
void cuemu_switch(void** save, void* to);
}

asm(R"(
.text
.globl cuemu_switch
.type cuemu_switch,@function
cuemu_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");

namespace cuemu {

namespace {

constexpr int SAVED_REGISTERS = 6;

void resume(cuemu_Fiber* from, cuemu_Fiber* to) {
    cuemu_current = to;
    cuemu_switch(&from->stackPointer, to->stackPointer);
}

void leave_block(cuemu_Fiber* from) {
    cuemu_switch(&from->stackPointer, from->block->worker->stackPointer);
}

/// The first set bit behind a place, going round.
unsigned next_place(uint32_t set, unsigned place) {
    uint32_t behind = place < 31 ? set >> (place + 1) << (place + 1) : 0;
    return (unsigned)__builtin_ctz(behind ? behind : set);
}

void make_runnable(cuemu_Block* block, unsigned warp, uint32_t lanes) {
    uint32_t places = lanes == ~0u ? lanes : 0;
    for (uint32_t left = lanes; left && places != ~0u; left &= left - 1) {
        places |= 1u << block->laneOrder.placeOf[__builtin_ctz(left)];
    }
    block->warp[warp].runnable |= places;
    if (places) {
        block->runnableWarps |= 1u << block->warpOrder.placeOf[warp];
    }
}

void make_waiting(cuemu_Fiber* fiber) {
    fiber->block->warp[fiber->warp].runnable &= ~(1u << fiber->block->laneOrder.placeOf[fiber->lane]);
}

/// What every thread waits for, when none can run.
void report_deadlock(cuemu_Block* block) {
    constexpr int SHOWN = 8;
    std::string waiting;
    int shown = 0;
    for (unsigned t = 0; t < block->threads && shown < SHOWN; t++) {
        const Warp& warp = block->warp[t / WARP];
        unsigned lane = t % WARP;
        char text[96] = "";
        if (!(warp.alive >> lane & 1)) {
            continue;
        }
        if (block->waitsAt[t]) {
            snprintf(text, sizeof text, ", thread %u at the barrier of line %d", t,
                    block->barrier[block->waitsAt[t] - 1].line);
        } else {
            snprintf(text, sizeof text, ", thread %u at the warp operation of line %d (mask %08x)", t, warp.line[lane],
                    warp.mask[lane]);
        }
        waiting += text;
        shown++;
    }
    report(LAUNCH_FAILED, nullptr, "deadlock: %s: %u of %u threads have exited, the others wait%s", Where().text,
            block->threads - block->alive, block->threads, waiting.c_str());
}

/// The current fiber cannot go on: another lane of its warp does, or of another warp.
void reschedule(cuemu_Fiber* fiber) {
    cuemu_Block* block = fiber->block;
    cuemu_Fiber* fibers = block->worker->fibers;
    Warp& own = block->warp[fiber->warp];
    if (own.runnable) {
        unsigned place = next_place(own.runnable, block->laneOrder.placeOf[fiber->lane]);
        return resume(fiber, &fibers[fiber->warp * WARP + block->laneOrder.at[place]]);
    }
    unsigned ownPlace = block->warpOrder.placeOf[fiber->warp];
    block->runnableWarps &= ~(1u << ownPlace);
    if (block->runnableWarps) {
        unsigned warp = block->warpOrder.at[next_place(block->runnableWarps, ownPlace)];
        unsigned lane = block->laneOrder.at[__builtin_ctz(block->warp[warp].runnable)];
        return resume(fiber, &fibers[warp * WARP + lane]);
    }
    if (block->alive) {
        report_deadlock(block);
        block->failed = true;
    }
    leave_block(fiber);
}

void open_barrier(cuemu_Block* block, unsigned id) {
    if (id == 0) {
        memcpy(block->reduced, block->reducing, sizeof block->reduced);
        block->reducing[CUEMU_OR] = block->reducing[CUEMU_COUNT] = 0;
        block->reducing[CUEMU_AND] = 1;
    }
    for (unsigned warp = 0; warp < block->warps; warp++) {
        uint32_t lanes = 0;
        for (uint32_t left = block->warp[warp].present; left; left &= left - 1) {
            unsigned lane = (unsigned)__builtin_ctz(left);
            unsigned thread = warp * WARP + lane;
            if (block->waitsAt[thread] == id + 1) {
                block->waitsAt[thread] = 0;
                lanes |= 1u << lane;
                block->worker->fibers[thread].barriers++;
                block->worker->fibers[thread].warpSyncs = 0;
                block->worker->fibers[thread].fences = 0;
            }
        }
        make_runnable(block, warp, lanes);
    }
    block->barrier[id] = {};
}

/// Where a fiber begins and ends.
void fiber_main() {
    cuemu_Block* block = cuemu_current->block;
    block->worker->launch->kernel->trampoline(block->worker->launch->parameters);
    end_products();
    cuemu_Fiber* fiber = cuemu_current;
    block->warp[fiber->warp].alive &= ~(1u << fiber->lane);
    make_waiting(fiber);
    block->alive--;
    // The hardware counts a thread that has exited as one that has arrived.
    Barrier& barrier = block->barrier[0];
    if (block->alive && barrier.arrived == block->alive) {
        if (settings.checked) {
            report(LAUNCH_FAILED, nullptr, "divergent barrier: %s exits while others wait at line %d", Where().text,
                    barrier.line);
            fail_block();
        }
        open_barrier(block, 0);
    }
    reschedule(fiber);
    __builtin_unreachable();
}

uint64_t next_random(uint64_t& state) { // xorshift64
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

uint32_t first_lanes(unsigned n) {
    return n >= WARP ? ~0u : (1u << n) - 1;
}

cuemu_uint3 position(uint64_t index, cuemu_uint3 size) {
    return {(unsigned)(index % size.x), (unsigned)(index / size.x % size.y), (unsigned)(index / size.x / size.y)};
}

void start_fiber(cuemu_Fiber& fiber) {
    // Stacks begin at different places of a page, or all their first lines would share a few sets of the cache.
    uintptr_t top = (uintptr_t)fiber.stackHigh - 64 - fiber.linear * 192 % 4096;
    void** stack = (void**)(top & ~(uintptr_t)63);
    *--stack = nullptr; // no caller
    *--stack = (void*)&fiber_main;
    for (int i = 0; i < SAVED_REGISTERS; i++) {
        *--stack = nullptr;
    }
    fiber.stackPointer = stack;
}

}

void Order::shuffle(unsigned n, uint64_t& random) {
    for (unsigned i = 0; i < WARP; i++) {
        at[i] = (uint8_t)i;
    }
    for (unsigned i = n; i-- > 1;) {
        std::swap(at[i], at[next_random(random) % (i + 1)]);
    }
    for (unsigned i = 0; i < WARP; i++) {
        placeOf[at[i]] = (uint8_t)i;
    }
}

Where::Where() {
    const cuemu_Fiber* f = cuemu_current;
    snprintf(text, sizeof text, "kernel %s block (%u,%u,%u) thread %u", f->block->worker->launch->kernel->name.c_str(),
            f->blockIndex.x, f->blockIndex.y, f->blockIndex.z, f->linear);
}

void fail_block() {
    cuemu_current->block->failed = true;
    leave_block(cuemu_current);
}

bool Worker::run(const Launch& l, uint64_t index) {
    unsigned threads = l.block.x * l.block.y * l.block.z;
    launch = &l;
    block.worker = this;
    block.threads = block.alive = threads;
    block.warps = (threads + WARP - 1) / WARP;
    block.failed = false;
    block.number = settings.checked ? checker::number_block() : 0;
    memset(block.barrier, 0, sizeof block.barrier);
    memset(block.waitsAt, 0, threads);
    block.reducing[CUEMU_OR] = block.reducing[CUEMU_COUNT] = 0;
    block.reducing[CUEMU_AND] = 1;

    uint64_t random = settings.seed * 0x9E3779B97F4A7C15ull ^ (index + 1) * 0xD1B54A32D192ED03ull;
    next_random(random);
    block.laneOrder.shuffle(WARP, random);
    block.warpOrder.shuffle(block.warps, random);
    block.runnableWarps = 0;
    for (unsigned w = 0; w < block.warps; w++) {
        Warp& warp = block.warp[w];
        warp.present = warp.alive = first_lanes(threads - w * WARP);
        warp.waiting = warp.runnable = 0;
        make_runnable(&block, w, warp.present);
    }
    cuemu_uint3 blockIndex = position(index, l.grid);
    for (unsigned t = 0; t < threads; t++) {
        cuemu_Fiber& f = fibers[t];
        f.threadIndex = position(t, l.block);
        f.blockIndex = blockIndex;
        f.blockSize = l.block;
        f.gridSize = l.grid;
        f.linear = t;
        f.warp = t / WARP;
        f.lane = t % WARP;
        f.block = &block;
        f.barriers = f.warpSyncs = f.fences = 0;
        f.lastFence = f.earlierFence = {};
        f.stackLow = stacks + t * STACK_BYTES;
        f.stackHigh = f.stackLow + STACK_BYTES;
        start_fiber(f);
    }
    begin_copies();
    begin_products();
    dynamicShared = (char*)((uintptr_t)(arenaEnd - l.dynamicShared) & ~(uintptr_t)127);
    memset(dynamicShared, 0xff, (size_t)(arenaEnd - dynamicShared));
    if (staticBytes) {
        memset(staticShared, 0xff, staticBytes);
    }

    if (sigsetjmp(escape, 1) == 0) {
        inKernel = true;
        unsigned warp = block.warpOrder.at[0];
        cuemu_current = &fibers[warp * WARP + block.laneOrder.at[__builtin_ctz(block.warp[warp].runnable)]];
        cuemu_switch(&stackPointer, cuemu_current->stackPointer);
    } else {
        block.failed = true;
    }
    inKernel = false;
    for (char* p = dynamicShared + l.dynamicShared; p < arenaEnd && !block.failed; p++) {
        if ((unsigned char)*p != 0xff) {
            report(ILLEGAL_ADDRESS, nullptr, "out-of-bounds write: bytes behind the %zu of dynamic shared memory were "
                    "overwritten, %s", l.dynamicShared, Where().text);
            block.failed = true;
        }
    }
    cuemu_current = nullptr;
    return !block.failed;
}

}

using namespace cuemu;

extern "C" void cuemu_barrier(unsigned id, unsigned count, int line) {
    cuemu_Fiber* fiber = cuemu_current;
    cuemu_Block* block = fiber->block;
    Barrier& barrier = block->barrier[id];
    if (settings.checked && count == 0 && block->alive != block->threads) {
        report(LAUNCH_FAILED, nullptr, "divergent barrier: %s at line %d, after %u of %u threads have exited",
                Where().text, line, block->threads - block->alive, block->threads);
        fail_block();
    }
    if (id == 0 && barrier.arrived && barrier.line != line) {
        report(LAUNCH_FAILED, nullptr, "divergent barrier: %s waits at line %d, others at line %d", Where().text, line,
                barrier.line);
        fail_block();
    }
    barrier.line = line;
    barrier.arrived++;
    block->waitsAt[fiber->linear] = (uint8_t)(id + 1);
    make_waiting(fiber);
    if (barrier.arrived == (count ? count : block->alive)) {
        open_barrier(block, id);
    } else {
        reschedule(fiber);
    }
}

extern "C" int cuemu_barrier_reduce(int reduction, int predicate, int line) {
    cuemu_Block* block = cuemu_current->block;
    block->reducing[CUEMU_OR] |= predicate != 0;
    block->reducing[CUEMU_AND] &= predicate != 0;
    block->reducing[CUEMU_COUNT] += predicate != 0;
    cuemu_barrier(0, 0, line);
    return block->reduced[reduction];
}

extern "C" void cuemu_collective(cuemu_WarpOperation operation, uint32_t mask, void* argument, int line) {
    cuemu_Fiber* fiber = cuemu_current;
    Warp& warp = fiber->block->warp[fiber->warp];
    unsigned own = fiber->lane;
    if (!(mask >> own & 1)) {
        report(LAUNCH_FAILED, nullptr, "divergent warp operation: %s at line %d is not in its own mask %08x",
                Where().text, line, mask);
        fail_block();
    }
    warp.operation[own] = operation;
    warp.argument[own] = argument;
    warp.mask[own] = mask;
    warp.line[own] = line;
    warp.waiting |= 1u << own;
    if ((warp.waiting & mask) != mask) {
        make_waiting(fiber);
        return reschedule(fiber);
    }
    for (uint32_t left = mask; left; left &= left - 1) {
        int lane = __builtin_ctz(left);
        if (warp.mask[lane] != mask || warp.operation[lane] != operation) {
            report(LAUNCH_FAILED, nullptr, "divergent warp operation: %s at line %d (mask %08x), thread %u at line %d "
                    "(mask %08x)", Where().text, line, mask, fiber->warp * WARP + (unsigned)lane, warp.line[lane],
                    warp.mask[lane]);
            fail_block();
        }
    }
    if (operation) {
        operation(mask, warp.argument);
    } else { // __syncwarp
        for (uint32_t left = mask; left; left &= left - 1) {
            fiber->block->worker->fibers[fiber->warp * WARP + (unsigned)__builtin_ctz(left)].warpSyncs++;
        }
    }
    warp.waiting &= ~mask;
    make_runnable(fiber->block, fiber->warp, mask);
}

extern "C" void cuemu_syncwarp(uint32_t mask, int line) {
    cuemu_Fiber* fiber = cuemu_current;
    cuemu_collective(nullptr, mask & fiber->block->warp[fiber->warp].present, nullptr, line);
}

extern "C" uint32_t cuemu_active_lanes() {
    return cuemu_current->block->warp[cuemu_current->warp].alive;
}

extern "C" void cuemu_trap(const char* what) {
    report(LAUNCH_FAILED, nullptr, "%s: %s", what, Where().text);
    fail_block();
}

extern "C" void* cuemu_dynshared() {
    return cuemu_current->block->worker->dynamicShared;
}
