// Modules: shared libraries that hold kernels for the host's processor, loaded from the bytes that a fatbin would be.
#pragma once

#include "../shim/abi.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cuemu {

struct Library;

struct Kernel {
    std::string name;
    cuemu_Trampoline trampoline;
    std::vector<uint16_t> parameterSizes;
    unsigned maxThreads; // by __launch_bounds__
    bool checked;
    const Library* library;
    int maxDynamicShared; // until an attribute allows more: what static shared memory leaves of 48 KiB
};

/// A library stays loaded. The same bytes, loaded again, are the same library.
struct Library {
    void* handle;
    const char *begin, *end; // in memory
    size_t threadLocalModule, threadLocalBytes;
    std::map<std::string, Kernel> kernels;

    /// This thread's copy of its thread-local variables: its static shared memory.
    char* thread_locals() const;
};

/// What a CUmodule points to.
struct Module {
    Library* library;
    /// A kernel's attributes belong to the module it was taken from.
    std::map<std::string, Kernel> kernels;
};

/// Null if the image is no module of the emulator; says why.
Module* load_module(const void* image);
void unload_module(Module* module);
size_t live_modules();

/// Whether an address lies in a library: __constant__ and __device__ variables, and literals.
bool in_module(const void* address);

}
