#include "counters.h"

#include "report.h"

#include <map>
#include <string>

namespace cuemu {

static std::map<std::string, Counts> byKernel;

void Counts::add(const Counts& other) {
    launches += other.launches;
    readBytes += other.readBytes;
    writtenBytes += other.writtenBytes;
    uniqueReadBytes += other.uniqueReadBytes;
    uniqueWrittenBytes += other.uniqueWrittenBytes;
    mma += other.mma;
}

void count(const char* kernel, const Counts& counts) {
    byKernel[kernel].add(counts);
}

}

/// {"kernel": {"launches": 1, "read_bytes": …, "written_bytes": …, "unique_read_bytes": …, "unique_written_bytes": …,
/// "mma": …}, …}; bytes are counted in checked mode only. Valid until the next call.
CUEMU_EXPORT const char* cuemu_counters() {
    static std::string json;
    std::lock_guard lock(cuemu::driverLock);
    json = "{";
    for (const auto& [name, c] : cuemu::byKernel) {
        json += (json.size() > 1 ? ", \"" : "\"") + name + "\": {\"launches\": " + std::to_string(c.launches)
                + ", \"read_bytes\": " + std::to_string(c.readBytes)
                + ", \"written_bytes\": " + std::to_string(c.writtenBytes)
                + ", \"unique_read_bytes\": " + std::to_string(c.uniqueReadBytes)
                + ", \"unique_written_bytes\": " + std::to_string(c.uniqueWrittenBytes)
                + ", \"mma\": " + std::to_string(c.mma) + "}";
    }
    json += "}";
    return json.c_str();
}

CUEMU_EXPORT void cuemu_reset_counters() {
    std::lock_guard lock(cuemu::driverLock);
    cuemu::byKernel.clear();
}
