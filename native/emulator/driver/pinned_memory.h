// Host memory that the device copies from and to by itself, later: what is not pinned it copies before a call returns.
#pragma once

#include <cstddef>

namespace cuemu::pinned_memory {

void* allocate(size_t bytes);
/// False unless the pointer was returned by allocate.
bool release(void* start);
/// Host memory of the program that it declares pinned, or takes back.
void add(void* start, size_t bytes);
bool remove(void* start);

bool contains(const void* address, size_t bytes);
size_t live_bytes();

}
