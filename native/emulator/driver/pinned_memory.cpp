#include "pinned_memory.h"

#include "device_memory.h"
#include "settings.h"

#include <cstdlib>
#include <iterator>
#include <map>

namespace cuemu::pinned_memory {

static std::map<const char*, size_t> ranges;

void* allocate(size_t bytes) {
    if (live_bytes() + bytes > settings.pinnedMegabytes << 20) {
        return nullptr;
    }
    void* start = aligned_alloc(device_memory::PAGE, (bytes + device_memory::PAGE - 1) & ~(device_memory::PAGE - 1));
    if (start) {
        add(start, bytes);
    }
    return start;
}

bool release(void* start) {
    if (!remove(start)) {
        return false;
    }
    free(start);
    return true;
}

void add(void* start, size_t bytes) { ranges[(const char*)start] = bytes; }
bool remove(void* start) { return ranges.erase((const char*)start) > 0; }

bool contains(const void* address, size_t bytes) {
    auto behind = ranges.upper_bound((const char*)address);
    if (behind == ranges.begin()) {
        return false;
    }
    auto [start, length] = *std::prev(behind);
    return (const char*)address + bytes <= start + length;
}

size_t live_bytes() {
    size_t sum = 0;
    for (auto& [start, bytes] : ranges) {
        sum += bytes;
    }
    return sum;
}

}
