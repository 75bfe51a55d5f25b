// What kernels did, by name: for tests that compare a kernel's README with what it does.
#pragma once

#include <cstdint>

namespace cuemu {

struct Counts {
    uint64_t launches;
    // Device memory, in checked mode only. Bytes of every access, and bytes by launch that were touched at all.
    uint64_t readBytes, writtenBytes, uniqueReadBytes, uniqueWrittenBytes;
    uint64_t mma; // warp-wide m16n8k16: 4096 FLOPs each

    void add(const Counts& other);
};

void count(const char* kernel, const Counts& counts);

}
