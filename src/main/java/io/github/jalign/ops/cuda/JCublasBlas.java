package io.github.jalign.ops.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import jcuda.Pointer;
import jcuda.driver.CUstream;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.runtime.cudaStream_t;

/**
 * cuBLAS through JCublas2, which needs {@code libcublas.so.12}. Its {@code cublasGemmEx} takes a data type where cuBLAS
 * takes a compute type and fails without a word; {@code cublasGemmEx_new} is the call of CUDA 11 and later.
 */
final class JCublasBlas implements Blas {
    private static final int SUCCESS = 0;

    private final cublasHandle handle = new cublasHandle();
    private final Arena arena = Arena.ofShared();
    private final Pointer one = number(1);
    private final Pointer zero = number(0);
    private final int version;

    JCublasBlas(CUstream stream) {
        check(JCublas2.cublasCreate(handle), "cublasCreate", "");
        check(JCublas2.cublasSetStream(handle, new cudaStream_t(stream)), "cublasSetStream", "");
        int[] found = new int[1];
        check(JCublas2.cublasGetVersion(handle, found), "cublasGetVersion", "");
        version = found[0];
    }

    private Pointer number(float value) {
        MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_FLOAT, value);
        return Address.raw(segment.address());
    }

    @Override
    public String description() {
        return String.format(Locale.ROOT, "cuBLAS %d.%d.%d (JCublas2)", version / 10000, version / 100 % 100, version % 100);
    }

    @Override
    public void workspace(long address, long bytes) {
        check(
                JCublas2.cublasSetWorkspace(handle, Address.device(address), bytes),
                "cublasSetWorkspace", bytes + " bytes");
    }

    @Override
    public void gemm(int opA, int opB, int m, int n, int k, Operand a, Operand b, boolean accumulate, Operand c) {
        int status = JCublas2.cublasGemmEx_new(
                handle, opA, opB, m, n, k,
                one, Address.device(a.address()), Blas.code(a.dtype()), a.leading(),
                Address.device(b.address()), Blas.code(b.dtype()), b.leading(),
                accumulate ? one : zero, Address.device(c.address()), Blas.code(c.dtype()), c.leading(),
                COMPUTE_32F, ALGORITHM);
        if (status != SUCCESS) {
            check(status, "cublasGemmEx_new", Blas.shapes(opA, opB, m, n, k, a, b, c));
        }
    }

    private static void check(int status, String call, String arguments) {
        if (status != SUCCESS) {
            throw Driver.failure(call, PanamaBlas.name(status), arguments);
        }
    }

    @Override
    public void close() {
        check(JCublas2.cublasDestroy(handle), "cublasDestroy", "");
        arena.close();
    }
}
