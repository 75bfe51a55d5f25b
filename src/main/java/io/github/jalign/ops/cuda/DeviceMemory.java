package io.github.jalign.ops.cuda;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.Arenas;
import io.github.jalign.tensor.Memory;
import io.github.jalign.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import jcuda.driver.JCudaDriver;

/** A range of device memory. Compared by identity. */
final class DeviceMemory implements Memory {
    private final Address.Allocated pointer;
    private final long bytes;

    private DeviceMemory(Address.Allocated pointer, long bytes) {
        this.pointer = pointer;
        this.bytes = bytes;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public MemorySegment host() {
        throw new IllegalStateException("this memory is the device's");
    }

    long address() {
        return pointer.address();
    }

    /**
     * Where a tensor of this backend begins.
     *
     * @throws IllegalArgumentException for the memory of another backend
     */
    static long addressOf(Tensor tensor) {
        if (tensor.memory() instanceof DeviceMemory device) {
            return device.address() + tensor.offset() * tensor.dtype().bytes();
        }
        throw new IllegalArgumentException(tensor + " is not in device memory");
    }

    /** cuMemAlloc, filled with zeros. */
    record Allocator(Driver driver) implements Arenas.Allocator {
        @Override
        public Memory allocate(String purpose, long bytes, long inUse) {
            driver.makeCurrent();
            Address.Allocated pointer = new Address.Allocated();
            if (bytes > 0) {
                int status = JCudaDriver.cuMemAlloc(pointer, bytes);
                if (status == Driver.OUT_OF_MEMORY) {
                    throw new JalignException(
                            JalignException.Kind.MEMORY,
                            purpose + " on " + driver.device().name(),
                            "the tensors must fit into device memory",
                            gibibytes(bytes) + " asked, " + gibibytes(driver.freeBytes()) + " free, "
                                    + gibibytes(inUse) + " held by jalign",
                            "room for what was planned at the start",
                            "stop what else uses the card (nvidia-smi), or plan for less:"
                                    + " lower max_length, or set gradient_checkpointing: true");
                }
                Driver.check(status, "cuMemAlloc", bytes);
                Driver.check(
                        JCudaDriver.cuMemsetD8Async(pointer, (byte) 0, bytes, driver.stream()), "cuMemsetD8Async", bytes);
            }
            return new DeviceMemory(pointer, bytes);
        }

        private static String gibibytes(long bytes) {
            return String.format(Locale.ROOT, "%.2f GiB", bytes / 0x1p30);
        }

        /** Waits for the kernels that may still use the memory. */
        @Override
        public void free(Memory memory) {
            DeviceMemory device = (DeviceMemory) memory;
            if (device.bytes > 0) {
                driver.makeCurrent();
                driver.synchronize();
                Driver.check(JCudaDriver.cuMemFree(device.pointer), "cuMemFree");
            }
        }
    }
}
