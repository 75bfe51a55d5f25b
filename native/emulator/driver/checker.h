// The checker. Modules built with g++ -fsanitize=thread,alignment call the sanitizers' hooks at every access; the
// driver answers them itself. A shadow cell for each two bytes of device and shared memory holds the last write and
// the reads since, with the writer's clock: block, barriers and warp synchronisations passed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cuemu::checker {

struct Mark {
    uint64_t set : 1;
    uint64_t host : 1;     // written by the host or a library: before every kernel that runs now
    uint64_t atomic : 1;
    uint64_t inFlight : 1; // a cp.async that nobody has waited for
    // Reads by more than the thread of the mark, in the same stretch between barriers:
    uint64_t lanes : 1;    // of its warp
    uint64_t warps : 1;    // of its block
    uint64_t blocks : 1;   // of the grid
    uint64_t thread : 10;
    uint64_t warpSyncs : 10;
    uint64_t barriers : 11;
    uint64_t fences : 2; // before it, since the last barrier; 3 for more
    uint64_t block : 24;
};

struct Cell {
    Mark write, read;
};

constexpr size_t CELL_BYTES = 2;

/// An access by the current fiber; complains, and where going on makes no sense ends the block.
void access(const void* address, size_t bytes, bool write, int alignment, bool atomic, const void* pc);

/// The same for an operation that must be aligned in either mode; unchecked, that is all that is checked.
void operation_access(const void* address, size_t bytes, bool write, int alignment, const void* pc);

/// A read of shared memory by the asynchronous proxy: what was written must have been fenced by who wrote it.
void operand_access(const void* address, size_t bytes, const void* pc);

/// A cp.async into shared memory was issued, or has been waited for by its thread.
void copy_issued(void* to, size_t bytes);
void copy_done(void* to, size_t bytes);

/// Device memory written by the host or a library.
void host_wrote(const void* address, size_t bytes);
/// Whether all of a range has been written.
bool is_written(const void* address, size_t bytes);
/// Device memory that is freed.
void forget(const void* pages, size_t bytes);

/// Blocks are numbered in the order they run; those of a launch are not ordered among each other.
void begin_launch();
uint32_t number_block();

}
