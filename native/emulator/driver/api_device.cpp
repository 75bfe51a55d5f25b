// The driver's entry points for devices, contexts and errors. Each is as the CUDA driver API's reference has it.

#include "context.h"
#include "device_memory.h"
#include "modules.h"
#include "pinned_memory.h"
#include "settings.h"
#include "streams.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <vector>

using namespace cuemu;

namespace {

bool initialised;

/// The one context, primary or created.
struct Context {
    int holders = 0;
} context;

thread_local std::vector<Context*> current;

void let_go() {
    if (--context.holders > 0) {
        return;
    }
    streams::finish_all();
    if (device_memory::live_allocations() > 0) {
        report(SUCCESS, nullptr, "leak: the context ends with %zu bytes of device memory in %zu allocations",
                device_memory::live_bytes(), device_memory::live_allocations());
        print_reports();
        device_memory::release_all();
    }
    set_sticky(SUCCESS);
}

}

Result cuemu::ready() {
    if (!initialised) {
        return NOT_INITIALIZED;
    }
    if (current.empty() || !current.back()) {
        return INVALID_CONTEXT;
    }
    return current.back()->holders > 0 ? sticky() : CONTEXT_IS_DESTROYED;
}

Result cuemu::ready_outside_captures() {
    if (streams::capturing()) {
        streams::spoil_captures();
        return STREAM_CAPTURE_UNSUPPORTED;
    }
    return ready();
}

CUEMU_EXPORT int cuInit(unsigned) {
    initialised = settings.devices > 0;
    return initialised ? SUCCESS : NO_DEVICE;
}

CUEMU_EXPORT int cuDriverGetVersion(int* version) {
    *version = settings.driver;
    return SUCCESS;
}

CUEMU_EXPORT int cuDeviceGetCount(int* count) {
    *count = settings.devices;
    return initialised ? SUCCESS : NOT_INITIALIZED;
}

CUEMU_EXPORT int cuDeviceGet(int* device, int ordinal) {
    *device = ordinal;
    return !initialised ? NOT_INITIALIZED : ordinal >= 0 && ordinal < settings.devices ? SUCCESS : INVALID_DEVICE;
}

CUEMU_EXPORT int cuDeviceGetName(char* name, int length, int) {
    snprintf(name, (size_t)length, "%s", settings.name.c_str());
    return SUCCESS;
}

CUEMU_EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int) {
    *bytes = device_memory::total_bytes();
    return SUCCESS;
}

CUEMU_EXPORT int cuDeviceGetUuid(void* uuid, int device) {
    memset(uuid, device, 16);
    return SUCCESS;
}

CUEMU_EXPORT int cuDeviceGetPCIBusId(char* id, int length, int) {
    snprintf(id, (size_t)length, "0000:00:00.0");
    return SUCCESS;
}

CUEMU_EXPORT int cuDeviceGetAttribute(int* value, int attribute, int) {
    switch (attribute) {
        case 1: *value = 1024; break;            // MAX_THREADS_PER_BLOCK
        case 2: case 3: *value = 1024; break;    // MAX_BLOCK_DIM_X, _Y
        case 4: *value = 64; break;              // MAX_BLOCK_DIM_Z
        case 5: *value = 0x7fffffff; break;      // MAX_GRID_DIM_X
        case 6: case 7: *value = 65535; break;   // MAX_GRID_DIM_Y, _Z
        case 8: *value = 48 << 10; break;        // MAX_SHARED_MEMORY_PER_BLOCK
        case 9: *value = 64 << 10; break;        // TOTAL_CONSTANT_MEMORY
        case 10: *value = 32; break;             // WARP_SIZE
        case 12: case 82: *value = 65536; break; // MAX_REGISTERS_PER_BLOCK, _PER_MULTIPROCESSOR
        case 13: *value = 1'000'000; break;      // CLOCK_RATE, kHz
        case 16: *value = 132; break;            // MULTIPROCESSOR_COUNT
        case 18: *value = 0; break;              // INTEGRATED
        case 19: case 31: *value = 1; break;     // CAN_MAP_HOST_MEMORY, CONCURRENT_KERNELS
        case 20: *value = 0; break;              // COMPUTE_MODE
        case 32: *value = 1; break;              // ECC_ENABLED
        case 36: *value = 1'000'000; break;      // MEMORY_CLOCK_RATE, kHz
        case 37: *value = 1024; break;           // GLOBAL_MEMORY_BUS_WIDTH, bits
        case 38: *value = 50 << 20; break;       // L2_CACHE_SIZE
        case 39: *value = limits().threadsPerMultiprocessor; break;
        case 40: case 41: *value = 1; break;     // ASYNC_ENGINE_COUNT, UNIFIED_ADDRESSING
        case 75: *value = settings.capability / 10; break;
        case 76: *value = settings.capability % 10; break;
        case 81: *value = limits().sharedPerMultiprocessor; break;
        case 97: *value = limits().sharedPerBlock; break;
        case 106: *value = limits().blocksPerMultiprocessor; break;
        case 111: *value = 1024; break;          // RESERVED_SHARED_MEMORY_PER_BLOCK
        case 115: *value = 0; break;             // MEMORY_POOLS_SUPPORTED
        default:
            fprintf(stderr, "cuemu: device attribute %d is not emulated\n", attribute);
            return NOT_SUPPORTED;
    }
    return SUCCESS;
}

