// Where compiled kernels call the checker: the hooks of g++'s sanitizers, atomic operations, and what the shim and the
// emulated cuBLAS tell it.

#include "checker.h"
#include "fibers.h"
#include "settings.h"

#include <bit>

using cuemu::checker::access;

#define PC __builtin_return_address(0)

extern "C" void cuemu_access(const void* address, size_t bytes, int write, int alignment) {
    cuemu::checker::operation_access(address, bytes, write, alignment, PC);
}

extern "C" void cuemu_library_reads(const char* who, const void* address, size_t bytes) {
    if (!cuemu::checker::is_written(address, bytes)) {
        cuemu::report(cuemu::LAUNCH_FAILED, nullptr, "uninitialised read: %zu bytes of device memory at %p by %s",
                bytes, address, who);
    }
}

extern "C" void cuemu_library_writes(void* address, size_t bytes) {
    cuemu::checker::host_wrote(address, bytes);
}

// The hooks of g++ -fsanitize=thread and -fsanitize=alignment. The former say nothing of alignment: g++ joins stores to
// neighbours into one of 16 bytes that need not be aligned.

#define READ_HOOK(name, n) CUEMU_EXPORT void __tsan_##name##n(void* p) { access(p, n, false, 1, false, PC); }
#define WRITE_HOOK(name, n) CUEMU_EXPORT void __tsan_##name##n(void* p) { access(p, n, true, 1, false, PC); }
#define HOOKS(n) \
    READ_HOOK(read, n) READ_HOOK(unaligned_read, n) READ_HOOK(volatile_read, n) \
    WRITE_HOOK(write, n) WRITE_HOOK(unaligned_write, n) WRITE_HOOK(volatile_write, n)
HOOKS(1) HOOKS(2) HOOKS(4) HOOKS(8) HOOKS(16)

CUEMU_EXPORT void __tsan_read_range(void* p, size_t bytes) { access(p, bytes, false, 1, false, PC); }
CUEMU_EXPORT void __tsan_write_range(void* p, size_t bytes) { access(p, bytes, true, 1, false, PC); }
CUEMU_EXPORT void __tsan_init() {}
CUEMU_EXPORT void __tsan_func_entry(void*) {}
CUEMU_EXPORT void __tsan_func_exit() {}
CUEMU_EXPORT void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

struct TypeMismatch { // as g++ lays it out
    const char* file;
    uint32_t line, column;
    void* type;
    unsigned char logAlignment, kind;
};

CUEMU_EXPORT void __ubsan_handle_type_mismatch_v1(TypeMismatch* mismatch, void* address) {
    if (cuemu_current) {
        cuemu::report(cuemu::MISALIGNED_ADDRESS, PC, "misaligned access: %p is not aligned to %u bytes, %s", address,
                1u << mismatch->logAlignment, cuemu::Where().text);
        cuemu::fail_block();
    }
}

#define ATOMIC_ACCESS(bytes) access(address, bytes, true, bytes, true, PC)

/// Atomic operations by compare and swap; `next` gives the new value from the old.
template <class T, class F>
static T replace(T* address, F next) {
    T old = __atomic_load_n(address, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(address, &old, next(old), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return old;
}

template <class Float, class Bits>
static Float add(Float* address, Float value) {
    return std::bit_cast<Float>(replace((Bits*)address, [&](Bits old) {
        return std::bit_cast<Bits>(std::bit_cast<Float>(old) + value);
    }));
}

template <class T, class Signed>
static T modify(int operation, T* address, T value, T compare) {
    return replace(address, [&](T old) -> T {
        switch ((cuemu_Atomic)operation) {
            case CUEMU_ADD: return old + value;
            case CUEMU_MAX: return (Signed)old > (Signed)value ? old : value;
            case CUEMU_MIN: return (Signed)old < (Signed)value ? old : value;
            case CUEMU_EXCHANGE: return value;
            case CUEMU_COMPARE_AND_SWAP: return old == compare ? value : old;
        }
        __builtin_unreachable();
    });
}

extern "C" float cuemu_atomic_add_f32(float* address, float value) {
    ATOMIC_ACCESS(4);
    return add<float, uint32_t>(address, value);
}

extern "C" double cuemu_atomic_add_f64(double* address, double value) {
    ATOMIC_ACCESS(8);
    return add<double, uint64_t>(address, value);
}

extern "C" uint32_t cuemu_atomic_u32(int operation, uint32_t* address, uint32_t value, uint32_t compare) {
    ATOMIC_ACCESS(4);
    return modify<uint32_t, int32_t>(operation, address, value, compare);
}

extern "C" uint64_t cuemu_atomic_u64(int operation, uint64_t* address, uint64_t value, uint64_t compare) {
    ATOMIC_ACCESS(8);
    return modify<uint64_t, int64_t>(operation, address, value, compare);
}
