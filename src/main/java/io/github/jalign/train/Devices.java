package io.github.jalign.train;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.Backend;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which backend a configuration means, and what memory there is for it. */
final class Devices {
    private Devices() {}

    /** @throws JalignException of kind USAGE for what this machine or build cannot do */
    static Backend backend(Compute compute, TrainListener listener) {
        if (compute.dtype() == Precision.BFLOAT16) {
            listener.warned("dtype bfloat16: the cpu computes in float32, which is more exact and here not slower");
        }
        return switch (compute.device()) {
            case AUTO, CPU -> Backend.CPU;
            case REFERENCE -> Backend.REFERENCE;
            case CUDA ->
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        "device",
                        "the device must be one that this build has",
                        "cuda",
                        "auto, cpu or reference",
                        "leave device out; the CUDA backend is not part of this version");
        };
    }

    /** {@code max_memory}, or what the system says can be had without swapping. */
    static long availableMemory(Compute compute) {
        if (compute.maxMemory() != null) {
            return compute.maxMemory();
        }
        Path meminfo = Path.of("/proc/meminfo");
        if (Files.isReadable(meminfo)) {
            try {
                for (String line : Files.readAllLines(meminfo)) {
                    if (line.startsWith("MemAvailable:")) {
                        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
                    }
                }
            } catch (IOException e) {
                throw new JalignException(
                        JalignException.Kind.IO,
                        meminfo.toString(),
                        "the system must say how much memory there is",
                        String.valueOf(e.getMessage()),
                        "a readable file",
                        "set max_memory to the bytes that the run may take",
                        e);
            }
        }
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getTotalMemorySize();
    }
}
