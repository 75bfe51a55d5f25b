package io.github.jalign.train;

/** Where operators run. {@link #AUTO} takes the fastest device that is there. */
public enum Device implements Spelled {
    AUTO,
    /** Float64 loops: the definition of every operator. */
    REFERENCE,
    CPU,
    CUDA
}
