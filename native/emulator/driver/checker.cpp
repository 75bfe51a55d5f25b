#include "checker.h"

#include "device_memory.h"
#include "fibers.h"
#include "modules.h"
#include "settings.h"

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sys/mman.h>
#include <utility>

namespace cuemu::checker {

namespace {

constexpr uint32_t BLOCK_NUMBERS = 1 << 24;
constexpr uint32_t BARRIER_NUMBERS = 1 << 11;

uint32_t nextBlock = 1;
uint32_t firstOfLaunch;

/// Cells of device memory; addresses without an allocation cost nothing.
Cell* device_cells() {
    static Cell* const cells = (Cell*)mmap(nullptr, device_memory::ADDRESSES / CELL_BYTES * sizeof(Cell),
            PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (cells == MAP_FAILED) {
        perror("cuemu: cannot reserve addresses for the checker");
        abort();
    }
    return cells;
}

struct Span {
    Cell *begin, *end;
};

/// The cells of `bytes` bytes that begin `offset` bytes behind the memory of the first cell.
Span span(Cell* cells, size_t offset, size_t bytes) {
    return {cells + offset / CELL_BYTES, cells + (offset + bytes + CELL_BYTES - 1) / CELL_BYTES};
}

Mark mark(const cuemu_Fiber* fiber) {
    Mark m{};
    m.set = true;
    m.thread = fiber->linear;
    m.warpSyncs = fiber->warpSyncs;
    m.barriers = fiber->barriers;
    m.fences = fiber->fences < 3 ? fiber->fences : 3;
    m.block = fiber->block->number;
    return m;
}

bool in_this_launch(const Mark& m) {
    return !m.host && (m.block - firstOfLaunch) % BLOCK_NUMBERS < BLOCK_NUMBERS / 2;
}

/// Whether what `earlier` tells of is over for the thread that `now` tells of: an earlier kernel, or a barrier or
/// __syncwarp of the two in between. Shuffles order no memory.
bool ordered(const Mark& earlier, const Mark& now) {
    if (!in_this_launch(earlier)) {
        return true;
    }
    if (earlier.block != now.block || earlier.blocks) {
        return false;
    }
    if (earlier.barriers != now.barriers) {
        return true;
    }
    if (earlier.warps) {
        return false;
    }
    if (earlier.thread == now.thread && !earlier.lanes) {
        return true;
    }
    return earlier.thread / WARP == now.thread / WARP && earlier.warpSyncs != now.warpSyncs;
}

/// The reads of a cell after one more.
Mark joined(const Mark& earlier, Mark now) {
    if (!earlier.set || !in_this_launch(earlier)) {
        return now;
    }
    now.blocks = earlier.blocks || earlier.block != now.block;
    if (earlier.block == now.block && earlier.barriers == now.barriers) {
        bool sameWarp = earlier.thread / WARP == now.thread / WARP;
        now.warps = earlier.warps || !sameWarp;
        // What the lanes of this warp read before its last __syncwarp is over for all of them.
        now.lanes = earlier.warpSyncs == now.warpSyncs && (earlier.lanes || earlier.thread != now.thread);
    }
    return now;
}

using Complaint = std::pair<const void*, const void*>; // what is wrong (a literal), where in the code
std::mutex seenLock;
std::set<Complaint> seen;

/// Once for each place in the code.
void complain(Result error, const char* what, const void* address, size_t bytes, const char* memory, int other,
        const void* pc) {
    {
        std::lock_guard lock(seenLock);
        if (sticky() == SUCCESS) {
            seen.clear();
        }
        if (!seen.insert({what, pc}).second) {
            return;
        }
    }
    char against[32] = "";
    if (other >= 0) {
        snprintf(against, sizeof against, " against thread %d", other);
    }
    report(error, pc, "%s: %zu bytes of %s at %p, %s%s", what, bytes, memory, address, Where().text, against);
}

struct Access {
    const void* address;
    size_t bytes;
    bool write, atomic;
    const void* pc;
};

/// Checks an access against its cells and notes it. Shared memory begins unwritten in each block.
void check(Span cells, const Access& a, bool shared, const char* memory) {
    Mark now = mark(cuemu_current);
    now.atomic = a.atomic;
    // A cell is shared by two neighbours of one byte each: between those no race can be told.
    bool races = a.bytes >= CELL_BYTES;
    for (Cell* cell = cells.begin; cell < cells.end; cell++) {
        const Mark& write = cell->write;
        const Mark& read = cell->read;
        bool written = write.set && (!shared || write.block == now.block);
        auto wrong = [&](const char* what, const Mark& other) {
            complain(LAUNCH_FAILED, what, a.address, a.bytes, memory, other.set ? (int)other.thread : -1, a.pc);
        };
        if (written && write.inFlight) {
            return wrong(a.write ? "write while a cp.async is in flight" : "read while a cp.async is in flight", write);
        }
        if (!written && !a.write) {
            return wrong("uninitialised read", Mark{});
        }
        if (written && races && !(write.atomic && a.atomic) && !ordered(write, now)) {
            return wrong(a.write ? "race (write after write)" : "race (read after write)", write);
        }
        if (a.write) {
            bool readHere = read.set && (!shared || read.block == now.block);
            if (readHere && races && !ordered(read, now)) {
                return wrong("race (write after read)", read);
            }
            cell->write = now;
            cell->read = Mark{};
        } else {
            cell->read = joined(read, now);
        }
    }
}

void count_device(Span cells, const Access& a) {
    Counts& counts = thisWorker->counts;
    uint64_t fresh = 0;
    for (Cell* cell = cells.begin; cell < cells.end; cell++) {
        const Mark& last = a.write ? cell->write : cell->read;
        fresh += !last.set || !in_this_launch(last);
    }
    uint64_t unique = fresh * CELL_BYTES < a.bytes ? fresh * CELL_BYTES : a.bytes;
    if (a.write) {
        counts.writtenBytes += a.bytes;
        counts.uniqueWrittenBytes += unique;
    } else {
        counts.readBytes += a.bytes;
        counts.uniqueReadBytes += unique;
    }
}

/// Cells of a range of shared memory of the current block.
Span shared_cells(const void* address, size_t bytes) {
    Worker* w = thisWorker;
    size_t offset = (size_t)((const char*)address - w->arena);
    if (offset < ARENA_BYTES) {
        return span(w->arenaCells, offset, bytes);
    }
    offset = (size_t)((const char*)address - w->staticShared);
    return offset < w->staticBytes ? span(w->staticCells, offset, bytes) : Span{};
}

}

void access(const void* address, size_t bytes, bool write, int alignment, bool atomic, const void* pc) {
    cuemu_Fiber* fiber = cuemu_current;
    if (!settings.checked || !fiber || bytes == 0) {
        return;
    }
    Worker* w = fiber->block->worker;
    auto p = (const char*)address;
    Access a{address, bytes, write, atomic, pc};
    const char* outside = write ? "out-of-bounds write" : "out-of-bounds read";
    if (alignment > 1 && (uintptr_t)p % (unsigned)alignment != 0) {
        complain(MISALIGNED_ADDRESS, "misaligned access", p, bytes, "memory", -1, pc);
        fail_block();
    }
    if (p >= fiber->stackLow && p < fiber->stackHigh) {
        if (is_register_of_product(p, bytes, write)) {
            complain(LAUNCH_FAILED, write ? "write to a register of a wgmma under way" : "read of a register of a wgmma "
                    "under way", p, bytes, "registers", -1, pc);
        }
        return;
    }
    // threadIdx and its like.
    if ((size_t)(p - (const char*)w->fibers) < MAX_THREADS * sizeof(cuemu_Fiber) || p == (const char*)&cuemu_current) {
        return;
    }
    if ((size_t)(p - w->arena) < ARENA_BYTES + device_memory::PAGE) { // and the page behind, which faults
        if (p < w->dynamicShared || p + bytes > w->dynamicShared + w->launch->dynamicShared) {
            complain(ILLEGAL_ADDRESS, outside, p, bytes, "dynamic shared memory", -1, pc);
            fail_block();
        }
        return check(shared_cells(p, bytes), a, true, "dynamic shared memory");
    }
    if ((size_t)(p - w->staticShared) < w->staticBytes) {
        return check(shared_cells(p, bytes), a, true, "static shared memory");
    }
    if (device_memory::contains(p)) {
        if (!device_memory::is_allocated(p, bytes)) {
            char memory[128] = "device memory where nothing is allocated";
            if (auto allocation = device_memory::find(p)) {
                snprintf(memory, sizeof memory, "%sdevice memory (allocation of %zu bytes, offset %td)",
                        allocation->live ? "" : "freed ", allocation->bytes, p - allocation->start);
            }
            complain(ILLEGAL_ADDRESS, outside, p, bytes, memory, -1, pc);
            fail_block();
        }
        Span cells = span(device_cells(), device_memory::offset(p), bytes);
        count_device(cells, a);
        return check(cells, a, false, "device memory");
    }
    if (in_module(p)) { // __constant__, __device__ and literals
        return;
    }
    if (w->on_stacks(p)) {
        complain(ILLEGAL_ADDRESS, "access to another thread's local memory", p, bytes, "stack", -1, pc);
    } else {
        complain(ILLEGAL_ADDRESS, write ? "write to a host address" : "read of a host address", p, bytes, "host memory",
                -1, pc);
    }
    fail_block();
}

void operation_access(const void* address, size_t bytes, bool write, int alignment, const void* pc) {
    if (settings.checked) {
        access(address, bytes, write, alignment, false, pc);
    } else if ((uintptr_t)address % (unsigned)alignment != 0) {
        report(MISALIGNED_ADDRESS, pc, "misaligned access: %zu bytes at %p, %s", bytes, address, Where().text);
        fail_block();
    }
}

/// Whether a fence of the writer stands between a write and the barrier before what the current fiber does.
static bool fenced(const Mark& write) {
    const cuemu_Fiber* reader = cuemu_current;
    const cuemu_Fiber* writer = reader->block->worker->fibers + write.thread;
    auto stands = [&](const cuemu_Fence& fence) {
        uint32_t barriers = (fence.barriers - (uint32_t)write.barriers) % BARRIER_NUMBERS;
        bool after = barriers == 0 ? fence.count > write.fences : barriers < BARRIER_NUMBERS / 2;
        return fence.count && after && (writer == reader || fence.barriers != reader->barriers);
    };
    return stands(writer->lastFence) || stands(writer->earlierFence);
}

void operand_access(const void* address, size_t bytes, const void* pc) {
    access(address, bytes, false, (int)bytes, false, pc);
    Span cells = shared_cells(address, bytes);
    for (Cell* cell = cells.begin; cell < cells.end; cell++) {
        const Mark& write = cell->write;
        if (write.set && write.block == cuemu_current->block->number && !fenced(write)) {
            return complain(LAUNCH_FAILED, "wgmma of what no fence.proxy.async passed on", address, bytes,
                    "shared memory", (int)write.thread, pc);
        }
    }
}

void copy_issued(void* to, size_t bytes) {
    Span cells = shared_cells(to, bytes);
    for (Cell* cell = cells.begin; cell < cells.end; cell++) {
        cell->write.inFlight = true;
    }
}

void copy_done(void* to, size_t bytes) {
    Span cells = shared_cells(to, bytes);
    for (Cell* cell = cells.begin; cell < cells.end; cell++) {
        cell->write = mark(cuemu_current);
    }
}

void host_wrote(const void* address, size_t bytes) {
    if (!settings.checked || !device_memory::contains(address)) {
        return;
    }
    Mark host{};
    host.set = host.host = true;
    Span cells = span(device_cells(), device_memory::offset(address), bytes);
    for (Cell* cell = cells.begin; cell < cells.end; cell++) {
        *cell = {host, Mark{}};
    }
}

bool is_written(const void* address, size_t bytes) {
    if (!settings.checked || !device_memory::contains(address)) {
        return true;
    }
    Span cells = span(device_cells(), device_memory::offset(address), bytes);
    for (Cell* cell = cells.begin; cell < cells.end; cell++) {
        if (!cell->write.set) {
            return false;
        }
    }
    return true;
}

void forget(const void* pages, size_t bytes) {
    if (settings.checked) {
        Span cells = span(device_cells(), device_memory::offset(pages), bytes);
        madvise(cells.begin, (size_t)((char*)cells.end - (char*)cells.begin), MADV_DONTNEED);
    }
}

void begin_launch() {
    firstOfLaunch = nextBlock;
}

uint32_t number_block() {
    uint32_t number = nextBlock;
    nextBlock = (nextBlock + 1) % BLOCK_NUMBERS;
    return number;
}

}
