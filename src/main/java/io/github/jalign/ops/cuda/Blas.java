package io.github.jalign.ops.cuda;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;

/** Matrix products by cuBLAS: C = op(A) · op(B) + β·C, column-major, accumulated in float32. */
interface Blas extends AutoCloseable {
    /** cublasOperation_t. */
    int NONE = 0;

    /** cublasOperation_t. */
    int TRANSPOSE = 1;

    /** CUBLAS_COMPUTE_32F: no TF32. */
    int COMPUTE_32F = 68;

    /** CUBLAS_GEMM_DEFAULT. */
    int ALGORITHM = -1;

    /** Bytes of device memory that products may use: what NVIDIA recommends for Hopper. */
    long WORKSPACE = 32L << 20;

    /** A matrix in device memory: its address, elements from one column to the next, and its type. */
    record Operand(long address, int leading, DType dtype) {}

    /** One line: which library, which version, how bound. */
    String description();

    /** Sets the memory that products may use, once, before the first. */
    void workspace(long address, long bytes);

    /**
     * Queues a product.
     *
     * @param m rows of C
     * @param n columns of C
     * @param k columns of op(A)
     * @param accumulate β = 1 instead of 0
     */
    void gemm(int opA, int opB, int m, int n, int k, Operand a, Operand b, boolean accumulate, Operand c);

    /** cudaDataType_t. */
    static int code(DType dtype) {
        return switch (dtype) {
            case F32 -> 0;
            case BF16 -> 14;
            default -> throw new IllegalArgumentException("no product of " + dtype);
        };
    }

    /** What a failed call was called with. */
    static String shapes(int opA, int opB, int m, int n, int k, Operand a, Operand b, Operand c) {
        return "m %d, n %d, k %d, %s%s · %s%s -> %s"
                .formatted(
                        m, n, k, a.dtype(), opA == TRANSPOSE ? "ᵀ" : "", b.dtype(), opB == TRANSPOSE ? "ᵀ" : "", c.dtype());
    }

    /** "cuBLAS 13.1.0" of what cublasGetVersion says. */
    static String name(int version) {
        return "cuBLAS %d.%d.%d".formatted(version / 10000, version / 100 % 100, version % 100);
    }

    /**
     * @param status cublasStatus_t
     * @param arguments what was called with, or empty
     * @throws JalignException of kind DEVICE unless the call succeeded
     */
    static void check(int status, String call, String arguments) {
        if (status != 0) {
            throw Driver.failure(call, statusName(status), arguments);
        }
    }

    private static String statusName(int status) {
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

    @Override
    void close();
}
