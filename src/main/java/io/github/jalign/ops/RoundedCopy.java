package io.github.jalign.ops;

import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Memory;
import io.github.jalign.tensor.TensorSpec;

/** The narrower copy of an arena of masters that a backend multiplies by: element i of one is element i of the other. */
public final class RoundedCopy {
    private static final int WIDTH = 16;

    private RoundedCopy() {}

    /** What to allocate for the copy of a whole arena, whose size is a multiple of 64 bytes. */
    public static TensorSpec spec(Memory masters, DType from, DType to) {
        long elements = masters.bytes() / from.bytes();
        return new TensorSpec("rounded", to, Math.toIntExact((elements + WIDTH - 1) / WIDTH), WIDTH);
    }
}
