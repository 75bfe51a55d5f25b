package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The emulated cuBLAS, through both bindings, against sums in double. */
@Tag("emulator")
@Tag("checked")
final class EmulatedBlasTest {
    /** m, n, k: panels of 16, 6 and 512 and what is beside them. */
    private static final List<int[]> SHAPES = List.of(
            new int[] {1, 1, 1}, new int[] {3, 8, 13}, new int[] {16, 6, 31}, new int[] {17, 7, 512},
            new int[] {33, 129, 64}, new int[] {64, 31, 577}, new int[] {127, 13, 1});

    private Driver driver;
    private DeviceArrays arrays;
    private Blas blas;

    record Types(DType in, DType out, int opA, int opB, boolean accumulate) {}

    static Stream<Types> types() {
        return Stream.of(new DType[] {DType.F32, DType.F32}, new DType[] {DType.BF16, DType.F32},
                        new DType[] {DType.BF16, DType.BF16})
                .flatMap(t -> Stream.of(Blas.NONE, Blas.TRANSPOSE)
                        .flatMap(a -> Stream.of(Blas.NONE, Blas.TRANSPOSE)
                                .flatMap(b -> Stream.of(false, true).map(c -> new Types(t[0], t[1], a, b, c)))));
    }

    @BeforeEach
    void open() {
        Emulator.reset();
        driver = Driver.open();
        arrays = new DeviceArrays(driver);
        blas = new PanamaBlas(driver.stream().address());
    }

    @AfterEach
    void close() {
        blas.close();
        arrays.close();
        driver.close();
        assertEquals(List.of(), Emulator.reports());
    }

    /** A matrix by columns, with rows of padding that must stay as they are. */
    private final class Matrix {
        final int rows;
        final int leading;
        final DType dtype;
        final float[] values;
        final long address;

        Matrix(int rows, int columns, DType dtype, Random random) {
            this.rows = rows;
            this.leading = rows + 3;
            this.dtype = dtype;
            values = new float[leading * columns];
            for (int i = 0; i < values.length; i++) {
                float x = (float) random.nextGaussian();
                values[i] = dtype == DType.F32 ? x : rounded(x);
            }
            address = dtype == DType.F32 ? arrays.of(values) : arrays.of(narrow(values));
        }

        float at(int row, int column) {
            return values[column * leading + row];
        }

        Blas.Operand operand() {
            return new Blas.Operand(address, leading, dtype);
        }

        float[] now() {
            if (dtype == DType.F32) {
                return arrays.floats(address, values.length);
            }
            short[] narrow = arrays.shorts(address, values.length);
            float[] wide = new float[narrow.length];
            for (int i = 0; i < wide.length; i++) {
                wide[i] = Float.intBitsToFloat(narrow[i] << 16);
            }
            return wide;
        }
    }

    private static float rounded(float x) {
        int bits = Float.floatToRawIntBits(x);
        return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
    }

    private static short[] narrow(float[] values) {
        short[] narrow = new short[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (short) (Float.floatToRawIntBits(values[i]) >>> 16);
        }
        return narrow;
    }

    @ParameterizedTest
    @MethodSource("types")
    void productsAreSums(Types t) {
        for (int[] shape : SHAPES) {
            int m = shape[0];
            int n = shape[1];
            int k = shape[2];
            Random random = new Random(m * 31L + n);
            Matrix a = t.opA == Blas.NONE ? new Matrix(m, k, t.in, random) : new Matrix(k, m, t.in, random);
            Matrix b = t.opB == Blas.NONE ? new Matrix(k, n, t.in, random) : new Matrix(n, k, t.in, random);
            Matrix c = new Matrix(m, n, t.out, random);
            blas.gemm(t.opA, t.opB, m, n, k, a.operand(), b.operand(), t.accumulate, c.operand());
            float[] found = c.now();
            for (int j = 0; j < n; j++) {
                for (int i = 0; i < m; i++) {
                    double sum = t.accumulate ? c.at(i, j) : 0;
                    double magnitude = Math.abs(sum);
                    for (int p = 0; p < k; p++) {
                        double product = (double) (t.opA == Blas.NONE ? a.at(i, p) : a.at(p, i))
                                * (t.opB == Blas.NONE ? b.at(p, j) : b.at(j, p));
                        sum += product;
                        magnitude += Math.abs(product);
                    }
                    // k fused multiply-adds and the addition to C; then bf16 keeps 8 bits.
                    double bound = (k + 2) * 0x1p-24 * magnitude + (t.out == DType.BF16 ? 0x1p-8 * Math.abs(sum) : 0);
                    assertEquals(sum, found[j * c.leading + i], bound, m + " x " + n + " x " + k);
                }
                for (int i = m; i < c.leading; i++) {
                    assertEquals(c.at(i, j), found[j * c.leading + i], "padding");
                }
            }
        }
    }

    @Test
    void bothBindingsGiveTheSameBits() {
        Random random = new Random(5);
        Matrix a = new Matrix(40, 50, DType.BF16, random);
        Matrix b = new Matrix(50, 30, DType.BF16, random);
        Matrix c = new Matrix(40, 30, DType.F32, random);
        blas.gemm(Blas.NONE, Blas.NONE, 40, 30, 50, a.operand(), b.operand(), false, c.operand());
        float[] panama = c.now();
        try (Blas other = new JCublasBlas(driver.stream())) {
            other.gemm(Blas.NONE, Blas.NONE, 40, 30, 50, a.operand(), b.operand(), false, c.operand());
        }
        assertArrayEquals(panama, c.now());
    }

    @Test
    void refusesWhatCublasRefuses() {
        Random random = new Random(6);
        Matrix wide = new Matrix(8, 8, DType.F32, random);
        Matrix narrow = new Matrix(8, 8, DType.BF16, random);
        refused(15, () -> blas.gemm(0, 0, 8, 8, 8, wide.operand(), narrow.operand(), false, wide.operand()));
        refused(15, () -> blas.gemm(0, 0, 8, 8, 8, wide.operand(), wide.operand(), false, narrow.operand()));
        Blas.Operand tooNarrow = new Blas.Operand(wide.address, 7, DType.F32);
        refused(7, () -> blas.gemm(0, 0, 8, 8, 8, tooNarrow, wide.operand(), false, wide.operand()));
        Blas.Operand behind = new Blas.Operand(wide.address + 16, 11, DType.F32);
        refused(7, () -> blas.gemm(0, 0, 8, 8, 8, behind, wide.operand(), false, wide.operand()));
    }

    private static void refused(int status, Runnable call) {
        JalignException e = assertThrows(JalignException.class, call::run);
        assertTrue(e.getMessage().contains(status + " CUBLAS_STATUS_"), e::getMessage);
    }

    @Test
    void reportsOperandsThatNobodyWrote() {
        Random random = new Random(7);
        Matrix a = new Matrix(8, 8, DType.F32, random);
        Blas.Operand unwritten = new Blas.Operand(arrays.unwritten(4 * 64), 8, DType.F32);
        blas.gemm(0, 0, 8, 8, 8, a.operand(), unwritten, false, a.operand());
        List<String> reports = Emulator.reports();
        Emulator.reset();
        if (Emulator.checked()) {
            assertTrue(
                    reports.getFirst().matches(
                            "uninitialised read: 32 bytes of device memory at 0x[0-9a-f]+ by cublasGemmEx \\(B\\)"),
                    reports::toString);
        } else {
            assertEquals(List.of(), reports);
            assertTrue(Float.isNaN(a.now()[0]), "what nobody wrote is NaN");
        }
    }
}
