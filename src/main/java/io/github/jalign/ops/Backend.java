package io.github.jalign.ops;

import io.github.jalign.errors.JalignException;
import io.github.jalign.ops.cpu.CpuOps;
import io.github.jalign.ops.cuda.CudaOps;
import io.github.jalign.ops.reference.ReferenceOps;
import io.github.jalign.tensor.DType;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** The backends there are. The only place that names their classes. */
public enum Backend {
    /** Float64 loops. */
    REFERENCE,
    /** Float32 on the Vector API. */
    CPU,
    /** An NVIDIA GPU in bfloat16, on float32 masters. */
    CUDA,
    /** An NVIDIA GPU in float32. */
    CUDA_FLOAT32;

    /**
     * The GPU if it can be used, else the CPU.
     *
     * @param float32 the precision on the GPU
     * @param because hears why it is not the GPU
     */
    public static Backend fastest(boolean float32, Consumer<String> because) {
        Backend gpu = float32 ? CUDA_FLOAT32 : CUDA;
        Optional<JalignException> obstacle = gpu.obstacle();
        if (obstacle.isPresent()) {
            because.accept("device auto: cpu; for cuda " + obstacle.get().brief());
            return CPU;
        }
        return gpu;
    }

    /**
     * Opens a backend.
     *
     * @param threads of the CPU backend; 0 takes one a hardware thread
     * @throws JalignException of kind DEVICE for a GPU that cannot be used, of kind USAGE for the CPU backend in a JVM
     *     without the Vector API
     */
    public Ops open(int threads) {
        return switch (this) {
            case REFERENCE -> new ReferenceOps();
            case CPU -> {
                requireVectorApi();
                yield new CpuOps(count(threads));
            }
            case CUDA -> new CudaOps(DType.BF16);
            case CUDA_FLOAT32 -> new CudaOps(DType.F32);
        };
    }

    /** A dry run of what {@link #open} gives. */
    public CountingOps plan(int threads) {
        return switch (this) {
            case REFERENCE -> new CountingOps(DType.F64, DType.F64, ReferenceOps::workspace);
            case CPU -> {
                requireVectorApi();
                yield new CountingOps(DType.F32, DType.F32, load -> CpuOps.workspace(load, count(threads)));
            }
            case CUDA -> new CountingOps(DType.BF16, DType.F32, CudaOps::workspace);
            case CUDA_FLOAT32 -> new CountingOps(DType.F32, DType.F32, CudaOps::workspace);
        };
    }

    /** Why this machine cannot run it, if so. Looks at drivers and libraries, and allocates nothing. */
    public Optional<JalignException> obstacle() {
        return switch (this) {
            case REFERENCE, CPU -> Optional.empty();
            case CUDA, CUDA_FLOAT32 -> CudaOps.obstacle();
        };
    }

    /** Whether tensors live in a device's own memory, not in the host's. */
    public boolean hasDeviceMemory() {
        return switch (this) {
            case REFERENCE, CPU -> false;
            case CUDA, CUDA_FLOAT32 -> true;
        };
    }

    /** Bytes of it that can be allocated now. Opens the device. */
    public OptionalLong freeDeviceMemory() {
        return hasDeviceMemory() ? OptionalLong.of(CudaOps.freeBytes()) : OptionalLong.empty();
    }

    /** The launcher gives the JVM this module; a program that embeds jalign may have forgotten it. */
    private static void requireVectorApi() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "the JVM",
                    "the cpu device needs the Vector API, which the JDK holds in a module of its own",
                    "a JVM without jdk.incubator.vector",
                    "a JVM with it",
                    "start java with --add-modules jdk.incubator.vector");
        }
    }

    private static int count(int threads) {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
