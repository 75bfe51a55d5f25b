package io.github.jalign.checkpoint;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;
import io.github.jalign.json.Json;
import io.github.jalign.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file, read and checked. The rules are those of the format's reference parser
 * (safetensors/src/tensor.rs) and two more: a name stands once, and a type is one of {@link DType}.
 *
 * @param dataStart where the tensors' bytes begin in the file
 * @param entries by name, in the order of their bytes
 */
record SafetensorsHeader(long dataStart, Map<String, Safetensors.Entry> entries, Map<String, String> metadata) {
    /** The reference parser's limit. */
    static final long MAX_LENGTH = 100_000_000;

    static final String METADATA = "__metadata__";
    private static final String LFS_POINTER = "version https://git-lfs";
    private static final String GET_AGAIN = "the file is cut short or damaged: download or copy it again";
    private static final String WRITE_AGAIN = "write the file again with the program that made it";
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Reads the header of a whole file. Nothing is allocated before the length it claims is compared with the file's.
     *
     * @param where names the file in errors
     */
    static SafetensorsHeader read(String where, MemorySegment file) {
        long size = file.byteSize();
        if (size < Long.BYTES) {
            throw broken(
                    where,
                    "a safetensors file begins with the length of its header in 8 bytes",
                    bytes(size),
                    "at least 8 bytes",
                    GET_AGAIN);
        }
        long length = file.get(LENGTH, 0);
        if (length < 0 || length > MAX_LENGTH) {
            boolean pointer = startsWith(file, LFS_POINTER);
            throw broken(
                    where,
                    "the header of a safetensors file is at most 100000000 bytes long",
                    pointer ? "a Git LFS pointer, not the file itself" : Long.toUnsignedString(length) + " bytes",
                    "a header that fits",
                    pointer ? "run git lfs pull in the folder" : "make sure that this is a safetensors file");
        }
        if (length > size - Long.BYTES) {
            throw broken(
                    where,
                    "the header must lie within the file",
                    "a header of " + length + " bytes in a file of " + size,
                    "at most " + (size - Long.BYTES) + " bytes of header",
                    GET_AGAIN);
        }
        String headerWhere = where + ": header";
        String text = Utf8.decode(headerWhere, file.asSlice(Long.BYTES, length).toArray(ValueLayout.JAVA_BYTE));
        Map<String, @Nullable Object> fields = Json.parseObject(headerWhere, text);
        Utf8.requirePortable(headerWhere, fields);

        Map<String, String> metadata = metadata(headerWhere, fields.remove(METADATA));
        List<Safetensors.Entry> entries = new ArrayList<>(fields.size());
        fields.forEach((name, value) -> entries.add(entry(tensorWhere(where, name), name, value)));
        entries.sort(Comparator.comparingLong(Safetensors.Entry::begin).thenComparingLong(Safetensors.Entry::end));
        long dataStart = Long.BYTES + length;
        checkLayout(where, entries, size - dataStart);

        Map<String, Safetensors.Entry> byName = LinkedHashMap.newLinkedHashMap(entries.size());
        entries.forEach(e -> byName.put(e.name(), e));
        return new SafetensorsHeader(dataStart, Collections.unmodifiableMap(byName), metadata);
    }

    static String tensorWhere(String where, String name) {
        return where + ": tensor " + Utf8.quote(name);
    }

    private static Map<String, String> metadata(String where, @Nullable Object value) {
        Map<String, String> metadata = new LinkedHashMap<>();
        if (value == null) {
            return metadata;
        }
        Map<?, ?> fields = expect(where, METADATA, Map.class, value, "an object of strings");
        fields.forEach(
                (k, v) -> metadata.put((String) k, expect(where, METADATA + "." + k, String.class, v, "a string")));
        return Collections.unmodifiableMap(metadata);
    }

