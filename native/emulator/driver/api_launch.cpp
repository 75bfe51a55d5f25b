// The driver's entry points for modules, functions and launches.

#include "context.h"
#include "modules.h"
#include "settings.h"
#include "streams.h"
#include "workers.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

using namespace cuemu;

namespace {

constexpr size_t PARAMETER_ALIGNMENT = 16;

/// A launch that outlives its call: the driver copies the parameters.
struct Recorded {
    std::vector<char> bytes;
    std::vector<void*> parameters;
    Launch launch;

    Recorded(const Kernel* kernel, cuemu_uint3 grid, cuemu_uint3 block, size_t shared, void** values) {
        size_t size = 0;
        for (uint16_t parameter : kernel->parameterSizes) {
            size += (parameter + PARAMETER_ALIGNMENT - 1) / PARAMETER_ALIGNMENT * PARAMETER_ALIGNMENT;
        }
        bytes.resize(size + PARAMETER_ALIGNMENT);
        auto at = (char*)(((uintptr_t)bytes.data() + PARAMETER_ALIGNMENT - 1) & ~(PARAMETER_ALIGNMENT - 1));
        for (size_t i = 0; i < kernel->parameterSizes.size(); i++) {
            uint16_t parameter = kernel->parameterSizes[i];
            memcpy(at, values[i], parameter);
            parameters.push_back(at);
            at += (parameter + PARAMETER_ALIGNMENT - 1) / PARAMETER_ALIGNMENT * PARAMETER_ALIGNMENT;
        }
        launch = {kernel, grid, block, shared, parameters.data()};
    }
    Recorded(const Recorded&) = delete;
};

bool is_valid(const Kernel* kernel, cuemu_uint3 grid, cuemu_uint3 block, unsigned shared) {
    uint64_t threads = (uint64_t)block.x * block.y * block.z;
    return grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffffu && grid.y <= 65535 && grid.z <= 65535
            && threads > 0 && block.x <= MAX_THREADS && block.y <= MAX_THREADS && block.z <= 64
            && threads <= MAX_THREADS && (int)shared <= kernel->maxDynamicShared;
}

/// The failure that a test asked for, if this is the launch; else SUCCESS. An error that kernels raise comes with the
/// next call, as theirs do.
Result planned_failure(const char* kernel) {
    if (settings.failingLaunch == 0 || --settings.failingLaunch > 0) {
        return SUCCESS;
    }
    auto error = (Result)settings.failureCode;
    switch (error) {
        case ILLEGAL_ADDRESS: case MISALIGNED_ADDRESS: case LAUNCH_FAILED:
            report(error, nullptr, "planned failure: kernel %s", kernel);
            print_reports();
            return SUCCESS;
        default:
            return error;
    }
}

enum Attribute { MAX_THREADS_PER_BLOCK = 0, SHARED_SIZE_BYTES = 1, MAX_DYNAMIC_SHARED_SIZE_BYTES = 8 };

}

CUEMU_EXPORT int cuModuleLoadData(void** module, const void* image) {
    CUEMU_ENTER(ready)
    if (settings.capability < 80) { // what build-fatbin compiles for
        return NO_BINARY_FOR_GPU;
    }
    *module = load_module(image);
    return *module ? SUCCESS : INVALID_IMAGE;
}

CUEMU_EXPORT int cuModuleLoadDataEx(void** module, const void* image, unsigned, void*, void*) {
    return cuModuleLoadData(module, image);
}

CUEMU_EXPORT int cuModuleUnload(void* module) {
    CUEMU_ENTER(ready)
    streams::finish_all();
    unload_module((Module*)module);
    return SUCCESS;
}

CUEMU_EXPORT int cuModuleGetFunction(void** function, void* module, const char* name) {
    CUEMU_ENTER(ready)
    auto& kernels = ((Module*)module)->kernels;
    auto found = kernels.find(name);
    if (found == kernels.end()) {
        return NOT_FOUND;
    }
    *function = &found->second;
    return SUCCESS;
}

CUEMU_EXPORT int cuFuncSetAttribute(void* function, int attribute, int value) {
    CUEMU_ENTER(ready)
    if (attribute == MAX_DYNAMIC_SHARED_SIZE_BYTES) {
        if (value < 0 || value > limits().sharedPerBlock) {
            return INVALID_VALUE;
        }
        ((Kernel*)function)->maxDynamicShared = value;
    }
    return SUCCESS;
}

CUEMU_EXPORT int cuFuncGetAttribute(int* value, int attribute, void* function) {
    CUEMU_ENTER(ready)
    auto kernel = (Kernel*)function;
    switch (attribute) {
        case MAX_THREADS_PER_BLOCK: *value = kernel->maxThreads ? (int)kernel->maxThreads : (int)MAX_THREADS; break;
        case MAX_DYNAMIC_SHARED_SIZE_BYTES: *value = kernel->maxDynamicShared; break;
        default: // registers, static shared memory, …: the compiler's report has them
            fprintf(stderr, "cuemu: function attribute %d is not emulated\n", attribute);
            return NOT_SUPPORTED;
    }
    return SUCCESS;
}

CUEMU_EXPORT int cuFuncSetCacheConfig(void*, int) { return SUCCESS; }

CUEMU_EXPORT int cuLaunchKernel(void* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
        unsigned blockY, unsigned blockZ, unsigned shared, void* handle, void** parameters, void** extra) {
    CUEMU_ENTER(ready)
    auto kernel = (const Kernel*)function;
    Stream* stream = streams::find(handle);
    if (!kernel || !stream) {
        return INVALID_HANDLE;
    }
    cuemu_uint3 grid{gridX, gridY, gridZ};
    cuemu_uint3 block{blockX, blockY, blockZ};
    if (extra || !is_valid(kernel, grid, block, shared) || (!parameters && !kernel->parameterSizes.empty())) {
        return INVALID_VALUE;
    }
    // Registers are allotted for __launch_bounds__; a larger block does not find enough.
    if (kernel->maxThreads && blockX * blockY * blockZ > kernel->maxThreads) {
        return LAUNCH_OUT_OF_RESOURCES;
    }
    if (Result planned = planned_failure(kernel->name.c_str()); planned != SUCCESS) {
        return planned;
    }
    auto recorded = std::make_shared<Recorded>(kernel, grid, block, shared, parameters);
    return streams::put(stream, [=] { run(recorded->launch); });
}
