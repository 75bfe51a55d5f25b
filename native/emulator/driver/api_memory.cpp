// The driver's entry points for device memory, pinned memory, copies and fills.

#include "checker.h"
#include "context.h"
#include "device_memory.h"
#include "pinned_memory.h"
#include "streams.h"

#include "../shim/abi.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

using namespace cuemu;

typedef unsigned long long CUdeviceptr;

namespace {

/// Rows of bytes at a pitch: one row for the copies that are not of two dimensions.
struct Rows {
    char* start;
    bool device;
    size_t pitch, width, height;

    size_t bytes() const { return height == 0 || width == 0 ? 0 : pitch * (height - 1) + width; }
    char* row(size_t i) const { return start + i * pitch; }
};

Rows rows(const void* start, bool device, size_t bytes) {
    return {(char*)start, device, bytes, bytes, 1};
}
Rows device_rows(CUdeviceptr start, size_t bytes) {
    return rows((void*)start, true, bytes);
}

/// The range must lie in the memory that the call says it lies in.
bool is_valid(const char* call, const Rows& r) {
    if (r.bytes() == 0) {
        return true;
    }
    if (r.device ? !device_memory::is_allocated(r.start, r.bytes()) : device_memory::contains(r.start)) {
        fprintf(stderr, "cuemu: %s: %zu bytes at %p are not inside %s\n", call, r.bytes(), (void*)r.start,
                r.device ? "a live allocation of device memory" : "host memory");
        return false;
    }
    return true;
}

void copy_rows(const Rows& to, const Rows& from) {
    for (size_t i = 0; i < from.height; i++) {
        memmove(to.row(i), from.row(i), from.width);
        if (to.device) {
            checker::host_wrote(to.row(i), to.width);
        }
    }
}

/// A copy that returns when it is done: after the default stream and what that waits for.
int copy(const char* call, const Rows& to, const Rows& from) {
    CUEMU_ENTER(ready_outside_captures)
    if (!is_valid(call, to) || !is_valid(call, from)) {
        return INVALID_VALUE;
    }
    streams::finish_blocking();
    if (sticky() == SUCCESS) {
        copy_rows(to, from);
    }
    return sticky();
}

/// A copy in its stream. From host memory that is not pinned it is taken before the call returns, and into such memory
/// it is finished.
int copy_async(const char* call, const Rows& to, const Rows& from, void* handle) {
    CUEMU_ENTER(ready)
    Stream* stream = streams::find(handle);
    if (!stream) {
        return INVALID_HANDLE;
    }
    if (!is_valid(call, to) || !is_valid(call, from)) {
        return INVALID_VALUE;
    }
    bool captured = streams::is_captured(stream);
    if (!from.device && !captured && !pinned_memory::contains(from.start, from.bytes())) {
        auto taken = std::make_shared<std::string>(from.start, from.bytes());
        return streams::put(stream, [=] {
            Rows own = from;
            own.start = taken->data();
            copy_rows(to, own);
        });
    }
    Result result = streams::put(stream, [=] { copy_rows(to, from); });
    if (!to.device && !captured && !pinned_memory::contains(to.start, to.bytes())) {
        streams::finish(stream);
    }
    return result;
}

template <class T>
int fill(CUdeviceptr start, size_t pitch, T value, size_t width, size_t height, void* handle) {
    CUEMU_ENTER(ready)
    Stream* stream = streams::find(handle);
    if (!stream) {
        return INVALID_HANDLE;
    }
    Rows to{(char*)start, true, pitch, width * sizeof(T), height};
    if (start % sizeof(T) != 0 || pitch % sizeof(T) != 0 || !is_valid("cuMemset", to)) {
        return INVALID_VALUE;
    }
    return streams::put(stream, [=] {
        for (size_t i = 0; i < height; i++) {
            std::fill_n((T*)to.row(i), width, value);
            checker::host_wrote(to.row(i), to.width);
        }
    });
}

/// CUDA_MEMCPY2D.
struct Copy2D {
    struct Side {
        size_t xInBytes, y;
        unsigned memoryType;
        void* host;
        CUdeviceptr device;
        void* array;
        size_t pitch;

        Rows rows(size_t width, size_t height) const {
            enum { HOST = 1, DEVICE = 2 };
            bool onDevice = memoryType != HOST && (memoryType == DEVICE || device_memory::contains((void*)device));
            char* base = memoryType == HOST ? (char*)host : (char*)device;
            return {base + y * pitch + xInBytes, onDevice, pitch ? pitch : width, width, height};
        }
    };
    Side from, to;
    size_t widthInBytes, height;
};

}

CUEMU_EXPORT int cuMemAlloc_v2(CUdeviceptr* start, size_t bytes) {
    CUEMU_ENTER(ready_outside_captures)
    if (bytes == 0) {
        return INVALID_VALUE;
    }
    char* allocated = device_memory::allocate(bytes);
    *start = (CUdeviceptr)allocated;
    return allocated ? SUCCESS : OUT_OF_MEMORY;
}

CUEMU_EXPORT int cuMemAllocPitch_v2(CUdeviceptr* start, size_t* pitch, size_t width, size_t height, unsigned) {
    *pitch = (width + 511) / 512 * 512;
    return cuMemAlloc_v2(start, *pitch * height);
}

