package io.github.jalign.ops.cuda;

import io.github.jalign.errors.JalignException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * The driver's first device: its primary context, the one stream that everything is queued on, and what it gives out
 * until it is closed: pinned memory and events. Every call's status is checked.
 */
final class Driver implements AutoCloseable {
    /** What nvcc 13.0's code needs: R580, which calls itself CUDA 13.0. */
    static final int DRIVER_FLOOR = 13_000;

    /** bf16 mma.sync and cp.async: Ampere. */
    static final int CAPABILITY_FLOOR = 80;

    static final int OUT_OF_MEMORY = 2;
    private static final int SUCCESS = 0;

    /**
     * What was found.
     *
     * @param driverVersion as CUDA numbers it: 13000 is 13.0
     * @param capability 10 · major + minor
     */
    record Device(String name, int driverVersion, int capability, int multiprocessors, long totalBytes) {
        String description() {
            return String.format(
                    Locale.ROOT, "%s (sm_%d, %d SMs, %.1f GiB), driver for CUDA %d.%d",
                    name, capability, multiprocessors, totalBytes / 0x1p30,
                    driverVersion / 1000, driverVersion % 1000 / 10);
        }
    }

    private final CUdevice handle;
    private final CUcontext context;
    private final Address.Stream stream;
    private final Device device;
    private final List<Address.Pinned> pinned = new ArrayList<>();
    private final List<CUevent> events = new ArrayList<>();
    private Thread current;

    private Driver(CUdevice handle, Device device) {
        this.handle = handle;
        this.device = device;
        this.context = new CUcontext();
        this.current = Thread.currentThread();
        this.stream = new Address.Stream();
        check(JCudaDriver.cuDevicePrimaryCtxRetain(context, handle), "cuDevicePrimaryCtxRetain");
        boolean opened = false;
        try {
            check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
            check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
            opened = true;
        } finally {
            if (!opened) {
                JCudaDriver.cuDevicePrimaryCtxRelease(handle);
            }
        }
    }

    /**
     * Takes the first device that {@code CUDA_VISIBLE_DEVICES} shows.
     *
     * @throws JalignException of kind DEVICE when there is no driver, it is too old, or the card is
     */
    static Driver open() {
        CUdevice handle = new CUdevice();
        return new Driver(handle, find(handle));
    }

    /** The device that {@link #open} would take. */
    static Device find() {
        return find(new CUdevice());
    }

    private static Device find(CUdevice handle) {
        requireLibrary();
        int[] value = new int[1];
        check(JCudaDriver.cuDriverGetVersion(value), "cuDriverGetVersion");
        int version = value[0];
        if (version < DRIVER_FLOOR) {
            throw new JalignException(
                    JalignException.Kind.DEVICE,
                    "device cuda",
                    "the kernels need a driver for CUDA 13.0",
                    "a driver for CUDA %d.%d".formatted(version / 1000, version % 1000 / 10),
                    "NVIDIA driver R580 or newer",
                    "update the driver, or run with --device=cpu");
        }
        int status = JCudaDriver.cuInit(0);
        if (status == SUCCESS) {
            status = JCudaDriver.cuDeviceGetCount(value);
        }
        if (status != SUCCESS || value[0] == 0) {
            throw new JalignException(
                    JalignException.Kind.DEVICE,
                    "device cuda",
                    "the driver must show a device",
                    status == SUCCESS ? "none" : name(status),
                    "an NVIDIA GPU of compute capability 8.0 or newer",
                    "see what nvidia-smi says and whether CUDA_VISIBLE_DEVICES hides it, or run with --device=cpu");
        }
        check(JCudaDriver.cuDeviceGet(handle, 0), "cuDeviceGet");
        byte[] text = new byte[256];
        check(JCudaDriver.cuDeviceGetName(text, text.length, handle), "cuDeviceGetName");
        int end = 0;
        while (end < text.length && text[end] != 0) {
            end++;
        }
        String name = new String(Arrays.copyOf(text, end), StandardCharsets.UTF_8);
        int capability = 10 * attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        if (capability < CAPABILITY_FLOOR) {
            throw new JalignException(
                    JalignException.Kind.DEVICE,
                    "device cuda",
                    "the kernels need compute capability 8.0",
                    name + " of compute capability " + capability / 10 + "." + capability % 10,
                    "an Ampere card (A100, A10, RTX 30) or newer",
                    "run with --device=cpu, or on a newer card");
        }
        long[] total = new long[1];
        check(JCudaDriver.cuDeviceTotalMem(total, handle), "cuDeviceTotalMem");
        int processors = attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        return new Device(name, version, capability, processors, total[0]);
    }

