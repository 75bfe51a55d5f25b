package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a machine may lack, and calls that fail: whole messages, and nothing left behind. The emulator lacks it on demand. */
@Tag("emulator")
final class EmulatedRefusalsTest {
    @AfterEach
    void usual() {
        Emulator.usual();
        Emulator.assertNothingLeft();
    }

    private static void refused(String message, Runnable body) {
        JalignException e = assertThrows(JalignException.class, body::run);
        assertEquals(message, e.getMessage());
    }

    private static void cannotOpen(String message) {
        assertEquals(message, Backend.CUDA.obstacle().orElseThrow().getMessage());
        refused(message, () -> Backend.CUDA.open(1).close());
        List<String> because = new ArrayList<>();
        assertEquals(Backend.CPU, Backend.fastest(false, because::add));
        assertEquals(1, because.size());
    }

    @Test
    void aDriverThatIsTooOld() {
        Emulator.configure("DRIVER", 12080);
        cannotOpen(
                """
                device cuda: the kernels need a driver for CUDA 13.0
                  found     a driver for CUDA 12.8
                  expected  NVIDIA driver R580 or newer
                  do        update the driver, or run with --device=cpu""");
    }

    @Test
    void aCardThatIsTooOld() {
        Emulator.configure("NAME", "Tesla T4");
        Emulator.configure("CAPABILITY", 75);
        cannotOpen(
                """
                device cuda: the kernels need compute capability 8.0
                  found     Tesla T4 of compute capability 7.5
                  expected  an Ampere card (A100, A10, RTX 30) or newer
                  do        run with --device=cpu, or on a newer card""");
    }

    @Test
    void noDevice() {
        Emulator.configure("DEVICES", 0);
        cannotOpen(
                """
                device cuda: the driver must show a device
                  found     100 CUDA_ERROR_NO_DEVICE
                  expected  an NVIDIA GPU of compute capability 8.0 or newer
                  do        see what nvidia-smi says and whether CUDA_VISIBLE_DEVICES hides it, or run with --device=cpu""");
    }

    @Test
    void autoSaysWhyItIsTheCpu() {
        Emulator.configure("DRIVER", 12080);
        List<String> because = new ArrayList<>();
        assertEquals(Backend.CPU, Backend.fastest(false, because::add));
        assertEquals(
                List.of("device auto: cpu; for cuda the kernels need a driver for CUDA 13.0: a driver for CUDA 12.8"),
                because);
        Emulator.configure("DRIVER", 13000);
        assertEquals(Backend.CUDA, Backend.fastest(false, because::add));
        assertEquals(Backend.CUDA_FLOAT32, Backend.fastest(true, because::add));
        assertEquals(1, because.size());
    }

    @Test
    void tooLittleDeviceMemory() {
        Emulator.configure("MEMORY_MB", 64);
        try (Ops ops = new CudaOps(DType.F32)) {
            ops.allocate("small", List.of(new TensorSpec("x", DType.F32, 1 << 10, 1 << 13)));
            refused(
                    """
                    weights on Emulated device: the tensors must fit into device memory
                      found     0.06 GiB asked, 0.03 GiB free, 0.03 GiB held by jalign
                      expected  room for what was planned at the start
                      do        stop what else uses the card (nvidia-smi), or plan for less: lower max_length, \
                    or set gradient_checkpointing: true""",
                    () -> ops.allocate("weights", List.of(new TensorSpec("w", DType.F32, 1 << 11, 1 << 13))));
        }
    }

    @Test
    void tooLittleMemoryToPin() {
        Emulator.configure("PINNED_MB", 4);
        refused(
                """
                cuMemAllocHost: copies need pinned memory of the host
                  found     2 CUDA_ERROR_OUT_OF_MEMORY for 1024 KiB
                  expected  as much free memory, which the driver may lock
                  do        free memory of the machine, or give its container more""",
                () -> new CudaOps(DType.F32).close());
        Emulator.assertNothingLeft();
    }

    @Test
    void aLaunchThatFails() {
        try (Ops ops = new CudaOps(DType.F32)) {
            Tensor x = ops.allocate("test", List.of(new TensorSpec("x", DType.F32, 3, 5))).get("x");
            Emulator.configure("FAIL_LAUNCH", 1);
            refused(
                    """
                    cuLaunchKernel fill_f32(x[3, 5] F32): the device must accept every call
                      found     701 CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES
                      expected  0 CUDA_SUCCESS
                      do        try again, a training run with --resume_from_checkpoint=true; if it fails again, \
                    run jalign doctor and see the system's log for the driver's Xid message""",
                    () -> ops.fill(x, 1));
            ops.fill(x, 2);
            assertEquals(2, ops.read(x)[0]);
        }
    }
}
