package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What stands before the tensors of a GGUF file, read and checked: versions 2 and 3, little endian. The rules are those
 * of ggml's own reader (gguf.cpp, August 2026) and four more: counts, strings and the alignment have upper bounds, no
 * dimension is zero, no array holds arrays, and every tensor ends within the file.
 *
 * @param keys by name, in file order
 * @param entries by name, in file order, which is the order of their bytes
 * @param dataStart where the tensors' bytes begin in the file
 */
record GgufHeader(Map<String, GgufKeys.Value> keys, Map<String, Gguf.Entry> entries, long dataStart) {
    static final int MAGIC = 'G' | 'G' << 8 | 'U' << 16 | 'F' << 24;
    static final int VERSION = 3;
    static final String ALIGNMENT = "general.alignment";
    static final int DEFAULT_ALIGNMENT = 32;
    /** Bytes of a tensor's name; ggml has room for one more, a zero. */
    static final int MAX_TENSOR_NAME = 63;

    private static final int MAX_ALIGNMENT = 65_536;
    private static final int MAX_COUNT = 65_536;
    private static final int MAX_KEY = 65_535;
    private static final int MAX_STRING = 1 << 24;
    private static final int MAX_DIMENSIONS = 4;
    private static final String LFS_POINTER = "version https://git-lfs";
    private static final String GET_AGAIN = "the file is cut short or damaged: download or copy it again";
    private static final String WRITE_AGAIN = "write the file again with the program that made it";

    /**
     * Reads the header of a whole file. Nothing is allocated before the size it claims is compared with the file's.
     *
     * @param where names the file in errors
     */
    static GgufHeader read(String where, MemorySegment file) {
        return new Reader(where, file).read();
    }

    static String keyWhere(String where, String key) {
        return where + ": key " + Utf8.quote(key);
    }

    static String tensorWhere(String where, String name) {
        return where + ": tensor " + Utf8.quote(name);
    }

    static JalignException broken(String where, String rule, String found, String expected, String action) {
        return new JalignException(Kind.INPUT, where, rule, found, expected, action);
    }

    /** Walks the file; every step first makes sure that the bytes are there. */
    private static final class Reader {
        private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        private static final ValueLayout.OfLong LONG =
                ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

        private final String where;
        private final MemorySegment file;
        private long at;

        Reader(String where, MemorySegment file) {
            this.where = where;
            this.file = file;
        }

        GgufHeader read() {
            magicAndVersion();
            long tensorCount = count("tensors");
            long keyCount = count("keys");
            Map<String, GgufKeys.Value> keys = LinkedHashMap.newLinkedHashMap(0);
            for (long i = 0; i < keyCount; i++) {
                key(i, keys);
            }
            int alignment = alignment(keys.get(ALIGNMENT));
            List<Gguf.Entry> entries = new ArrayList<>();
            long end = 0;
            for (long i = 0; i < tensorCount; i++) {
                Gguf.Entry entry = tensor(i, padded(end, alignment));
                entries.add(entry);
                end = entry.end();
            }
            long dataStart = padded(at, alignment);
            Map<String, Gguf.Entry> byName = LinkedHashMap.newLinkedHashMap(entries.size());
            for (Gguf.Entry e : entries) {
                if (byName.put(e.name(), e) != null) {
                    throw broken(
                            tensorWhere(where, e.name()),
                            "a tensor's name must stand once",
                            "two tensors of that name",
                            "unique names",
                            WRITE_AGAIN);
                }
                if (e.end() > file.byteSize() - dataStart) {
                    throw broken(
                            tensorWhere(where, e.name()),
                            "a tensor must lie within the file",
                            "bytes up to " + e.end() + " of " + Math.max(0, file.byteSize() - dataStart)
                                    + " after the header",
                            "a file of at least " + (dataStart + e.end()) + " bytes",
                            GET_AGAIN);
                }
            }
            return new GgufHeader(Collections.unmodifiableMap(keys), Collections.unmodifiableMap(byName), dataStart);
        }

        private void magicAndVersion() {
            if (file.byteSize() < 4 || file.get(INT, 0) != MAGIC) {
                boolean pointer = startsWith(LFS_POINTER);
                throw broken(
                        where,
                        "a GGUF file begins with the letters GGUF",
                        pointer ? "a Git LFS pointer, not the file itself" : firstBytes(),
                        "GGUF",
                        pointer ? "run git lfs pull in the folder" : "make sure that this is a GGUF file");
            }
            at = 4;
            int version = (int) integer(where, "the version", 4);
            if (version != VERSION && version != 2) {
                boolean bigEndian = Integer.reverseBytes(version) == VERSION;
                throw broken(
                        where,
                        "the version of a GGUF file must be one that jalign reads",
                        bigEndian ? "a big-endian file of version 3" : "version " + Integer.toUnsignedString(version),
                        "version 2 or 3, little endian",
                        bigEndian || version < 2
                                ? "convert the model again with a current llama.cpp on a little-endian machine"
                                : "make sure that this is a GGUF file");
            }
        }

