package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One safetensors file, mapped read-only as a whole, whatever its size; any number of threads may read it.
 *
 * <p>The mapping shows the file itself: what another program writes into the file while it is open is read here, and
 * when it cuts the file short, reading fails, through {@link #bytes} with an {@link InternalError}. jalign's own writers
 * replace files by renaming, which leaves an open mapping as it was.
 *
 * <p>Pages that were touched count as resident memory of this process until {@link #close}; {@link #readFloats} and
 * {@link #readDoubles} hand theirs back as they go.
 */
public final class Safetensors implements AutoCloseable {
    /** Pages are handed back after as many bytes of a large tensor. */
    private static final long WINDOW = 64L << 20;

    /**
     * A tensor of the file.
     *
     * @param shape empty for a scalar
     * @param begin its first byte, counted from the first byte after the header
     * @param end the byte after its last
     */
    public record Entry(String name, DType dtype, List<Long> shape, long begin, long end) {
        /** The product of {@link #shape}. */
        public long elements() {
            return (end - begin) / dtype.bytes();
        }
    }

    private final String where;
    private final Arena arena;
    private final MemorySegment file;
    private final SafetensorsHeader header;

    private Safetensors(String where, Arena arena, MemorySegment file) {
        this.where = where;
        this.arena = arena;
        this.file = file;
        this.header = SafetensorsHeader.read(where, file);
    }

    /**
     * Maps a file and checks its header.
     *
     * @throws JalignException of kind INPUT when it is no valid safetensors file or does not exist, of kind IO when it
     *     cannot be read
     */
    public static Safetensors open(Path file) {
        return MappedFile.open(
                file, "safetensors", (arena, mapping) -> new Safetensors(file.toString(), arena, mapping));
    }

    /** A file that is already in memory, for tests; {@link #close} leaves the memory alone. */
    static Safetensors of(String where, MemorySegment file) {
        return new Safetensors(where, Arena.ofConfined(), file);
    }

    /** By name, in the order of their bytes. */
    public Map<String, Entry> tensors() {
        return header.entries();
    }

    /** What stands under {@code __metadata__}; empty without. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /** @throws JalignException of kind INPUT when the file holds no such tensor */
    public Entry entry(String name) {
        @Nullable Entry entry = header.entries().get(name);
        if (entry == null) {
            throw new JalignException(
                    Kind.INPUT,
                    where,
                    "the file must hold the tensor " + Utf8.quote(name),
                    header.entries().size() + " tensors, none of that name",
                    "a tensor of exactly that name",
                    "make sure that the file belongs to this model");
        }
        return entry;
    }

    /** The bytes of a tensor in the file: little endian, read-only, valid until {@link #close}. */
    public MemorySegment bytes(String name) {
        Entry e = entry(name);
        return file.asSlice(header.dataStart() + e.begin(), e.end() - e.begin());
    }

    /**
     * Copies a tensor of F64, F32, F16 or BF16 and rounds F64 to nearest.
     *
     * @param destination 4 bytes an element
     * @throws JalignException of kind INPUT when the tensor is of another type, of kind NUMERIC when a finite F64 would
     *     become infinite, of kind IO when the file was cut short meanwhile
     */
    public void readFloats(String name, MemorySegment destination) {
        read(name, DType.F32, destination);
    }

    /**
     * Copies a tensor of F64, F32, F16 or BF16 exactly.
     *
     * @param destination 8 bytes an element
     * @throws JalignException of kind INPUT when the tensor is of another type, of kind IO when the file was cut short
     *     meanwhile
     */
    public void readDoubles(String name, MemorySegment destination) {
        read(name, DType.F64, destination);
    }

    private void read(String name, DType to, MemorySegment destination) {
        Entry e = entry(name);
        if (!FloatFormats.isFloat(e.dtype())) {
            throw new JalignException(
                    Kind.INPUT,
                    SafetensorsHeader.tensorWhere(where, name),
                    "a tensor read as numbers with a fraction must have such a type",
                    e.dtype().toString(),
                    "F64, F32, F16 or BF16",
                    "make sure that the file holds unquantised weights");
        }
        if (destination.byteSize() != e.elements() * to.bytes()) {
            throw new IllegalArgumentException(
                    name + ": " + destination.byteSize() + " bytes for " + e.elements() + " elements of " + to);
        }
        MemorySegment source = bytes(name);
        long step = WINDOW / e.dtype().bytes();
        for (long at = 0; at < e.elements(); at += step) {
            long count = Math.min(step, e.elements() - at);
            MemorySegment window =
                    source.asSlice(at * e.dtype().bytes(), count * e.dtype().bytes());
            MemorySegment target = destination.asSlice(at * to.bytes(), count * to.bytes());
            long overflow = convert(name, e.dtype(), window, to, target);
            if (overflow >= 0) {
                throw FloatFormats.tooLarge(
                        SafetensorsHeader.tensorWhere(where, name), e.dtype(), source, at + overflow, to);
            }
            if (window.isMapped()) {
                window.unload();
            }
        }
    }

    /** A page that the file lost makes the machine's memory error an {@link InternalError}. */
    private long convert(String name, DType from, MemorySegment window, DType to, MemorySegment target) {
        try {
            return FloatFormats.convert(from, window, to, target);
        } catch (InternalError e) {
            throw new JalignException(
                    Kind.IO,
                    SafetensorsHeader.tensorWhere(where, name),
                    "a file must stay as it is while it is open",
                    "bytes that can no longer be read",
                    "the file as it was when it was opened",
                    "see that no other program writes it, and that its disk is well",
                    e);
        }
    }

    /** Ends the mapping; segments from {@link #bytes} must not be used any more. */
    @Override
    public void close() {
        arena.close();
    }
}
