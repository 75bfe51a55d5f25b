// What the emulator costs, for native/README.md: native/measure-emulator.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>

extern "C" {
int cuInit(unsigned);
int cuCtxCreate_v2(void**, unsigned, int);
int cuModuleLoadData(void**, const void*);
int cuModuleGetFunction(void**, void*, const char*);
int cuMemAlloc_v2(unsigned long long*, size_t);
int cuMemsetD8_v2(unsigned long long, unsigned char, size_t);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
int cuCtxSynchronize();
int cublasCreate_v2(void**);
int cublasGemmEx(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int, const void*,
        void*, int, int, int, int);
}

static void check(int status, const char* call) {
    if (status != 0) {
        fprintf(stderr, "%s: %d\n", call, status);
        exit(1);
    }
}

/// Microseconds of the fastest of several runs.
template <class F>
static double fastest(F run) {
    double best = 1e30;
    for (int i = 0; i < 9; i++) {
        auto start = std::chrono::steady_clock::now();
        run();
        std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - start;
        best = std::min(best, taken.count());
    }
    return best;
}

int main(int, char** arguments) {
    std::ifstream file(arguments[1], std::ios::binary);
    std::string image((std::istreambuf_iterator<char>(file)), {});
    void *context, *module, *blas;
    unsigned long long memory;
    size_t bytes = 64 << 20;
    check(cuInit(0), "cuInit");
    check(cuCtxCreate_v2(&context, 0, 0), "cuCtxCreate");
    check(cuModuleLoadData(&module, image.data()), "cuModuleLoadData");
    check(cuMemAlloc_v2(&memory, bytes), "cuMemAlloc");
    check(cuMemsetD8_v2(memory, 0, bytes), "cuMemsetD8");

    auto run = [&](const char* name, unsigned grid, unsigned threads, int n) {
        void* function;
        check(cuModuleGetFunction(&function, module, name), name);
        void* parameters[] = {&n, &memory};
        return fastest([&] {
            check(cuLaunchKernel(function, grid, 1, 1, threads, 1, 1, 0, nullptr, parameters, nullptr), name);
            check(cuCtxSynchronize(), name);
        });
    };
    printf("launch and wait, one block of 32      %8.2f us\n", run("empty", 1, 32, 0));
    for (const char* name : {"empty", "silu"}) {
        printf("thread, %-6s (4096 blocks of 256)    %8.1f ns\n", name, run(name, 4096, 256, 0) * 1e3 / (4096 * 256));
    }
    constexpr int TIMES = 2000;
    for (const char* name : {"syncwarp", "shuffle", "ldmatrix", "mma"}) {
        printf("%-10s of a warp                  %8.2f us\n", name, run(name, 1, 32, TIMES) / TIMES);
    }
    printf("__syncthreads of 256 threads          %8.2f us\n", run("barrier", 1, 256, TIMES) / TIMES);

    check(cublasCreate_v2(&blas), "cublasCreate");
    int m = 512, n = 1536, k = 576;
    float one = 1, zero = 0;
    auto at = [&](size_t offset) { return (void*)(memory + offset); };
    constexpr int R_32F = 0, R_16BF = 14, COMPUTE_32F = 68, DEFAULT = -1;
    for (int type : {R_32F, R_16BF}) {
        double us = fastest([&] {
            check(cublasGemmEx(blas, 0, 0, m, n, k, &one, at(0), type, m, at(16 << 20), type, k, &zero, at(32 << 20),
                    R_32F, m, COMPUTE_32F, DEFAULT), "cublasGemmEx");
        });
        printf("cublasGemmEx 512 x 1536 x 576, %s   %8.2f ms, %.0f GFLOP/s\n", type == R_32F ? "f32 " : "bf16",
                us * 1e-3, 2e-3 * m * n * k / us);
    }
}
