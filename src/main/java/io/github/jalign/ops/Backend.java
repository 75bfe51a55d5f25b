package io.github.jalign.ops;

import io.github.jalign.ops.cpu.CpuOps;
import io.github.jalign.ops.reference.ReferenceOps;
import io.github.jalign.tensor.DType;

/** The backends there are. The only place that names their classes. */
public enum Backend {
    /** Float64 loops. */
    REFERENCE,
    /** Float32 on the Vector API. */
    CPU;

    /** @param threads of the CPU backend; 0 takes one a hardware thread */
    public Ops open(int threads) {
        return switch (this) {
            case REFERENCE -> new ReferenceOps();
            case CPU -> new CpuOps(count(threads));
        };
    }

    /** A dry run of what {@link #open} gives. */
    public CountingOps plan(int threads) {
        return switch (this) {
            case REFERENCE -> new CountingOps(DType.F64, DType.F64, ReferenceOps::workspace);
            case CPU -> new CountingOps(DType.F32, DType.F32, load -> CpuOps.workspace(load, count(threads)));
        };
    }

    private static int count(int threads) {
        return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
}
