package io.github.jalign.tensor;

import java.lang.foreign.MemorySegment;

/** A range of memory that a backend owns: off-heap on the host, on a device, or only planned. */
public interface Memory {
    long bytes();

    /**
     * The host bytes.
     *
     * @throws IllegalStateException when the memory is not on the host, or is closed
     */
    MemorySegment host();
}
