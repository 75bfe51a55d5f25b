// As much of cuBLAS as jalign calls. Every sum runs in the order of k, one fused multiply-add at a time: the same
// bits for any shape that holds the same row and column. Matrices are column major, as cuBLAS has them.

#include "../shim/abi.h"
#include "../shim/arithmetic.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#define CUBLAS_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum DataType { R_32F = 0, R_16BF = 14 };
constexpr int COMPUTE_32F = 68;
constexpr int OP_C = 2;

struct Handle {
    void* stream = nullptr;
    int mathMode = 0, pointerMode = 0;
};

struct Matrix {
    void* data;
    int type;
    long leading;
    bool transposed;

    size_t element() const { return type == R_32F ? 4 : 2; }
    char* column(long j) const { return (char*)data + j * leading * (long)element(); }
};

struct Gemm {
    int m, n, k;
    float alpha, beta;
    Matrix a, b, c;
};

// A micro-kernel's tile: 12 vectors of sums, 2 of A and 1 of B are what 16 registers hold.
constexpr int ROWS = 16;
constexpr int COLUMNS = 6;
constexpr int DEPTH = 512; // of a block of packed panels, which stay in cache

using Vector = float __attribute__((vector_size(32), aligned(4)));

int panels(int length, int width) {
    return (length + width - 1) / width;
}

float value(float x) { return x; }
float value(__nv_bfloat16 x) { return __bfloat162float(x); }

/// Panels of `width` rows of op(x), k after k, zeros behind the last row; op(x)[i][p] is at x[i · row + p · column].
template <class T>
void pack(std::vector<float>& packed, const T* x, long row, long column, int length, int width, int k0, int depth) {
    packed.resize((size_t)panels(length, width) * width * DEPTH);
    float* to = packed.data();
    for (int i0 = 0; i0 < length; i0 += width) {
        int rows = std::min(width, length - i0);
        for (int p = k0; p < k0 + depth; p++, to += width) {
            const T* from = x + i0 * row + p * column;
            for (int i = 0; i < rows; i++) {
                to[i] = value(from[i * row]);
            }
            std::fill(to + rows, to + width, 0.0f);
        }
    }
}

void pack(std::vector<float>& packed, const Matrix& x, bool rowsAreContiguous, int length, int width, int k0,
        int depth) {
    long row = rowsAreContiguous ? 1 : x.leading;
    long column = rowsAreContiguous ? x.leading : 1;
    if (x.type == R_32F) {
        pack(packed, (const float*)x.data, row, column, length, width, k0, depth);
    } else {
        pack(packed, (const __nv_bfloat16*)x.data, row, column, length, width, k0, depth);
    }
}

/// sums[16 × 6] += a panel of A times a panel of B.
void multiply(const float* a, const float* b, int depth, float* sums, long leading) {
    Vector s[COLUMNS][2];
#pragma GCC unroll 6
    for (int j = 0; j < COLUMNS; j++) {
        s[j][0] = *(Vector*)(sums + j * leading);
        s[j][1] = *(Vector*)(sums + j * leading + 8);
    }
    for (int p = 0; p < depth; p++, a += ROWS, b += COLUMNS) {
        Vector low = *(Vector*)a;
        Vector high = *(Vector*)(a + 8);
#pragma GCC unroll 6
        for (int j = 0; j < COLUMNS; j++) {
            s[j][0] += low * b[j];
            s[j][1] += high * b[j];
        }
    }
#pragma GCC unroll 6
    for (int j = 0; j < COLUMNS; j++) {
        *(Vector*)(sums + j * leading) = s[j][0];
        *(Vector*)(sums + j * leading + 8) = s[j][1];
    }
}

void check_operand(const char* who, const Matrix& x, int rows, int columns) {
    for (int j = 0; j < columns; j++) {
        cuemu_library_reads(who, x.column(j), (size_t)rows * x.element());
    }
}

void run(void* argument) {
    const Gemm& g = *(Gemm*)argument;
    check_operand("cublasGemmEx (A)", g.a, g.a.transposed ? g.k : g.m, g.a.transposed ? g.m : g.k);
    check_operand("cublasGemmEx (B)", g.b, g.b.transposed ? g.n : g.k, g.b.transposed ? g.k : g.n);
    if (g.beta != 0) {
        check_operand("cublasGemmEx (C)", g.c, g.m, g.n);
    }
    int rowPanels = panels(g.m, ROWS);
    int columnPanels = panels(g.n, COLUMNS);
    long leading = (long)rowPanels * ROWS;
    std::vector<float> sums((size_t)leading * columnPanels * COLUMNS), a, b;
    for (int k0 = 0; k0 < g.k; k0 += DEPTH) {
        int depth = std::min(DEPTH, g.k - k0);
        pack(a, g.a, !g.a.transposed, g.m, ROWS, k0, depth);
        pack(b, g.b, g.b.transposed, g.n, COLUMNS, k0, depth);
        for (int j = 0; j < columnPanels; j++) {
            for (int i = 0; i < rowPanels; i++) {
                multiply(a.data() + (size_t)i * ROWS * depth, b.data() + (size_t)j * COLUMNS * depth, depth,
                        sums.data() + j * COLUMNS * leading + i * ROWS, leading);
            }
        }
    }
    for (int j = 0; j < g.n; j++) {
        const float* from = sums.data() + j * leading;
        auto wide = (float*)g.c.column(j);
        auto narrow = (__nv_bfloat16*)g.c.column(j);
        for (int i = 0; i < g.m; i++) {
            float x = g.alpha * from[i];
            if (g.c.type == R_32F) {
                wide[i] = g.beta == 0 ? x : x + g.beta * wide[i];
            } else {
                narrow[i] = __float2bfloat16_rn(g.beta == 0 ? x : x + g.beta * __bfloat162float(narrow[i]));
            }
        }
        cuemu_library_writes(g.c.column(j), (size_t)g.m * g.c.element());
    }
}

