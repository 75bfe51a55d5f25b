// Errors: the driver's codes, what the checker and the scheduler report, and the sticky error of a context.
#pragma once

#include <mutex>

#define CUEMU_EXPORT extern "C" __attribute__((visibility("default")))

namespace cuemu {

/// CUresult, as far as the emulator returns it.
enum Result : int {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NOT_INITIALIZED = 3,
    NO_DEVICE = 100,
    INVALID_DEVICE = 101,
    INVALID_IMAGE = 200,
    INVALID_CONTEXT = 201,
    NO_BINARY_FOR_GPU = 209,
    INVALID_HANDLE = 400,
    NOT_FOUND = 500,
    NOT_READY = 600,
    ILLEGAL_ADDRESS = 700,
    LAUNCH_OUT_OF_RESOURCES = 701,
    CONTEXT_IS_DESTROYED = 709,
    MISALIGNED_ADDRESS = 716,
    LAUNCH_FAILED = 719,
    NOT_SUPPORTED = 801,
    STREAM_CAPTURE_UNSUPPORTED = 900,
    STREAM_CAPTURE_INVALIDATED = 901,
    STREAM_CAPTURE_IMPLICIT = 906,
};

/// Held by every call into the driver, for as long as its kernels run. The threads that run blocks never take it.
extern std::recursive_mutex driverLock;

/// Prints what is wrong. An error other than SUCCESS makes the context unusable, as a failed kernel does: every call
/// from then on returns the first such error. With a pc the place in the source is added.
__attribute__((format(printf, 3, 4))) void report(Result error, const void* pc, const char* format, ...);

/// Reports made by blocks wait for the caller of the driver: looking up a line is no work for a fiber's small stack.
void print_reports();

/// The error that the context is left with, or SUCCESS.
Result sticky();
void set_sticky(Result error);

const char* error_name(int error);

}
