#include "settings.h"

#include "device_memory.h"
#include "report.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

namespace cuemu {

/// Sets a setting to a number; false if it cannot be that now.
using Setter = bool (*)(Settings&, long);

static const std::map<std::string, Setter> SETTERS{
    {"CHECKED", [](Settings& s, long n) {
        bool changed = s.checked != (n != 0);
        s.checked = n != 0;
        return !changed || device_memory::live_allocations() == 0;
    }},
    {"LAZY", [](Settings& s, long n) { s.lazy = n != 0; return true; }},
    {"SEED", [](Settings& s, long n) { s.seed = (uint64_t)n; return true; }},
    {"THREADS", [](Settings& s, long n) { s.threads = (int)n; return n > 0; }},
    {"DEVICES", [](Settings& s, long n) { s.devices = (int)n; return true; }},
    {"CAPABILITY", [](Settings& s, long n) { s.capability = (int)n; return true; }},
    {"DRIVER", [](Settings& s, long n) { s.driver = (int)n; return true; }},
    {"MEMORY_MB", [](Settings& s, long n) { s.memoryMegabytes = (size_t)n; return true; }},
    {"PINNED_MB", [](Settings& s, long n) { s.pinnedMegabytes = (size_t)n; return true; }},
    {"FAIL_LAUNCH", [](Settings& s, long n) { s.failingLaunch = n; return true; }},
    {"FAIL_CODE", [](Settings& s, long n) { s.failureCode = (int)n; return true; }},
    {"REPORTS", [](Settings& s, long n) { s.reports = (int)n; return true; }},
};

Settings settings;

Settings::Settings() : threads((int)std::clamp(std::thread::hardware_concurrency(), 1u, 8u)) {
    auto read = [&](const std::string& setting) {
        const char* value = getenv(("CUEMU_" + setting).c_str());
        if (value && !set(setting, value)) {
            fprintf(stderr, "cuemu: CUEMU_%s cannot be %s\n", setting.c_str(), value);
            abort();
        }
    };
    read("NAME");
    for (const auto& [setting, setter] : SETTERS) {
        read(setting);
    }
}

bool Settings::set(const std::string& setting, const char* value) {
    if (setting == "NAME") {
        name = value;
        return true;
    }
    auto found = SETTERS.find(setting);
    char* end;
    long n = strtol(value, &end, 0);
    if (found == SETTERS.end() || end == value || *end || n < 0) {
        return false;
    }
    Settings changed = *this;
    if (!found->second(changed, n)) {
        return false;
    }
    *this = changed;
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
