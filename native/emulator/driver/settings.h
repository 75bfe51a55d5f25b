// What can be chosen: by an environment variable CUEMU_NAME when the library is loaded, later by cuemu_configure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cuemu {

struct Settings {
    /// Instrumented modules are loaded: every access is checked. Changes only while no device memory is allocated.
    bool checked = false;
    /// Streams run nothing before something waits for them.
    bool lazy = false;
    /// Order of lanes, warps and blocks.
    uint64_t seed = 1;
    /// Threads of the host that run blocks; checked launches use one.
    int threads;
    /// The device that is emulated: how many there are, its name, compute capability, driver and memory.
    int devices = 1;
    std::string name = "Emulated device";
    int capability = 90;
    int driver = 13000;
    size_t memoryMegabytes = 8192;
    /// Host memory that can be pinned.
    size_t pinnedMegabytes = 8192;
    /// The n-th cuLaunchKernel from now fails with this code; 0 for none.
    long failingLaunch = 0;
    int failureCode = 701;
    /// Reports printed before they are only counted.
    int reports = 20;

    Settings();

    /// False if there is no such setting, or it cannot be that.
    bool set(const std::string& name, const char* value);
};

extern Settings settings;

/// What the capability decides.
struct Limits {
    int sharedPerMultiprocessor;
    /// Dynamic shared memory that a kernel may ask for by attribute.
    int sharedPerBlock;
    int threadsPerMultiprocessor;
    int blocksPerMultiprocessor;
};
Limits limits();

}