    private static Safetensors.Entry entry(String where, String name, @Nullable Object value) {
        Map<?, ?> fields = expect(where, "the entry", Map.class, value, "an object");
        String type = expect(where, "dtype", String.class, fields.get("dtype"), "a string");
        DType dtype = DType.fromSafetensors(type);
        if (dtype == null) {
            throw broken(
                    where,
                    "dtype must be a type that jalign reads",
                    Utf8.quote(type),
                    "one of "
                            + String.join(
                                    " ",
                                    Arrays.stream(DType.values())
                                            .map(DType::name)
                                            .toList()),
                    "convert the file to BF16 or F32 with the program that made it");
        }
        List<Long> shape = sizes(where, "shape", fields.get("shape"));
        List<Long> offsets = sizes(where, "data_offsets", fields.get("data_offsets"));
        if (offsets.size() != 2) {
            throw broken(
                    where,
                    "data_offsets must be the first byte and the one after the last",
                    offsets.toString(),
                    "two numbers",
                    WRITE_AGAIN);
        }
        return new Safetensors.Entry(name, dtype, shape, offsets.get(0), offsets.get(1));
    }

    private static List<Long> sizes(String where, String field, @Nullable Object value) {
        List<?> items = expect(where, field, List.class, value, "an array of whole numbers");
        List<Long> sizes = new ArrayList<>(items.size());
        for (Object item : items) {
            if (!(item instanceof Long size) || size < 0) {
                throw broken(
                        where,
                        field + " must hold whole numbers",
                        Utf8.quote(item),
                        "numbers from 0 to 9223372036854775807",
                        WRITE_AGAIN);
            }
            sizes.add(size);
        }
        return List.copyOf(sizes);
    }

    private static <T> T expect(String where, String field, Class<T> type, @Nullable Object value, String expected) {
        if (!type.isInstance(value)) {
            throw broken(where, field + " must be " + expected, Json.kind(value), expected, WRITE_AGAIN);
        }
        return type.cast(value);
    }

    /** The tensors follow one another from the first byte of the data to the last, each as long as its shape says. */
    private static void checkLayout(String where, List<Safetensors.Entry> entries, long dataSize) {
        long at = 0;
        for (Safetensors.Entry e : entries) {
            String tensor = tensorWhere(where, e.name());
            if (e.begin() != at || e.end() < e.begin()) {
                throw broken(
                        tensor,
                        "tensors must follow one another without gap or overlap",
                        "bytes " + e.begin() + " to " + e.end(),
                        "bytes from " + at + " on",
                        WRITE_AGAIN);
            }
            long size = size(tensor, e);
            if (e.end() - e.begin() != size) {
                throw broken(
                        tensor,
                        "data_offsets must agree with shape and dtype",
                        bytes(e.end() - e.begin()),
                        bytes(size) + " for " + e.dtype() + " " + e.shape(),
                        WRITE_AGAIN);
            }
            at = e.end();
        }
        if (at != dataSize) {
            throw broken(
                    where,
                    "the tensors' bytes must end where the file ends",
                    bytes(dataSize) + " after the header",
                    bytes(at),
                    at > dataSize ? GET_AGAIN : WRITE_AGAIN);
        }
    }

    private static long size(String where, Safetensors.Entry e) {
        try {
            long size = 1;
            for (long n : e.shape()) {
                size = Math.multiplyExact(size, n);
            }
            return Math.multiplyExact(size, (long) e.dtype().bytes());
        } catch (ArithmeticException tooLarge) {
            throw new JalignException(
                    Kind.INPUT,
                    where,
                    "the size of a tensor must fit 63 bits",
                    e.dtype() + " " + e.shape(),
                    "fewer than 9223372036854775808 bytes",
                    WRITE_AGAIN,
                    tooLarge);
        }
    }

    private static String bytes(long count) {
        return count == 1 ? "1 byte" : count + " bytes";
    }

    private static boolean startsWith(MemorySegment file, String ascii) {
        for (int i = 0; i < ascii.length(); i++) {
            if (i >= file.byteSize() || file.get(ValueLayout.JAVA_BYTE, i) != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static JalignException broken(String where, String rule, String found, String expected, String action) {
        return new JalignException(Kind.INPUT, where, rule, found, expected, action);
    }
}
