#include "settings.h"

#include "device_memory.h"
#include "report.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace cuemu {

Settings settings;

static const char* const NAMES[] = {
    "CHECKED", "LAZY", "SEED", "THREADS", "DEVICES", "NAME", "CAPABILITY", "DRIVER", "MEMORY_MB", "FAIL_LAUNCH",
    "FAIL_CODE", "REPORTS",
};

Settings::Settings() : threads((int)std::clamp(std::thread::hardware_concurrency(), 1u, 8u)) {
    for (const char* name : NAMES) {
        const char* value = getenv((std::string("CUEMU_") + name).c_str());
        if (value && !set(name, value)) {
            fprintf(stderr, "cuemu: CUEMU_%s is no number: %s\n", name, value);
            abort();
        }
    }
}

bool Settings::set(const std::string& setting, const char* value) {
    if (setting == "NAME") {
        name = value;
        return true;
    }
    char* end;
    long n = strtol(value, &end, 0);
    if (end == value || *end || n < 0) {
        return false;
    }
    if (setting == "CHECKED") {
        if (device_memory::live_allocations() > 0) {
            return false;
        }
        checked = n != 0;
    } else if (setting == "LAZY") {
        lazy = n != 0;
    } else if (setting == "SEED") {
        seed = (uint64_t)n;
    } else if (setting == "THREADS") {
        threads = (int)std::max(n, 1L);
    } else if (setting == "DEVICES") {
        devices = (int)n;
    } else if (setting == "CAPABILITY") {
        capability = (int)n;
    } else if (setting == "DRIVER") {
        driver = (int)n;
    } else if (setting == "MEMORY_MB") {
        memoryMegabytes = (size_t)n;
    } else if (setting == "FAIL_LAUNCH") {
        failingLaunch = n;
    } else if (setting == "FAIL_CODE") {
        failureCode = (int)n;
    } else if (setting == "REPORTS") {
        reports = (int)n;
    } else {
        return false;
    }
    return true;
}

// CUDA C++ Programming Guide, "Technical Specifications per Compute Capability".
Limits limits() {
    switch (settings.capability) {
        case 75: return {64 << 10, 64 << 10, 1024, 16};
        case 80: return {164 << 10, 163 << 10, 2048, 32};
        case 86: return {100 << 10, 99 << 10, 1536, 16};
        case 89: return {100 << 10, 99 << 10, 1536, 24};
        case 120: return {100 << 10, 99 << 10, 1536, 24};
        default: return {228 << 10, 227 << 10, 2048, 32};
    }
}

}

/// 1 if the setting was changed.
CUEMU_EXPORT int cuemu_configure(const char* name, const char* value) {
    std::lock_guard lock(cuemu::driverLock);
    return cuemu::settings.set(name, value);
}