        private boolean startsWith(String ascii) {
            return file.byteSize() >= ascii.length()
                    && file.asSlice(0, ascii.length())
                                    .mismatch(MemorySegment.ofArray(
                                            ascii.getBytes(StandardCharsets.US_ASCII)))
                            == -1;
        }

        private String firstBytes() {
            byte[] first = file.asSlice(0, Math.min(4, file.byteSize())).toArray(ValueLayout.JAVA_BYTE);
            return first.length == 0 ? "an empty file" : "bytes " + Arrays.toString(first);
        }

        private long count(String what) {
            long count = integer(where, "the number of " + what, 8);
            if (count < 0 || count > MAX_COUNT) {
                throw broken(
                        where,
                        "a GGUF file holds at most " + MAX_COUNT + " " + what,
                        Long.toUnsignedString(count) + " " + what,
                        "a number that fits",
                        WRITE_AGAIN);
            }
            return count;
        }

        private void key(long index, Map<String, GgufKeys.Value> keys) {
            String place = where + ": key " + index;
            String name = string(place, "the name", MAX_KEY);
            if (name.isEmpty()) {
                throw broken(place, "a key must have a name", "an empty one", "a name", WRITE_AGAIN);
            }
            place = keyWhere(where, name);
            GgufKeys.Value value = value(place, type(place));
            if (keys.put(name, value) != null) {
                throw broken(place, "a key must stand once", "two of that name", "unique keys", WRITE_AGAIN);
            }
        }

        private GgufType type(String place) {
            int number = (int) integer(place, "the type", 4);
            @Nullable GgufType type = GgufType.ofNumber(number);
            if (type == null) {
                throw broken(
                        place,
                        "the type of a value must be one of the format's",
                        "type number " + Integer.toUnsignedString(number),
                        "a number from 0 to " + (GgufType.values().length - 1),
                        WRITE_AGAIN);
            }
            return type;
        }

        private GgufKeys.Value value(String place, GgufType type) {
            return switch (type) {
                case UINT8, INT8, UINT16, INT16, UINT32, INT32, FLOAT32, UINT64, INT64, FLOAT64, BOOL ->
                    new GgufKeys.Value(type, type, 1, take(place, "the value", type.leastBytes()));
                case STRING -> new GgufKeys.Value(type, type, 1, bytes(place, "the value", MAX_STRING));
                case ARRAY -> array(place);
            };
        }

        private GgufKeys.Value array(String place) {
            GgufType element = type(place);
            if (element == GgufType.ARRAY) {
                throw broken(
                        place,
                        "an array must hold plain values",
                        "an array of arrays",
                        "an array of numbers, flags or strings",
                        WRITE_AGAIN);
            }
            long count = integer(place, "the number of elements", 8);
            if (count < 0 || count > left() / element.leastBytes()) {
                throw broken(
                        place,
                        "an array must lie within the file",
                        Long.toUnsignedString(count) + " elements of type " + element + ", with " + left()
                                + " bytes left",
                        "at most " + left() / element.leastBytes() + " elements",
                        GET_AGAIN);
            }
            long begin = at;
            if (element == GgufType.STRING) {
                for (long i = 0; i < count; i++) {
                    bytes(place, "element " + i, MAX_STRING);
                }
            } else {
                at += count * element.leastBytes();
            }
            return new GgufKeys.Value(GgufType.ARRAY, element, count, file.asSlice(begin, at - begin));
        }

        private int alignment(GgufKeys.@Nullable Value value) {
            if (value == null) {
                return DEFAULT_ALIGNMENT;
            }
            String place = keyWhere(where, ALIGNMENT);
            if (value.type() != GgufType.UINT32) {
                throw broken(
                        place, "the alignment must be of type UINT32", "" + value.type(), "UINT32", WRITE_AGAIN);
            }
            int alignment = value.bytes().get(INT, 0);
            if (Integer.bitCount(alignment) != 1 || alignment < 8 || alignment > MAX_ALIGNMENT) {
                throw broken(
                        place,
                        "the alignment must be a power of two",
                        Integer.toUnsignedString(alignment),
                        "a power of two from 8 to " + MAX_ALIGNMENT,
                        WRITE_AGAIN);
            }
            return alignment;
        }

