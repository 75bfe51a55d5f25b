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
 * One GGUF file, the format of llama.cpp, mapped read-only as a whole; any number of threads may read it. As with
 * {@link Safetensors}, the mapping shows the file itself.
 */
public final class Gguf implements AutoCloseable {
    /** Elements converted in one go: whole blocks, and few enough for a second-level cache. */
    private static final int CHUNK = 1 << 14;

    /** Pages are handed back after as many bytes of a large tensor. */
    private static final long WINDOW = 64L << 20;

    /**
     * A tensor of the file.
     *
     * @param shape as in safetensors, with the width of a row last; the file has it first
     * @param begin its first byte, counted from the first byte of the tensors
     * @param end the byte after its last
     */
    public record Entry(String name, GgmlType type, List<Long> shape, long begin, long end) {
        /** The product of {@link #shape}. */
        public long elements() {
            return (end - begin) / type.blockBytes() * type.blockElements();
        }
    }

    private final String where;
    private final Arena arena;
    private final MemorySegment file;
    private final GgufHeader header;

    private Gguf(String where, Arena arena, MemorySegment file) {
        this.where = where;
        this.arena = arena;
        this.file = file;
        this.header = GgufHeader.read(where, file);
    }

    /**
     * Maps a file and checks its header.
     *
     * @throws JalignException of kind INPUT when it is no valid GGUF file, holds a tensor of a type outside
     *     {@link GgmlType} or does not exist, of kind IO when it cannot be read
     */
    public static Gguf open(Path file) {
        return MappedFile.open(
                file, "GGUF", (arena, mapping) -> new Gguf(file.toString(), arena, mapping));
    }

    /** A file that is already in memory, for tests; {@link #close} leaves the memory alone. */
    static Gguf of(String where, MemorySegment file) {
        return new Gguf(where, Arena.ofConfined(), file);
    }

    /** The file's name, for errors. */
    public String where() {
        return where;
    }

    public GgufKeys keys() {
        return new GgufKeys(where, header.keys());
    }

    /** By name, in the order of their bytes. */
    public Map<String, Entry> tensors() {
        return header.entries();
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
                    "make sure that the file holds a whole model");
        }
        return entry;
    }

    /**
     * Copies a tensor as numbers of another type: exactly when that is wide enough, and rounded once to nearest, with
     * ties to even, from the float32 that ggml's formulas give.
     *
     * @param to F64, F32, F16 or BF16
     * @param destination as many elements of that type
     * @throws JalignException of kind NUMERIC when a finite value would become infinite, of kind IO when the file was
     *     cut short meanwhile
     */
    public void read(String name, DType to, MemorySegment destination) {
        Entry e = entry(name);
        if (destination.byteSize() != e.elements() * to.bytes()) {
            throw new IllegalArgumentException(
                    name + ": " + destination.byteSize() + " bytes for " + e.elements() + " elements of " + to);
        }
        MemorySegment source = file.asSlice(header.dataStart() + e.begin(), e.end() - e.begin());
        float[] chunk = new float[(int) Math.min(CHUNK, e.elements())];
        MemorySegment floats = MemorySegment.ofArray(chunk);
        long handedBack = 0;
        for (long at = 0; at < e.elements(); at += chunk.length) {
            int count = (int) Math.min(chunk.length, e.elements() - at);
            long begin = bytes(e.type(), at);
            long end = bytes(e.type(), at + count);
            decode(e, source.asSlice(begin, end - begin), chunk, count);
            MemorySegment values = floats.asSlice(0, (long) count * Float.BYTES);
            MemorySegment target = destination.asSlice(at * to.bytes(), (long) count * to.bytes());
            long overflow = FloatFormats.convert(DType.F32, values, to, target);
            if (overflow >= 0) {
                throw FloatFormats.tooLarge(GgufHeader.tensorWhere(where, name), DType.F32, values, overflow, to);
            }
            if (source.isMapped() && end - handedBack >= WINDOW) {
                source.asSlice(handedBack, end - handedBack).unload();
                handedBack = end;
            }
        }
    }

    private static long bytes(GgmlType type, long elements) {
        return elements / type.blockElements() * type.blockBytes();
    }

    /** A page that the file lost makes the machine's memory error an {@link InternalError}. */
    private void decode(Entry e, MemorySegment source, float[] target, int count) {
        try {
            GgmlBlocks.decode(e.type(), source, target, count);
        } catch (InternalError error) {
            throw new JalignException(
                    Kind.IO,
                    GgufHeader.tensorWhere(where, e.name()),
                    "a file must stay as it is while it is open",
                    "bytes that can no longer be read",
                    "the file as it was when it was opened",
                    "see that no other program writes it, and that its disk is well",
                    error);
        }
    }

    /** Ends the mapping. */
    @Override
    public void close() {
        arena.close();
    }
}
