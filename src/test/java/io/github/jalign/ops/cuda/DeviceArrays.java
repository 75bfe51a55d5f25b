package io.github.jalign.ops.cuda;

import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/** Device memory of a test, filled from and read into Java arrays; freed at the end. */
final class DeviceArrays implements AutoCloseable {
    private final Driver driver;
    private final List<Address.Allocated> allocated = new ArrayList<>();

    DeviceArrays(Driver driver) {
        this.driver = driver;
    }

    /** The address of a copy of the values. */
    long of(float... values) {
        return copy(Pointer.to(values), 4L * values.length);
    }

    long of(int... values) {
        return copy(Pointer.to(values), 4L * values.length);
    }

    long of(short... values) {
        return copy(Pointer.to(values), 2L * values.length);
    }

    /** The address of memory that nobody has written. */
    long unwritten(long bytes) {
        driver.makeCurrent();
        Address.Allocated memory = new Address.Allocated();
        Driver.check(JCudaDriver.cuMemAlloc(memory, bytes), "cuMemAlloc");
        allocated.add(memory);
        return memory.address();
    }

    float[] floats(long address, int n) {
        float[] values = new float[n];
        read(Pointer.to(values), address, 4L * n);
        return values;
    }

    int[] ints(long address, int n) {
        int[] values = new int[n];
        read(Pointer.to(values), address, 4L * n);
        return values;
    }

    short[] shorts(long address, int n) {
        short[] values = new short[n];
        read(Pointer.to(values), address, 2L * n);
        return values;
    }

    /** The call returns when the host's memory has been read; the driver's stream does not wait for what follows. */
    private long copy(Pointer from, long bytes) {
        long address = unwritten(bytes);
        Driver.check(JCudaDriver.cuMemcpyHtoD(Address.device(address), from, bytes), "cuMemcpyHtoD");
        Driver.check(JCudaDriver.cuCtxSynchronize(), "cuCtxSynchronize");
        return address;
    }

    private void read(Pointer to, long address, long bytes) {
        driver.synchronize();
        Driver.check(JCudaDriver.cuMemcpyDtoH(to, Address.device(address), bytes), "cuMemcpyDtoH");
    }

    /** In a failed context memory cannot be freed; the test has failed already. */
    @Override
    public void close() {
        driver.makeCurrent();
        allocated.forEach(JCudaDriver::cuMemFree);
    }
}
