package io.github.jalign.ops.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.jalign.errors.JalignException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** cuBLAS bound by hand, from whichever of its major versions is installed: the entry points used are the same in both. */
@SuppressWarnings("restricted") // native calls are what it is for
final class PanamaBlas implements Blas {
    /** In the order they are tried. */
    static final List<String> LIBRARIES = List.of("libcublas.so.13", "libcublas.so.12");

    private static final int SUCCESS = 0;
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
    PanamaBlas(long stream) {
        library = find().orElseThrow(PanamaBlas::missing);
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
            check((int) create.invokeExact(out), "cublasCreate_v2", "");
            handle = out.get(JAVA_LONG, 0);
            check((int) setStream.invokeExact(handle, stream), "cublasSetStream_v2", "");
            check((int) setMath.invokeExact(handle, DEFAULT_MATH), "cublasSetMathMode", "");
            check((int) getVersion.invokeExact(handle, out), "cublasGetVersion_v2", "");
            version = out.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    private static MethodHandle bind(Linker linker, SymbolLookup symbols, String name, MemoryLayout... arguments) {
        return linker.downcallHandle(
                symbols.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
    }

    /** The library that would be used. */
    static Optional<String> find() {
        return LIBRARIES.stream().filter(Driver::loads).findFirst();
    }

    static JalignException missing() {
        return new JalignException(
                JalignException.Kind.DEVICE,
                "device cuda",
                "matrix products need cuBLAS",
                "none of " + String.join(", ", LIBRARIES) + " can be loaded",
                "cuBLAS of CUDA 13 or 12",
                "install it and put its folder on LD_LIBRARY_PATH, or run with --device=cpu");
    }

    @Override
    public String description() {
        return String.format(
                Locale.ROOT, "cuBLAS %d.%d.%d (%s, Panama)", version / 10000, version / 100 % 100, version % 100, library);
    }

    @Override
    public void workspace(long address, long bytes) {
        try {
            check((int) setWorkspace.invokeExact(handle, address, bytes), "cublasSetWorkspace_v2", bytes + " bytes");
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
        if (status != SUCCESS) {
            check(status, "cublasGemmEx", Blas.shapes(opA, opB, m, n, k, a, b, c));
        }
    }

    private static void check(int status, String call, String arguments) {
        if (status != SUCCESS) {
            throw Driver.failure(call, name(status), arguments);
        }
    }

    /** cublasStatus_t. */
    static String name(int status) {
        return status + " "
                + switch (status) {
                    case 1 -> "CUBLAS_STATUS_NOT_INITIALIZED";
                    case 3 -> "CUBLAS_STATUS_ALLOC_FAILED";
                    case 7 -> "CUBLAS_STATUS_INVALID_VALUE";
                    case 8 -> "CUBLAS_STATUS_ARCH_MISMATCH";
                    case 11 -> "CUBLAS_STATUS_MAPPING_ERROR";
                    case 13 -> "CUBLAS_STATUS_EXECUTION_FAILED";
                    case 14 -> "CUBLAS_STATUS_INTERNAL_ERROR";
                    case 15 -> "CUBLAS_STATUS_NOT_SUPPORTED";
                    default -> "of no known name";
                };
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
            check((int) destroy.invokeExact(handle), "cublasDestroy_v2", "");
        } catch (Throwable e) {
            throw rethrown(e);
        }
        arena.close();
    }
}
