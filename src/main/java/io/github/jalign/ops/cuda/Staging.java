package io.github.jalign.ops.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import jcuda.driver.CUevent;
import jcuda.driver.JCudaDriver;

/**
 * Bytes between host and device. Small ones go up through a ring of pinned memory without waiting: a part of the ring is
 * written again only when the copies out of it are done, long before in practice.
 */
final class Staging implements AutoCloseable {
    private static final int PARTS = 4;
    private static final long PART = 1L << 20;
    private static final long ALIGNMENT = 16;
    private static final long SLOT = 64L << 10;

    private final Driver driver;
    private final MemorySegment ring;
    private final MemorySegment down;
    private final CUevent[] left = new CUevent[PARTS];
    private final List<MemorySegment> free = new ArrayList<>();
    private int part;
    private long used;
    private Arena large = Arena.ofShared();
    private MemorySegment largeMemory = MemorySegment.NULL;

    Staging(Driver driver) {
        this.driver = driver;
        ring = driver.pin(PARTS * PART);
        down = driver.pin(PART);
        Arrays.setAll(left, i -> driver.event());
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
                copyUp(to, from);
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
        MemorySegment from = ring.asSlice(at, bytes);
        writer.accept(from);
        copyUp(to, from);
    }

    private void copyUp(long to, MemorySegment from) {
        Driver.check(
                JCudaDriver.cuMemcpyHtoDAsync(
                        Address.device(to), Address.raw(from.address()), from.byteSize(), driver.stream()),
                "cuMemcpyHtoDAsync", from.byteSize());
    }

    /** Waits for all that is queued; the bytes are valid until the next call. */
    MemorySegment download(long from, long bytes) {
        if (bytes == 0) {
            return MemorySegment.NULL;
        }
        driver.makeCurrent();
        MemorySegment to = (bytes <= PART ? down : large(bytes)).asSlice(0, bytes);
        copyDown(to, from);
        driver.synchronize();
        return to.asReadOnly();
    }

    private void copyDown(MemorySegment to, long from) {
        Driver.check(
                JCudaDriver.cuMemcpyDtoHAsync(
                        Address.raw(to.address()), Address.device(from), to.byteSize(), driver.stream()),
                "cuMemcpyDtoHAsync", to.byteSize());
    }

    /**
     * Queues a copy down into memory that stays until it is read.
     *
     * @return waits for what is queued, and may be asked once; the bytes are valid until the next call of this class
     */
    Supplier<MemorySegment> later(long from, long bytes) {
        driver.makeCurrent();
        MemorySegment slot = slot(bytes);
        MemorySegment to = slot.asSlice(0, bytes);
        copyDown(to, from);
        return () -> {
            driver.synchronize();
            free.add(slot);
            return to;
        };
    }

    /** One that is free and large enough, or a new one; of whole {@link #SLOT}s, so that about as much fits again. */
    private MemorySegment slot(long bytes) {
        for (int i = 0; i < free.size(); i++) {
            if (free.get(i).byteSize() >= bytes) {
                return free.remove(i);
            }
        }
        return driver.pin(Math.ceilDiv(Math.max(bytes, 1), SLOT) * SLOT);
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
    }
}