CUEMU_EXPORT int cuMemFree_v2(CUdeviceptr start) {
    std::lock_guard lock(driverLock); // also in a failed context, as the tests' clean-up needs
    if (start == 0) {
        return SUCCESS;
    }
    if (streams::capturing()) {
        return ready_outside_captures();
    }
    streams::finish_all();
    bool released = device_memory::release((char*)start);
    print_reports();
    if (!released) {
        fprintf(stderr, "cuemu: cuMemFree of %llx, which is not the start of a live allocation\n", start);
        return INVALID_VALUE;
    }
    return sticky();
}

CUEMU_EXPORT int cuMemGetInfo_v2(size_t* free, size_t* total) {
    CUEMU_ENTER(ready)
    *total = device_memory::total_bytes();
    *free = *total - device_memory::live_bytes();
    return SUCCESS;
}

CUEMU_EXPORT int cuMemGetAddressRange_v2(CUdeviceptr* start, size_t* bytes, CUdeviceptr address) {
    CUEMU_ENTER(ready)
    auto allocation = device_memory::find((void*)address);
    if (!allocation || !allocation->live) {
        return NOT_FOUND;
    }
    *start = (CUdeviceptr)allocation->start;
    *bytes = allocation->bytes;
    return SUCCESS;
}

CUEMU_EXPORT int cuMemHostAlloc(void** start, size_t bytes, unsigned) {
    CUEMU_ENTER(ready)
    *start = bytes ? pinned_memory::allocate(bytes) : nullptr;
    return *start ? SUCCESS : bytes ? OUT_OF_MEMORY : INVALID_VALUE;
}

CUEMU_EXPORT int cuMemAllocHost_v2(void** start, size_t bytes) {
    return cuMemHostAlloc(start, bytes, 0);
}

CUEMU_EXPORT int cuMemFreeHost(void* start) {
    std::lock_guard lock(driverLock);
    streams::finish_all();
    return pinned_memory::release(start) ? sticky() : INVALID_VALUE;
}

CUEMU_EXPORT int cuMemHostRegister_v2(void* start, size_t bytes, unsigned) {
    CUEMU_ENTER(ready)
    pinned_memory::add(start, bytes);
    return SUCCESS;
}

CUEMU_EXPORT int cuMemHostUnregister(void* start) {
    CUEMU_ENTER(ready)
    streams::finish_all();
    return pinned_memory::remove(start) ? SUCCESS : INVALID_VALUE;
}

CUEMU_EXPORT int cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
    return copy("cuMemcpyHtoD", device_rows(to, bytes), rows(from, false, bytes));
}

CUEMU_EXPORT int cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, void* stream) {
    return copy_async("cuMemcpyHtoDAsync", device_rows(to, bytes), rows(from, false, bytes), stream);
}

CUEMU_EXPORT int cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
    return copy("cuMemcpyDtoH", rows(to, false, bytes), device_rows(from, bytes));
}

CUEMU_EXPORT int cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, void* stream) {
    return copy_async("cuMemcpyDtoHAsync", rows(to, false, bytes), device_rows(from, bytes), stream);
}

CUEMU_EXPORT int cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, void* stream) {
    return copy_async("cuMemcpyDtoDAsync", device_rows(to, bytes), device_rows(from, bytes), stream);
}

CUEMU_EXPORT int cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    return cuMemcpyDtoDAsync_v2(to, from, bytes, nullptr);
}

CUEMU_EXPORT int cuMemcpy2D_v2(const Copy2D* c) {
    return copy("cuMemcpy2D", c->to.rows(c->widthInBytes, c->height), c->from.rows(c->widthInBytes, c->height));
}

CUEMU_EXPORT int cuMemcpy2DUnaligned_v2(const Copy2D* c) {
    return cuMemcpy2D_v2(c);
}

CUEMU_EXPORT int cuMemcpy2DAsync_v2(const Copy2D* c, void* stream) {
    return copy_async("cuMemcpy2DAsync", c->to.rows(c->widthInBytes, c->height),
            c->from.rows(c->widthInBytes, c->height), stream);
}

#define FILLS(bits, type) \
    CUEMU_EXPORT int cuMemsetD##bits##_v2(CUdeviceptr start, type value, size_t n) { \
        return fill<type>(start, n * sizeof(type), value, n, 1, nullptr); \
    } \
    CUEMU_EXPORT int cuMemsetD##bits##Async(CUdeviceptr start, type value, size_t n, void* stream) { \
        return fill<type>(start, n * sizeof(type), value, n, 1, stream); \
    } \
    CUEMU_EXPORT int cuMemsetD2D##bits##_v2( \
            CUdeviceptr start, size_t pitch, type value, size_t width, size_t height) { \
        return fill<type>(start, pitch, value, width, height, nullptr); \
    } \
    CUEMU_EXPORT int cuMemsetD2D##bits##Async( \
            CUdeviceptr start, size_t pitch, type value, size_t width, size_t height, void* stream) { \
        return fill<type>(start, pitch, value, width, height, stream); \
    }
FILLS(8, unsigned char)
FILLS(16, unsigned short)
FILLS(32, unsigned)

extern "C" int cuemu_is_allocated(const void* address, size_t bytes) {
    std::lock_guard lock(driverLock);
    return device_memory::is_allocated(address, bytes);
}
