package io.github.jalign.ops.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/**
 * Bytes between host and device. Small ones go up through a ring of pinned memory without waiting: a part of the ring is
 * written again only when the copies out of it are done, long before in practice.
 */
@SuppressWarnings("restricted") // the driver's own host memory has no size for Java
final class Staging implements AutoCloseable {
    private static final int PARTS = 4;
    private static final long PART = 1L << 20;
    private static final long ALIGNMENT = 16;
    private static final long SLOT = 64L << 10;

    private final Driver driver;
    private final Address.Pinned ring = new Address.Pinned();
    private final MemorySegment memory;
    private final CUevent[] left = new CUevent[PARTS];
    private final List<Slot> slots = new ArrayList<>();
    private final List<Slot> free = new ArrayList<>();
    private int part;
    private long used;
    private final Address.Pinned down = new Address.Pinned();
    private final MemorySegment downMemory;
    private Arena large = Arena.ofShared();
    private MemorySegment largeMemory = MemorySegment.NULL;

    /** Pinned memory for what {@link #later} brings down. */
    private record Slot(Address.Pinned memory, long bytes) {}

    Staging(Driver driver) {
        this.driver = driver;
        Driver.check(JCudaDriver.cuMemAllocHost(ring, PARTS * PART), "cuMemAllocHost");
        memory = MemorySegment.ofAddress(ring.address()).reinterpret(PARTS * PART);
        Driver.check(JCudaDriver.cuMemAllocHost(down, PART), "cuMemAllocHost");
        downMemory = MemorySegment.ofAddress(down.address()).reinterpret(PART);
        for (int i = 0; i < PARTS; i++) {
            left[i] = new CUevent();
            Driver.check(JCudaDriver.cuEventCreate(left[i], CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
        }
    }

    /** Queues a copy of what the writer writes; large ones wait until they are done. */
    void upload(long to, long bytes, Consumer<MemorySegment> writer) {
        if (bytes == 0) {
            return;
        }
        driver.makeCurrent();
        if (bytes > PART) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment from = arena.allocate(bytes, ALIGNMENT);
                writer.accept(from);
                copyUp(to, Address.raw(from.address()), bytes);
                driver.synchronize();
            }
            return;
        }
        if (used + bytes > PART) {
            Driver.check(JCudaDriver.cuEventRecord(left[part], driver.stream()), "cuEventRecord");
            part = (part + 1) % PARTS;
            used = 0;
            Driver.check(JCudaDriver.cuEventSynchronize(left[part]), "cuEventSynchronize");
        }
        long at = part * PART + used;
        used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        writer.accept(memory.asSlice(at, bytes));
        copyUp(to, Address.raw(ring.address() + at), bytes);
    }

    private void copyUp(long to, Pointer from, long bytes) {
        Driver.check(
                JCudaDriver.cuMemcpyHtoDAsync(Address.device(to), from, bytes, driver.stream()), "cuMemcpyHtoDAsync");
    }

    /** Waits for all that is queued; the bytes are valid until the next call. */
    MemorySegment download(long from, long bytes) {
        if (bytes == 0) {
            return MemorySegment.NULL;
        }
        driver.makeCurrent();
        MemorySegment to = bytes <= PART ? downMemory : large(bytes);
        Driver.check(
                JCudaDriver.cuMemcpyDtoHAsync(
                        Address.raw(to.address()), Address.device(from), bytes, driver.stream()),
                "cuMemcpyDtoHAsync");
        driver.synchronize();
        return to.asSlice(0, bytes).asReadOnly();
    }

    /**
     * Queues a copy down into memory that stays until it is read.
     *
     * @return waits for what is queued, and may be asked once; the bytes are valid until the next call of this class
     */
    Supplier<MemorySegment> later(long from, long bytes) {
        driver.makeCurrent();
        Slot slot = slot(bytes);
        Driver.check(
                JCudaDriver.cuMemcpyDtoHAsync(slot.memory, Address.device(from), bytes, driver.stream()),
                "cuMemcpyDtoHAsync");
        return () -> {
            driver.synchronize();
            free.add(slot);
            return MemorySegment.ofAddress(slot.memory.address()).reinterpret(bytes);
        };
    }

    /** One that is free and large enough, or a new one; of whole {@link #SLOT}s, so that about as much fits again. */
    private Slot slot(long bytes) {
        for (int i = 0; i < free.size(); i++) {
            if (free.get(i).bytes >= bytes) {
                return free.remove(i);
            }
        }
        Slot slot = new Slot(new Address.Pinned(), Math.ceilDiv(Math.max(bytes, 1), SLOT) * SLOT);
        Driver.check(JCudaDriver.cuMemAllocHost(slot.memory, slot.bytes), "cuMemAllocHost");
        slots.add(slot);
        return slot;
    }

    private MemorySegment large(long bytes) {
        if (bytes > largeMemory.byteSize()) {
            large.close();
            large = Arena.ofShared();
            largeMemory = large.allocate(bytes, ALIGNMENT);
        }
        return largeMemory;
    }

    @Override
    public void close() {
        large.close();
        slots.forEach(slot -> Driver.check(JCudaDriver.cuMemFreeHost(slot.memory), "cuMemFreeHost"));
        for (CUevent event : left) {
            Driver.check(JCudaDriver.cuEventDestroy(event), "cuEventDestroy");
        }
        Driver.check(JCudaDriver.cuMemFreeHost(down), "cuMemFreeHost");
        Driver.check(JCudaDriver.cuMemFreeHost(ring), "cuMemFreeHost");
    }
}
