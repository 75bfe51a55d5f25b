package io.github.jalign.ops.cpu;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The vector shape of this machine. A species wider than the CPU's runs a hundred times slower, hence the preferred one. */
final class Lanes {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    /** Floats in a vector. */
    static final int COUNT = SPECIES.length();
    /** 0, 1, 2, … */
    static final FloatVector NUMBERS = FloatVector.zero(SPECIES).addIndex(1);

    static final ByteOrder ORDER = ByteOrder.nativeOrder();
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private static final VectorShuffle<Float> BY_8 = rotation(8);
    private static final VectorShuffle<Float> BY_4 = rotation(4);
    private static final VectorShuffle<Float> BY_2 = rotation(2);
    private static final VectorShuffle<Float> BY_1 = rotation(1);

    private Lanes() {}

    private static VectorShuffle<Float> rotation(int by) {
        return VectorShuffle.fromOp(SPECIES, lane -> (lane + by) % COUNT);
    }

    /** The largest multiple of the vector length up to {@code n}: where a loop over whole vectors ends. */
    static int body(int n) {
        return n - n % COUNT;
    }

    /** The next multiple of the vector length. */
    static int up(int n) {
        return body(n + COUNT - 1);
    }

    /** The lanes of the last, partial vector of {@code n} floats. */
    static VectorMask<Float> tail(int n) {
        return SPECIES.indexInRange(body(n), n);
    }

    /**
     * The sum of the lanes, by halves. {@code reduceLanes} leaves the order of its additions to the JIT, and with it the
     * last bit.
     */
    static float sum(FloatVector v) {
        FloatVector s = v;
        if (COUNT >= 16) {
            s = s.add(s.rearrange(BY_8));
        }
        if (COUNT >= 8) {
            s = s.add(s.rearrange(BY_4));
        }
        if (COUNT >= 4) {
            s = s.add(s.rearrange(BY_2));
        }
        return s.add(s.rearrange(BY_1)).lane(0);
    }
}
