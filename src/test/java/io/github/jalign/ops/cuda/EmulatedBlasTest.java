package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.tensor.DType;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the emulated cuBLAS does beyond a real one, and both bindings on it. */
@Tag("emulator")
@Tag("checked")
final class EmulatedBlasTest {
    private Driver driver;
    private DeviceArrays arrays;
    private Blas blas;

    @BeforeEach
    void open() {
        Emulator.reset();
        driver = Driver.open();
        arrays = new DeviceArrays(driver);
        blas = BlasProvider.PANAMA.open(driver.stream());
    }

    @AfterEach
    void close() {
        blas.close();
        arrays.close();
        driver.close();
        assertEquals(List.of(), Emulator.reports());
    }

    private DeviceMatrix matrix(int rows, int columns, DType dtype, Random random) {
        return new DeviceMatrix(arrays, rows, columns, dtype, random);
    }

    @Test
    void bothBindingsGiveTheSameBits() {
        Random random = new Random(5);
        DeviceMatrix a = matrix(40, 50, DType.BF16, random);
        DeviceMatrix b = matrix(50, 30, DType.BF16, random);
        DeviceMatrix c = matrix(40, 30, DType.F32, random);
        blas.gemm(Blas.NONE, Blas.NONE, 40, 30, 50, a.operand(), b.operand(), false, c.operand());
        float[] panama = c.now();
        try (Blas other = BlasProvider.JCUBLAS.open(driver.stream())) {
            other.gemm(Blas.NONE, Blas.NONE, 40, 30, 50, a.operand(), b.operand(), false, c.operand());
        }
        assertArrayEquals(panama, c.now());
    }

    @Test
    void operandsStayInsideAllocations() {
        DeviceMatrix x = matrix(8, 8, DType.F32, new Random(6));
        Blas.Operand behind = new Blas.Operand(x.address() + 16, x.leading(), DType.F32);
        CudaBlasTest.refused(7, () -> blas.gemm(0, 0, 8, 8, 8, behind, x.operand(), false, x.operand()));
    }

    @Test
    void reportsOperandsThatNobodyWrote() {
        Random random = new Random(7);
        DeviceMatrix a = matrix(8, 8, DType.F32, random);
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
