package io.github.jalign.ops.reference;

import io.github.jalign.tensor.Tensor;
import java.lang.foreign.ValueLayout;

/** Element access to float64 and int32 tensors. */
final class At {
    private At() {}

    static double get(Tensor t, int r, int c) {
        return t.segment().getAtIndex(ValueLayout.JAVA_DOUBLE, t.index(r, c));
    }

    static void set(Tensor t, int r, int c, double value) {
        t.segment().setAtIndex(ValueLayout.JAVA_DOUBLE, t.index(r, c), value);
    }

    static void accumulate(Tensor t, int r, int c, double value) {
        set(t, r, c, get(t, r, c) + value);
    }

    static int id(Tensor t, int c) {
        return t.segment().getAtIndex(ValueLayout.JAVA_INT, t.index(0, c));
    }
}
