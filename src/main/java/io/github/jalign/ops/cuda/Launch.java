package io.github.jalign.ops.cuda;

import io.github.jalign.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.StringJoiner;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * One kernel launch being put together, argument by argument in the kernel's order. There is one such object: its
 * argument block is allocated once, and the driver copies it when it is called.
 */
final class Launch {
    private static final int MOST_ARGUMENTS = 32;

    private final Driver driver;
    private final MemorySegment values = Arena.ofAuto().allocate(8L * MOST_ARGUMENTS, 8);
    private final MemorySegment pointers = Arena.ofAuto().allocate(8L * MOST_ARGUMENTS, 8);
    private final Pointer parameters;
    private final @Nullable Tensor[] tensors = new @Nullable Tensor[MOST_ARGUMENTS];
    private int arguments;
    private int tensorCount;

    Launch(Driver driver) {
        this.driver = driver;
        for (int i = 0; i < MOST_ARGUMENTS; i++) {
            pointers.setAtIndex(ValueLayout.JAVA_LONG, i, values.address() + 8L * i);
        }
        parameters = Address.raw(pointers.address());
    }

    /** Begins anew. */
    Launch with() {
        arguments = 0;
        tensorCount = 0;
        return this;
    }

    /** A pointer to the first element. */
    Launch tensor(Tensor tensor) {
        tensors[tensorCount++] = tensor;
        return address(DeviceMemory.addressOf(tensor));
    }

    /** A pointer to the first element, and elements from one row to the next. */
    Launch matrix(Tensor tensor) {
        return tensor(tensor).count(tensor.stride());
    }

    Launch address(long address) {
        return count(address);
    }

    /** {@code long long}. */
    Launch count(long value) {
        values.setAtIndex(ValueLayout.JAVA_LONG, arguments++, value);
        return this;
    }

    /** {@code int}. */
    Launch size(int value) {
        values.set(ValueLayout.JAVA_INT, 8L * arguments++, value);
        return this;
    }

    /** {@code float}. */
    Launch number(double value) {
        values.set(ValueLayout.JAVA_FLOAT, 8L * arguments++, (float) value);
        return this;
    }

    /** {@code double}. */
    Launch precise(double value) {
        values.set(ValueLayout.JAVA_DOUBLE, 8L * arguments++, value);
        return this;
    }

    /** Queues the kernel; a grid without a block is no launch. */
    void run(Modules.Kernel kernel, int gridX, int gridY, int gridZ, int threads, int sharedBytes) {
        if (gridX == 0 || gridY == 0 || gridZ == 0) {
            return;
        }
        driver.makeCurrent();
        kernel.allow(sharedBytes);
        int status = JCudaDriver.cuLaunchKernel(
                kernel.function(), gridX, gridY, gridZ, threads, 1, 1, sharedBytes, driver.stream(), parameters, null);
        if (status != 0) {
            StringJoiner shapes = new StringJoiner(", ");
            for (int i = 0; i < tensorCount; i++) {
                shapes.add(String.valueOf(tensors[i]));
            }
            throw Driver.failure("cuLaunchKernel " + kernel.name(), status, shapes.toString());
        }
    }

    void run(Modules.Kernel kernel, int grid, int threads) {
        run(kernel, grid, 1, 1, threads, 0);
    }
}
