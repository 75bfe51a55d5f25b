package io.github.jalign.ops;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.Memory;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The open arenas of one backend, counted: in the memory that an {@link Allocator} gives, or in none at all for a dry
 * run. The counts of a dry run and of the run it plans are made by the same code, so they agree to the byte.
 */
public final class Arenas implements AutoCloseable {
    private static final int ALIGNMENT = 64;

    /** Where memory comes from. */
    public interface Allocator {
        /**
         * Zeros, aligned to 64 bytes.
         *
         * @param purpose for messages
         * @param bytes may be 0
         * @param inUse what this backend holds already
         * @return compared by identity: two arenas are never the same memory
         * @throws JalignException of kind MEMORY when there is no more
         */
        Memory allocate(String purpose, long bytes, long inUse);

        /** Gives memory back, once. */
        void free(Memory memory);
    }

    private final Allocator allocator;
    private final Set<Memory> open = Collections.newSetFromMap(new IdentityHashMap<>());
    private long allocated;
    private long peak;

    public Arenas(Allocator allocator) {
        this.allocator = allocator;
    }

    /** Real off-heap memory. */
    public static Arenas onHost() {
        return new Arenas(new HostMemory());
    }

    /** Memory that is only counted; touching it is an error. */
    public static Arenas planned() {
        return new Arenas(new PlannedMemory());
    }

    /**
     * @throws JalignException of kind MEMORY when the machine has no more
     */
    public TensorArena allocate(String purpose, List<TensorSpec> specs) {
        Memory memory = allocator.allocate(purpose, TensorArena.bytes(specs), allocated);
        open.add(memory);
        allocated += memory.bytes();
        peak = Math.max(peak, allocated);
        return new TensorArena(purpose, specs, memory, () -> release(memory));
    }

    private void release(Memory memory) {
        if (open.remove(memory)) {
            allocator.free(memory);
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
        List.copyOf(open).forEach(this::release);
    }

    private static final class HostMemory implements Allocator {
        private final IdentityHashMap<Memory, Arena> arenas = new IdentityHashMap<>();

        @Override
        public Memory allocate(String purpose, long bytes, long inUse) {
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
                        "the system refused " + bytes + " bytes with " + inUse + " in use by jalign",
                        "room for both",
                        "lower per_device_train_batch_size or max_length, set gradient_checkpointing: true,"
                                + " or free memory on this machine",
                        e);
            }
            Memory memory = new Memory() {
                @Override
                public long bytes() {
                    return bytes;
                }

                @Override
                public MemorySegment host() {
                    return segment;
                }
            };
            arenas.put(memory, arena);
            return memory;
        }

        @Override
        public void free(Memory memory) {
            Objects.requireNonNull(arenas.remove(memory)).close();
        }
    }

    private static final class PlannedMemory implements Allocator {
        @Override
        public Memory allocate(String purpose, long bytes, long inUse) {
            return new Memory() {
                @Override
                public long bytes() {
                    return bytes;
                }

                @Override
                public MemorySegment host() {
                    throw new IllegalStateException("a dry run has no memory");
                }
            };
        }

        @Override
        public void free(Memory memory) {}
    }
}