bool is_allocated(const char* name, const Matrix& x, int rows, int columns) {
    size_t bytes = ((size_t)x.leading * (size_t)(columns - 1) + (size_t)rows) * x.element();
    if (rows > 0 && columns > 0 && !cuemu_is_allocated(x.data, bytes)) {
        fprintf(stderr, "cuemu: cublasGemmEx: %zu bytes of %s at %p are not inside a live allocation\n", bytes, name,
                x.data);
        return false;
    }
    return true;
}

/// "Supported types" of cublasGemmEx with CUBLAS_COMPUTE_32F, as far as jalign uses them.
bool is_supported(const Matrix& a, const Matrix& b, const Matrix& c, int computeType) {
    bool narrow = a.type == R_16BF && b.type == R_16BF && (c.type == R_16BF || c.type == R_32F);
    bool wide = a.type == R_32F && b.type == R_32F && c.type == R_32F;
    return computeType == COMPUTE_32F && (narrow || wide);
}

}

CUBLAS_EXPORT int cublasCreate_v2(Handle** handle) {
    *handle = new Handle;
    return SUCCESS;
}

CUBLAS_EXPORT int cublasDestroy_v2(Handle* handle) {
    delete handle;
    return SUCCESS;
}

CUBLAS_EXPORT int cublasGetVersion_v2(Handle*, int* version) {
    *version = CUBLAS_VERSION;
    return SUCCESS;
}

CUBLAS_EXPORT int cublasSetStream_v2(Handle* handle, void* stream) {
    handle->stream = stream;
    return SUCCESS;
}

CUBLAS_EXPORT int cublasSetWorkspace_v2(Handle*, void* workspace, size_t bytes) {
    bool aligned = (uintptr_t)workspace % 256 == 0;
    return bytes == 0 || (aligned && cuemu_is_allocated(workspace, bytes)) ? SUCCESS : INVALID_VALUE;
}

CUBLAS_EXPORT int cublasSetMathMode(Handle* handle, int mode) {
    handle->mathMode = mode;
    return SUCCESS;
}

CUBLAS_EXPORT int cublasGetMathMode(Handle* handle, int* mode) {
    *mode = handle->mathMode;
    return SUCCESS;
}

CUBLAS_EXPORT int cublasSetPointerMode_v2(Handle* handle, int mode) {
    handle->pointerMode = mode;
    return mode == 0 ? SUCCESS : NOT_SUPPORTED; // alpha and beta in host memory
}

CUBLAS_EXPORT int cublasGetPointerMode_v2(Handle* handle, int* mode) {
    *mode = handle->pointerMode;
    return SUCCESS;
}

CUBLAS_EXPORT int cublasGemmEx(Handle* handle, int opA, int opB, int m, int n, int k, const void* alpha, const void* a,
        int aType, int lda, const void* b, int bType, int ldb, const void* beta, void* c, int cType, int ldc,
        int computeType, int /*algorithm*/) {
    if (!handle) {
        return NOT_INITIALIZED;
    }
    auto g = new Gemm{m, n, k, *(const float*)alpha, *(const float*)beta, {(void*)a, aType, lda, opA != 0},
            {(void*)b, bType, ldb, opB != 0}, {c, cType, ldc, false}};
    int aRows = opA ? k : m;
    int bRows = opB ? n : k;
    Status status = SUCCESS;
    if (opA < 0 || opA > OP_C || opB < 0 || opB > OP_C || m < 0 || n < 0 || k < 0 || lda < std::max(1, aRows)
            || ldb < std::max(1, bRows) || ldc < std::max(1, m)) {
        status = INVALID_VALUE;
    } else if (!is_supported(g->a, g->b, g->c, computeType)) {
        status = NOT_SUPPORTED;
    } else if (!is_allocated("A", g->a, aRows, opA ? m : k) || !is_allocated("B", g->b, bRows, opB ? k : n)
            || !is_allocated("C", g->c, m, n)) {
        status = INVALID_VALUE;
    }
    if (status != SUCCESS || m == 0 || n == 0) {
        delete g;
        return status;
    }
    cuemu_enqueue(handle->stream, run, g, [](void* gemm) { delete (Gemm*)gemm; });
    return SUCCESS;
}