CUEMU_EXPORT int cuDevicePrimaryCtxRetain(void** c, int) {
    std::lock_guard lock(driverLock);
    if (!initialised) {
        return NOT_INITIALIZED;
    }
    context.holders++;
    *c = &context;
    return SUCCESS;
}

CUEMU_EXPORT int cuDevicePrimaryCtxRelease_v2(int) {
    std::lock_guard lock(driverLock);
    if (context.holders == 0) {
        return INVALID_CONTEXT;
    }
    let_go();
    return SUCCESS;
}

CUEMU_EXPORT int cuDevicePrimaryCtxGetState(int, unsigned* flags, int* active) {
    *flags = 0;
    *active = context.holders > 0;
    return SUCCESS;
}

CUEMU_EXPORT int cuCtxCreate_v2(void** c, unsigned, int device) {
    int result = cuDevicePrimaryCtxRetain(c, device);
    if (result == SUCCESS) {
        current.push_back(&context);
    }
    return result;
}

CUEMU_EXPORT int cuCtxDestroy_v2(void*) {
    if (!current.empty()) {
        current.pop_back();
    }
    return cuDevicePrimaryCtxRelease_v2(0);
}

CUEMU_EXPORT int cuCtxSetCurrent(void* c) {
    if (!current.empty()) {
        current.pop_back();
    }
    current.push_back((Context*)c);
    return SUCCESS;
}

CUEMU_EXPORT int cuCtxGetCurrent(void** c) {
    *c = current.empty() ? nullptr : current.back();
    return SUCCESS;
}

CUEMU_EXPORT int cuCtxPushCurrent_v2(void* c) {
    current.push_back((Context*)c);
    return SUCCESS;
}

CUEMU_EXPORT int cuCtxPopCurrent_v2(void** c) {
    if (current.empty()) {
        return INVALID_CONTEXT;
    }
    if (c) {
        *c = current.back();
    }
    current.pop_back();
    return SUCCESS;
}

CUEMU_EXPORT int cuCtxGetDevice(int* device) {
    *device = 0;
    return current.empty() ? INVALID_CONTEXT : SUCCESS;
}

CUEMU_EXPORT int cuCtxSynchronize() {
    CUEMU_ENTER(ready_outside_captures)
    streams::finish_all();
    return sticky();
}

CUEMU_EXPORT int cuGetErrorName(int error, const char** name) {
    *name = error_name(error);
    return *name ? SUCCESS : INVALID_VALUE;
}

CUEMU_EXPORT int cuGetErrorString(int error, const char** text) {
    return cuGetErrorName(error, text);
}

CUEMU_EXPORT int cuGetProcAddress_v2(const char* name, void** function, int, uint64_t, int* status) {
    void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    *function = dlsym(driver, (std::string(name) + "_v2").c_str());
    if (!*function) {
        *function = dlsym(driver, name);
    }
    dlclose(driver);
    if (status) {
        *status = *function ? 0 : 1;
    }
    return *function ? SUCCESS : NOT_FOUND;
}

/// {"device_bytes": 0, …}: what has not been given back. Valid until the next call.
CUEMU_EXPORT const char* cuemu_live() {
    static std::string json;
    std::lock_guard lock(driverLock);
    json = "{\"device_bytes\": " + std::to_string(device_memory::live_bytes())
            + ", \"device_allocations\": " + std::to_string(device_memory::live_allocations())
            + ", \"pinned_bytes\": " + std::to_string(pinned_memory::live_bytes())
            + ", \"streams\": " + std::to_string(streams::live())
            + ", \"events\": " + std::to_string(live_events())
            + ", \"graphs\": " + std::to_string(live_graphs())
            + ", \"modules\": " + std::to_string(live_modules()) + "}";
    return json.c_str();
}
