package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** cuBLAS, through each provider that finds its library, against sums in double. */
@Tag("emulator")
@Tag("checked")
@Tag("gpu")
final class CudaBlasTest {
    /** m, n, k: one element; none a multiple of a tile; as long as a tile and one more. */
    private static final List<int[]> SHAPES = List.of(
            new int[] {1, 1, 1}, new int[] {3, 8, 13}, new int[] {16, 6, 31}, new int[] {17, 7, 512},
            new int[] {33, 129, 64}, new int[] {64, 31, 577}, new int[] {127, 13, 1});

    private Driver driver;
    private DeviceArrays arrays;

    record Types(BlasProvider provider, DType in, DType out, int opA, int opB, boolean accumulate) {}

    /** JCublas2 needs cuBLAS 12; a machine may have 13 only. */
    static Stream<BlasProvider> providers() {
        return Stream.of(BlasProvider.values()).filter(provider -> provider.find().isPresent());
    }

    static Stream<Types> types() {
        return providers().flatMap(provider -> Stream.of(
                        new DType[] {DType.F32, DType.F32}, new DType[] {DType.BF16, DType.F32},
                        new DType[] {DType.BF16, DType.BF16})
                .flatMap(t -> Stream.of(Blas.NONE, Blas.TRANSPOSE)
                        .flatMap(a -> Stream.of(Blas.NONE, Blas.TRANSPOSE)
                                .flatMap(b -> Stream.of(false, true)
                                        .map(c -> new Types(provider, t[0], t[1], a, b, c))))));
    }

    @BeforeEach
    void open() {
        driver = Driver.open();
        arrays = new DeviceArrays(driver);
    }

    @AfterEach
    void close() {
        arrays.close();
        driver.close();
        Emulator.assertNothingReported();
    }

    @ParameterizedTest
    @MethodSource("types")
    void productsAreSums(Types t) {
        try (Blas blas = t.provider.open(driver.stream())) {
            blas.workspace(arrays.unwritten(Blas.WORKSPACE), Blas.WORKSPACE);
            for (int[] shape : SHAPES) {
                check(blas, t, shape[0], shape[1], shape[2]);
            }
        }
    }

    private void check(Blas blas, Types t, int m, int n, int k) {
        Random random = new Random(m * 31L + n);
        boolean plainA = t.opA == Blas.NONE;
        boolean plainB = t.opB == Blas.NONE;
        DeviceMatrix a = new DeviceMatrix(arrays, plainA ? m : k, plainA ? k : m, t.in, random);
        DeviceMatrix b = new DeviceMatrix(arrays, plainB ? k : n, plainB ? n : k, t.in, random);
        DeviceMatrix c = new DeviceMatrix(arrays, m, n, t.out, random);
        blas.gemm(t.opA, t.opB, m, n, k, a.operand(), b.operand(), t.accumulate, c.operand());
        float[] found = c.now();
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < m; i++) {
                double sum = t.accumulate ? c.at(i, j) : 0;
                double magnitude = Math.abs(sum);
                for (int p = 0; p < k; p++) {
                    double product = (double) (plainA ? a.at(i, p) : a.at(p, i)) * (plainB ? b.at(p, j) : b.at(j, p));
                    sum += product;
                    magnitude += Math.abs(product);
                }
                // k additions and that to C lose less than an ulp each, rounded or, by tensor cores, cut; bf16 keeps 8 bits.
                double bound = (k + 2) * 0x1p-23 * magnitude + (t.out == DType.BF16 ? 0x1p-8 * Math.abs(sum) : 0);
                assertEquals(sum, found[j * c.leading() + i], bound, m + " x " + n + " x " + k);
            }
            for (int i = m; i < c.leading(); i++) {
                assertEquals(c.at(i, j), found[j * c.leading() + i], "padding");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void refusesWhatCublasRefuses(BlasProvider provider) {
        Random random = new Random(6);
        DeviceMatrix wide = new DeviceMatrix(arrays, 8, 8, DType.F32, random);
        DeviceMatrix narrow = new DeviceMatrix(arrays, 8, 8, DType.BF16, random);
        Blas.Operand tooNarrow = new Blas.Operand(wide.address(), 7, DType.F32);
        try (Blas blas = provider.open(driver.stream())) {
            refused(15, () -> blas.gemm(0, 0, 8, 8, 8, wide.operand(), narrow.operand(), false, wide.operand()));
            refused(15, () -> blas.gemm(0, 0, 8, 8, 8, wide.operand(), wide.operand(), false, narrow.operand()));
            refused(7, () -> blas.gemm(0, 0, 8, 8, 8, tooNarrow, wide.operand(), false, wide.operand()));
        }
    }

    static void refused(int status, Runnable call) {
        JalignException e = assertThrows(JalignException.class, call::run);
        assertTrue(e.getMessage().contains(status + " CUBLAS_STATUS_"), e::getMessage);
    }
}
