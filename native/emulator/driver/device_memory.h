// Device memory: one reserved range of addresses, so that any pointer can be told from the host's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cuemu::device_memory {

constexpr size_t PAGE = 4096;
constexpr size_t ADDRESSES = 64ull << 30;

/// A new allocation ends at a page that cannot be touched and is filled with 0xff: NaN, -1. Addresses are never used
/// twice. Null if the device has no room.
char* allocate(size_t bytes);

/// False unless the pointer is the start of a live allocation. Says so when bytes beside it were overwritten.
bool release(char* start);

struct Allocation {
    char* start;
    size_t bytes;
    bool live;
};
/// The allocation in whose pages an address lies, live or not; null for none.
const Allocation* find(const void* address);

/// Whether the address lies in the range kept for device memory.
bool contains(const void* address);
/// Bytes from the beginning of that range.
size_t offset(const void* address);

/// Whether a range lies inside one live allocation.
bool is_allocated(const void* address, size_t bytes);

size_t live_bytes();
size_t live_allocations();
size_t total_bytes();

/// Frees everything, as the end of a context does.
void release_all();

}
