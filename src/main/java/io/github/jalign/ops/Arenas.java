package io.github.jalign.ops;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.Memory;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The open arenas of one backend, counted: off-heap host memory, or none at all for a dry run. The counts of a dry run
 * and of the run it plans are made by the same code, so they agree to the byte.
 */
public final class Arenas implements AutoCloseable {
    private static final int ALIGNMENT = 64;

    private final boolean planned;
    private final Map<Memory, Arena> open = new HashMap<>();
    private long allocated;
    private long peak;

    private Arenas(boolean planned) {
        this.planned = planned;
    }

    /** Real off-heap memory. */
    public static Arenas onHost() {
        return new Arenas(false);
    }

    /** Memory that is only counted; touching it is an error. */
    public static Arenas planned() {
        return new Arenas(true);
    }

    /**
     * @throws JalignException of kind MEMORY when the machine has no more
     */
    public TensorArena allocate(String purpose, List<TensorSpec> specs) {
        long bytes = TensorArena.bytes(specs);
        Memory memory = planned ? new Planned(bytes) : host(purpose, bytes);
        allocated += bytes;
        peak = Math.max(peak, allocated);
        return new TensorArena(purpose, specs, memory, () -> release(memory));
    }

    private Memory host(String purpose, long bytes) {
        Arena arena = Arena.ofShared();
        MemorySegment segment;
        try {
            segment = arena.allocate(Math.max(bytes, ALIGNMENT), ALIGNMENT);
        } catch (OutOfMemoryError e) {
            arena.close();
            throw new JalignException(
                    JalignException.Kind.MEMORY,
                    purpose,
                    "the tensors must fit into memory",
                    "the system refused " + bytes + " bytes with " + allocated + " in use by jalign",
                    "room for both",
                    "lower per_device_train_batch_size or max_length, set gradient_checkpointing: true,"
                            + " or free memory on this machine",
                    e);
        }
        Memory memory = new Host(segment, bytes);
        open.put(memory, arena);
        return memory;
    }

    private void release(Memory memory) {
        @Nullable Arena arena = open.remove(memory);
        if (arena != null) {
            arena.close();
            allocated -= memory.bytes();
        } else if (memory instanceof Planned p && !p.closed) {
            p.closed = true;
            allocated -= memory.bytes();
        }
    }

    public long allocated() {
        return allocated;
    }

    public long peak() {
        return peak;
    }

    @Override
    public void close() {
        open.values().forEach(Arena::close);
        open.clear();
        allocated = 0;
    }

    /** Compared by identity: two arenas are never the same memory. */
    private static final class Host implements Memory {
        private final MemorySegment segment;
        private final long bytes;

        Host(MemorySegment segment, long bytes) {
            this.segment = segment;
            this.bytes = bytes;
        }

        @Override
        public long bytes() {
            return bytes;
        }

        @Override
        public MemorySegment host() {
            return segment;
        }
    }

    private static final class Planned implements Memory {
        private final long bytes;
        private boolean closed;

        Planned(long bytes) {
            this.bytes = bytes;
        }

        @Override
        public long bytes() {
            return bytes;
        }

        @Override
        public MemorySegment host() {
            throw new IllegalStateException("a dry run has no memory");
        }
    }
}
