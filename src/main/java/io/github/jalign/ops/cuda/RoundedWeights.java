package io.github.jalign.ops.cuda;

import io.github.jalign.ops.Ops;
import io.github.jalign.ops.RoundedCopy;
import io.github.jalign.tensor.Memory;
import io.github.jalign.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The bfloat16 copies of arenas of masters: made whole when a master was written, and by AdamW as it goes. */
final class RoundedWeights {
    private static final class Copy {
        private final Tensor tensor;
        private boolean stale = true;

        Copy(Tensor tensor) {
            this.tensor = tensor;
        }
    }

    private final IdentityHashMap<Memory, Copy> copies = new IdentityHashMap<>();

    /** From now on there is a copy of the arena that {@code master} lies in: its elements that stand for the master's. */
    Tensor keep(Ops ops, Tensor master) {
        Copy copy = copies.computeIfAbsent(master.memory(), memory -> {
            var spec = RoundedCopy.spec(memory, master.dtype(), ops.dtype());
            return new Copy(ops.allocate("rounded weights", List.of(spec)).get(spec.name()));
        });
        return of(copy, master);
    }

    private static Tensor of(Copy copy, Tensor master) {
        return new Tensor(
                master.name(), copy.tensor.memory(), copy.tensor.dtype(), master.offset(), master.rows(), master.cols(),
                master.stride());
    }

    /** The copy's elements that stand for a master's, or null when none is kept. */
    @Nullable Tensor of(Tensor master) {
        Copy copy = copies.get(master.memory());
        return copy == null ? null : of(copy, master);
    }

    /** A master was written by something that does not keep its copy. */
    void written(Tensor master) {
        Copy copy = copies.get(master.memory());
        if (copy != null) {
            copy.stale = true;
        }
    }

    /** The whole copy to be made again from {@code master}'s arena, or null when it is up to date. */
    @Nullable Tensor stale(Tensor master) {
        Copy copy = copies.get(master.memory());
        if (copy == null || !copy.stale) {
            return null;
        }
        copy.stale = false;
        return copy.tensor;
    }
}
