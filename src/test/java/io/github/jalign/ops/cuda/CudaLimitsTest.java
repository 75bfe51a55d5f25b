package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What any device refuses, and that it goes on afterwards. */
@Tag("emulator")
@Tag("gpu")
final class CudaLimitsTest {
    @AfterEach
    void nothingIsLeft() {
        Emulator.assertNothingLeft();
    }

    private static Tensor allocate(Ops ops, int rows, int cols) {
        return ops.allocate("test", List.of(new TensorSpec("x", DType.F32, rows, cols))).get("x");
    }

    @Test
    void moreMemoryThanAnyDeviceHas() {
        try (Ops ops = new CudaOps(DType.F32)) {
            allocate(ops, 1 << 10, 1 << 10);
            JalignException e = assertThrows(JalignException.class, () -> allocate(ops, 1 << 20, 1 << 20));
            assertEquals(
                    """
                    test on %s: the tensors must fit into device memory
                      found     4096.00 GiB asked, ? GiB free, 0.00 GiB held by jalign
                      expected  room for what was planned at the start
                      do        stop what else uses the card (nvidia-smi), or plan for less: lower max_length, \
                    or set gradient_checkpointing: true"""
                            .formatted(Driver.find().name()),
                    e.getMessage().replaceFirst("[0-9.]+ GiB free", "? GiB free"));
            Tensor small = allocate(ops, 3, 5);
            ops.fill(small, 2);
            assertEquals(2, ops.read(small)[14]);
        }
    }

    @Test
    void memoryOfAnotherBackend() {
        try (Ops ops = new CudaOps(DType.F32);
                Ops cpu = Backend.CPU.open(1)) {
            Tensor x = allocate(cpu, 3, 5);
            assertEquals(
                    "x[3, 5] F32 is not in device memory",
                    assertThrows(IllegalArgumentException.class, () -> ops.fill(x, 1)).getMessage());
        }
    }

    /** The smaller one has been given back by then: it must be asked for again, and is no longer written to. */
    @Test
    void aWorkspaceLargerThanAnyDevice() {
        Workload small = new Workload(4, 4, 1, 1, 8, 16, 8, 17, 4, true);
        Workload large = new Workload(1 << 20, 4, 30_000, 1, 8, 900_000_000, 8, 17, 4, true);
        try (Ops ops = new CudaOps(DType.F32)) {
            Tensor dy = allocate(ops, 3, 5);
            Tensor dbias = allocate(ops, 1, 5);
            ops.fill(dy, 2);
            ops.reserve(small);
            ops.biasBackward(dy, dbias);
            assertEquals(
                    JalignException.Kind.MEMORY,
                    assertThrows(JalignException.class, () -> ops.reserve(large)).kind());
            assertEquals(
                    "operators may be called only after reserve",
                    assertThrows(IllegalStateException.class, () -> ops.biasBackward(dy, dbias)).getMessage());
            ops.reserve(small);
            ops.biasBackward(dy, dbias);
            assertArrayEquals(new double[] {12, 12, 12, 12, 12}, ops.read(dbias));
        }
    }

    private static void refused(String message, Executable action) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, action).getMessage());
    }

    /** cuBLAS takes addresses, and would read and write beside them. */
    @Test
    void productsOfOtherShapes() {
        try (Ops ops = new CudaOps(DType.F32)) {
            Tensor x = allocate(ops, 3, 8);
            Tensor w = allocate(ops, 5, 8);
            Tensor y = allocate(ops, 3, 5);
            refused("expected [3, 5], not x[3, 8] F32", () -> ops.weight(w).linear(x, x, false));
            refused("expected [3, 5], not x[3, 8] F32", () -> ops.weight(w).linearDx(x, x, false));
            refused("expected [5, 8], not x[3, 5] F32", () -> ops.weight(w).linearDw(y, x, y));
        }
    }
}
