package io.github.jalign.train;

import io.github.jalign.errors.JalignException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory of this machine, or of the container that the JVM runs in. */
public final class HostMemory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private HostMemory() {}

    /** All bytes; a container's limit where there is one. */
    public static long totalBytes() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getTotalMemorySize();
    }

    /** Bytes that can be had without swapping, as far as the system says; at most {@link #totalBytes}. */
    public static long availableBytes() {
        long total = totalBytes();
        if (!Files.isReadable(MEMINFO)) {
            return total;
        }
        try {
            for (String line : Files.readAllLines(MEMINFO)) {
                if (line.startsWith("MemAvailable:")) {
                    // the kernel's figure knows nothing of a container
                    return Math.min(total, Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024);
                }
            }
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    MEMINFO.toString(),
                    "the system must say how much memory there is",
                    String.valueOf(e.getMessage()),
                    "a readable file",
                    "set max_memory to the bytes that the run may take",
                    e);
        }
        return total;
    }
}
