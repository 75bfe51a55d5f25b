#include "report.h"

#include "settings.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace cuemu {

std::recursive_mutex driverLock;

namespace {

struct Pending {
    std::string text;
    const void* pc;
};

std::mutex reportLock;
std::vector<Pending> pending;
std::string printed;
int count;
Result firstError = SUCCESS;

/// "file.cu:12" of an instruction in a module, by addr2line; the innermost place outside the shim.
std::string place(const void* pc) {
    Dl_info module;
    if (!pc || !dladdr(pc, &module) || !module.dli_fname) {
        return "";
    }
    std::string file = module.dli_fname;
    if (file.starts_with("/proc/self/")) {
        file = "/proc/" + std::to_string(getpid()) + file.substr(strlen("/proc/self"));
    }
    char command[512];
    // The hook's return address is behind the call.
    snprintf(command, sizeof command, "addr2line -i -e %s 0x%zx 2> /dev/null",
            file.c_str(), (size_t)((const char*)pc - (const char*)module.dli_fbase) - 1);
    std::string found;
    if (FILE* lines = popen(command, "r")) {
        char line[1024];
        while (fgets(line, sizeof line, lines)) {
            std::string text = line;
            text = text.substr(0, text.find_first_of(" \n")); // "(discriminator 3)" may follow
            if (text.find("/shim/") == std::string::npos && !text.starts_with("?") && found.empty()) {
                found = text.substr(text.rfind('/') + 1);
            }
        }
        pclose(lines);
    }
    return found.empty() ? "" : " at " + found;
}

}

void report(Result error, const void* pc, const char* format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    std::lock_guard lock(reportLock);
    if (firstError == SUCCESS) {
        firstError = error;
    }
    if (++count <= settings.reports) {
        pending.push_back({text, pc});
    }
}

void print_reports() {
    std::lock_guard lock(reportLock);
    for (const Pending& p : pending) {
        std::string line = p.text + place(p.pc);
        fprintf(stderr, "cuemu: %s\n", line.c_str());
        printed += line + "\n";
    }
    fflush(stderr);
    pending.clear();
}

Result sticky() {
    std::lock_guard lock(reportLock);
    return firstError;
}

void set_sticky(Result error) {
    std::lock_guard lock(reportLock);
    firstError = error;
}

const char* error_name(int error) {
    switch (error) {
        case SUCCESS: return "CUDA_SUCCESS";
        case INVALID_VALUE: return "CUDA_ERROR_INVALID_VALUE";
        case OUT_OF_MEMORY: return "CUDA_ERROR_OUT_OF_MEMORY";
        case NOT_INITIALIZED: return "CUDA_ERROR_NOT_INITIALIZED";
        case NO_DEVICE: return "CUDA_ERROR_NO_DEVICE";
        case INVALID_DEVICE: return "CUDA_ERROR_INVALID_DEVICE";
        case INVALID_IMAGE: return "CUDA_ERROR_INVALID_IMAGE";
        case INVALID_CONTEXT: return "CUDA_ERROR_INVALID_CONTEXT";
        case NO_BINARY_FOR_GPU: return "CUDA_ERROR_NO_BINARY_FOR_GPU";
        case INVALID_HANDLE: return "CUDA_ERROR_INVALID_HANDLE";
        case NOT_FOUND: return "CUDA_ERROR_NOT_FOUND";
        case NOT_READY: return "CUDA_ERROR_NOT_READY";
        case ILLEGAL_ADDRESS: return "CUDA_ERROR_ILLEGAL_ADDRESS";
        case LAUNCH_OUT_OF_RESOURCES: return "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES";
        case CONTEXT_IS_DESTROYED: return "CUDA_ERROR_CONTEXT_IS_DESTROYED";
        case MISALIGNED_ADDRESS: return "CUDA_ERROR_MISALIGNED_ADDRESS";
        case LAUNCH_FAILED: return "CUDA_ERROR_LAUNCH_FAILED";
        case NOT_SUPPORTED: return "CUDA_ERROR_NOT_SUPPORTED";
        case STREAM_CAPTURE_UNSUPPORTED: return "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED";
        case STREAM_CAPTURE_INVALIDATED: return "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED";
        case STREAM_CAPTURE_IMPLICIT: return "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT";
        default: return nullptr;
    }
}

}

/// Every report since the last reset, a line each.
CUEMU_EXPORT const char* cuemu_reports() {
    cuemu::print_reports();
    return cuemu::printed.c_str();
}

CUEMU_EXPORT int cuemu_report_count() {
    return cuemu::count;
}

/// Forgets the reports and makes the context usable again.
CUEMU_EXPORT void cuemu_reset() {
    std::lock_guard lock(cuemu::driverLock);
    cuemu::print_reports();
    cuemu::printed.clear();
    cuemu::count = 0;
    cuemu::set_sticky(cuemu::SUCCESS);
}
