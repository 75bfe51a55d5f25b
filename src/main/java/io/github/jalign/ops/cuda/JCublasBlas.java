package io.github.jalign.ops.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
    private final cublasHandle handle = new cublasHandle();
    private final Arena arena = Arena.ofShared();
    private final Pointer one = number(1);
    private final Pointer zero = number(0);
    private final int version;

    JCublasBlas(CUstream stream) {
        Blas.check(JCublas2.cublasCreate(handle), "cublasCreate", "");
        Blas.check(JCublas2.cublasSetStream(handle, new cudaStream_t(stream)), "cublasSetStream", "");
        int[] found = new int[1];
        Blas.check(JCublas2.cublasGetVersion(handle, found), "cublasGetVersion", "");
        version = found[0];
    }

    private Pointer number(float value) {
        MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_FLOAT, value);
        return Address.raw(segment.address());
    }

    @Override
    public String description() {
        return Blas.name(version) + " (JCublas2)";
    }

    @Override
    public void workspace(long address, long bytes) {
        Blas.check(
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
        if (status != 0) {
            Blas.check(status, "cublasGemmEx_new", Blas.shapes(opA, opB, m, n, k, a, b, c));
        }
    }

    @Override
    public void close() {
        Blas.check(JCublas2.cublasDestroy(handle), "cublasDestroy", "");
        arena.close();
    }
}