    /** JCuda itself fails with an error that poisons its classes for good; so the library is looked up first. */
    private static void requireLibrary() {
        if (!loads("libcuda.so.1")) {
            throw new JalignException(
                    JalignException.Kind.DEVICE,
                    "device cuda",
                    "the NVIDIA driver must be installed",
                    "libcuda.so.1 cannot be loaded",
                    "NVIDIA driver R580 or newer",
                    "install the driver, or run with --device=cpu");
        }
    }

    /** Whether the dynamic linker finds a library. */
    @SuppressWarnings("restricted")
    static boolean loads(String library) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup(library, arena);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static int attribute(CUdevice handle, int attribute) {
        int[] value = new int[1];
        check(JCudaDriver.cuDeviceGetAttribute(value, attribute, handle), "cuDeviceGetAttribute");
        return value[0];
    }

    Device device() {
        return device;
    }

    Address.Stream stream() {
        return stream;
    }

    /** A context belongs to a thread; calls may come from another than the last. */
    void makeCurrent() {
        Thread thread = Thread.currentThread();
        if (thread != current) {
            check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
            current = thread;
        }
    }

    /** Host memory that the device copies from and to without the driver's help, until this is closed. */
    @SuppressWarnings("restricted") // the driver's own host memory has no size for Java
    MemorySegment pin(long bytes) {
        makeCurrent();
        Address.Pinned memory = new Address.Pinned();
        int status = JCudaDriver.cuMemAllocHost(memory, bytes);
        if (status != SUCCESS) {
            throw new JalignException(
                    JalignException.Kind.DEVICE,
                    "cuMemAllocHost",
                    "copies need pinned memory of the host",
                    "%s for %d KiB".formatted(name(status), bytes >> 10),
                    "as much free memory, which the driver may lock",
                    "free memory of the machine, or give its container more");
        }
        pinned.add(memory);
        return MemorySegment.ofAddress(memory.address()).reinterpret(bytes);
    }

    /** An event that can be waited for, until this is closed. */
    CUevent event() {
        makeCurrent();
        CUevent event = new CUevent();
        check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
        events.add(event);
        return event;
    }

    /** Waits for everything queued. */
    void synchronize() {
        check(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
    }

    /** Bytes that can be allocated now. */
    long freeBytes() {
        long[] free = new long[1];
        check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo");
        return free[0];
    }

    /** @throws JalignException of kind DEVICE unless the call succeeded, of kind MEMORY if memory was too little */
    static void check(int status, String call) {
        if (status != SUCCESS) {
            throw failure(call, status, "");
        }
    }

    /** The same of a call for so many bytes. */
    static void check(int status, String call, long bytes) {
        if (status != SUCCESS) {
            throw failure(call, status, bytes + " bytes");
        }
    }

    /** @param arguments what it was called with, or empty */
    static JalignException failure(String call, int status, String arguments) {
        if (status != OUT_OF_MEMORY) {
            return failure(call, name(status), arguments);
        }
        return new JalignException(
                JalignException.Kind.MEMORY,
                place(call, arguments),
                "the device must have memory for what the driver keeps",
                name(status),
                "0 CUDA_SUCCESS",
                "stop what else uses the card (nvidia-smi), or run with --device=cpu");
    }

    private static String place(String call, String arguments) {
        return call + (arguments.isEmpty() ? "" : "(" + arguments + ")");
    }

    /**
     * @param call what was called
     * @param status its code and name
     * @param arguments what it was called with, or empty
     */
    static JalignException failure(String call, String status, String arguments) {
        return new JalignException(
                JalignException.Kind.DEVICE,
                place(call, arguments),
                "the device must accept every call",
                status,
                "0 CUDA_SUCCESS",
                "try again, a training run with --resume_from_checkpoint=true;"
                        + " if it fails again, run jalign doctor and see the system's log for the driver's Xid message");
    }

    static String name(int status) {
        String[] name = new String[1];
        JCudaDriver.cuGetErrorName(status, name);
        return status + " " + name[0];
    }

    @Override
    public void close() {
        makeCurrent();
        events.forEach(event -> check(JCudaDriver.cuEventDestroy(event), "cuEventDestroy"));
        pinned.forEach(memory -> check(JCudaDriver.cuMemFreeHost(memory), "cuMemFreeHost"));
        check(JCudaDriver.cuStreamDestroy(stream), "cuStreamDestroy");
        check(JCudaDriver.cuDevicePrimaryCtxRelease(handle), "cuDevicePrimaryCtxRelease");
    }
}
