package io.github.jalign.ops.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** cuBLAS bound by hand, from whichever of its major versions is installed: the entry points used are the same in both. */
@SuppressWarnings("restricted") // native calls are what it is for
final class PanamaBlas implements Blas {
    private static final int DEFAULT_MATH = 0;

    private final Arena arena = Arena.ofShared();
    private final String library;
    private final MethodHandle gemmEx;
    private final MethodHandle destroy;
    private final MethodHandle setWorkspace;
    private final long handle;
    private final MemorySegment one;
    private final MemorySegment zero;
    private final int version;

    /** @param stream the address of the driver's stream */
    PanamaBlas(String library, long stream) {
        this.library = library;
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
        Linker linker = Linker.nativeLinker();
        MethodHandle create = bind(linker, symbols, "cublasCreate_v2", ADDRESS);
        MethodHandle setStream = bind(linker, symbols, "cublasSetStream_v2", JAVA_LONG, JAVA_LONG);
        MethodHandle setMath = bind(linker, symbols, "cublasSetMathMode", JAVA_LONG, JAVA_INT);
        MethodHandle getVersion = bind(linker, symbols, "cublasGetVersion_v2", JAVA_LONG, ADDRESS);
        destroy = bind(linker, symbols, "cublasDestroy_v2", JAVA_LONG);
        setWorkspace = bind(linker, symbols, "cublasSetWorkspace_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG);
        gemmEx = bind(
                linker, symbols, "cublasGemmEx",
                JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, // handle, opA, opB, m, n, k
                ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, // alpha, A
                JAVA_LONG, JAVA_INT, JAVA_INT, // B
                ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, // beta, C
                JAVA_INT, JAVA_INT); // compute type, algorithm
        one = arena.allocateFrom(JAVA_FLOAT, 1);
        zero = arena.allocateFrom(JAVA_FLOAT, 0);
        MemorySegment out = arena.allocate(JAVA_LONG);
        try {
            Blas.check((int) create.invokeExact(out), "cublasCreate_v2", "");
            handle = out.get(JAVA_LONG, 0);
            Blas.check((int) setStream.invokeExact(handle, stream), "cublasSetStream_v2", "");
            Blas.check((int) setMath.invokeExact(handle, DEFAULT_MATH), "cublasSetMathMode", "");
            Blas.check((int) getVersion.invokeExact(handle, out), "cublasGetVersion_v2", "");
            version = out.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    private static MethodHandle bind(Linker linker, SymbolLookup symbols, String name, MemoryLayout... arguments) {
        return linker.downcallHandle(
                symbols.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
    }

    @Override
    public String description() {
        return Blas.name(version) + " (" + library + ", Panama)";
    }

    @Override
    public void workspace(long address, long bytes) {
        try {
            Blas.check((int) setWorkspace.invokeExact(handle, address, bytes), "cublasSetWorkspace_v2", bytes + " bytes");
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    @Override
    public void gemm(int opA, int opB, int m, int n, int k, Operand a, Operand b, boolean accumulate, Operand c) {
        int status;
        MemorySegment beta = accumulate ? one : zero; // invokeExact would see a conditional as an Object
        try {
            status = (int) gemmEx.invokeExact(
                    handle, opA, opB, m, n, k,
                    one, a.address(), Blas.code(a.dtype()), a.leading(),
                    b.address(), Blas.code(b.dtype()), b.leading(),
                    beta, c.address(), Blas.code(c.dtype()), c.leading(),
                    COMPUTE_32F, ALGORITHM);
        } catch (Throwable e) {
            throw rethrown(e);
        }
        if (status != 0) {
            Blas.check(status, "cublasGemmEx", Blas.shapes(opA, opB, m, n, k, a, b, c));
        }
    }

    private static RuntimeException rethrown(Throwable e) {
        return switch (e) {
            case RuntimeException r -> r;
            case Error error -> throw error;
            default -> new IllegalStateException(e);
        };
    }

    @Override
    public void close() {
        try {
            Blas.check((int) destroy.invokeExact(handle), "cublasDestroy_v2", "");
        } catch (Throwable e) {
            throw rethrown(e);
        }
        arena.close();
    }
}