        private Gguf.Entry tensor(long index, long begin) {
            String place = where + ": tensor " + index;
            String name = string(place, "the name", MAX_TENSOR_NAME);
            if (name.isEmpty()) {
                throw broken(place, "a tensor must have a name", "an empty one", "a name", WRITE_AGAIN);
            }
            place = tensorWhere(where, name);
            int dimensions = (int) integer(place, "the number of dimensions", 4);
            if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
                throw broken(
                        place,
                        "a tensor has 1 to " + MAX_DIMENSIONS + " dimensions",
                        Integer.toUnsignedString(dimensions),
                        "1 to " + MAX_DIMENSIONS,
                        WRITE_AGAIN);
            }
            List<Long> shape = new ArrayList<>(dimensions);
            for (int i = 0; i < dimensions; i++) {
                long size = integer(place, "dimension " + i, 8);
                if (size < 1) {
                    throw broken(
                            place,
                            "a dimension must be at least 1",
                            Long.toUnsignedString(size),
                            "a number from 1 to 9223372036854775807",
                            WRITE_AGAIN);
                }
                shape.addFirst(size); // the file has the width of a row first
            }
            int number = (int) integer(place, "the type", 4);
            @Nullable GgmlType type = GgmlType.ofNumber(number);
            if (type == null) {
                throw broken(
                        place,
                        "a tensor's type must be one that jalign reads",
                        GgmlType.nameOf(number),
                        "one of F32 F16 BF16 Q8_0 Q4_0 Q4_1",
                        "convert or quantise the model to one of those types with llama.cpp");
            }
            long size = size(place, type, shape);
            long offset = integer(place, "the offset", 8);
            if (offset != begin) {
                throw broken(
                        place,
                        "tensors must follow one another, each at the next multiple of the alignment",
                        "offset " + Long.toUnsignedString(offset),
                        "offset " + begin,
                        WRITE_AGAIN);
            }
            return new Gguf.Entry(name, type, List.copyOf(shape), begin, Math.addExact(begin, size));
        }

        private static long size(String place, GgmlType type, List<Long> shape) {
            long width = shape.getLast();
            if (width % type.blockElements() != 0) {
                throw broken(
                        place,
                        "a row must hold whole blocks",
                        width + " elements of type " + type,
                        "a multiple of " + type.blockElements(),
                        WRITE_AGAIN);
            }
            try {
                long elements = 1;
                for (long n : shape) {
                    elements = Math.multiplyExact(elements, n);
                }
                long size = Math.multiplyExact(elements / type.blockElements(), (long) type.blockBytes());
                if (size <= Long.MAX_VALUE / MAX_COUNT) { // so that no sum of sizes overflows
                    return size;
                }
            } catch (ArithmeticException tooLarge) {
                throw tooLarge(place, type, shape, tooLarge);
            }
            throw tooLarge(place, type, shape, null);
        }

        private static JalignException tooLarge(
                String place, GgmlType type, List<Long> shape, @Nullable Throwable cause) {
            return new JalignException(
                    Kind.INPUT,
                    place,
                    "a tensor must fit a file",
                    type + " " + shape,
                    "at most " + Long.MAX_VALUE / MAX_COUNT + " bytes",
                    WRITE_AGAIN,
                    cause);
        }

        private String string(String place, String what, int most) {
            return Utf8.decode(place, bytes(place, what, most).toArray(ValueLayout.JAVA_BYTE));
        }

        private MemorySegment bytes(String place, String what, int most) {
            long length = integer(place, "the length of " + what, 8);
            if (length < 0 || length > most) {
                throw broken(
                        place,
                        what + " is at most " + most + " bytes long",
                        Long.toUnsignedString(length) + " bytes",
                        "a string that fits",
                        WRITE_AGAIN);
            }
            return take(place, what, length);
        }

        private long integer(String place, String what, int width) {
            MemorySegment bytes = take(place, what, width);
            return width == 4 ? bytes.get(INT, 0) : bytes.get(LONG, 0);
        }

        private MemorySegment take(String place, String what, long length) {
            if (length > left()) {
                throw broken(
                        place,
                        what + " must lie within the file",
                        length + " bytes at byte " + at + " of " + file.byteSize(),
                        "at most " + left() + " bytes",
                        GET_AGAIN);
            }
            MemorySegment bytes = file.asSlice(at, length);
            at += length;
            return bytes;
        }

        private long left() {
            return file.byteSize() - at;
        }
    }

    /** The next multiple of a power of two. */
    static long padded(long size, int alignment) {
        return (size + alignment - 1) & -(long) alignment;
    }
}
