package io.github.jalign.ops;

import io.github.jalign.ops.reference.ReferenceOps;
import io.github.jalign.tensor.DType;

/** The backends there are. The only place that names their classes. */
public enum Backend {
    /** Float64 loops. */
    REFERENCE;

    /** @param threads of the CPU backend; 0 takes one a hardware thread */
    public Ops open(int threads) {
        return switch (this) {
            case REFERENCE -> new ReferenceOps();
        };
    }

    /** A dry run of what {@link #open} gives. */
    public CountingOps plan(int threads) {
        return switch (this) {
            case REFERENCE -> new CountingOps(DType.F64, ReferenceOps::workspace);
        };
    }
}
