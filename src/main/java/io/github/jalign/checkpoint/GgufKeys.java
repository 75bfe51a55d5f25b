package io.github.jalign.checkpoint;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.github.jalign.errors.JalignException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a GGUF file. Values stay in the file until they are asked for; each question names the type it needs, is
 * answered with null when there is no such key, and refuses a value of another type.
 */
public final class GgufKeys {
    /** Elements of an array that is asked for; the largest vocabularies have half as many merges. */
    private static final int MAX_ELEMENTS = 1 << 20;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * A value as it lies in the file.
     *
     * @param element the type of an array's elements; otherwise {@code type}
     * @param bytes of a string only its characters
     */
    record Value(GgufType type, GgufType element, long count, MemorySegment bytes) {}

    private final String where;
    private final Map<String, Value> values;

    GgufKeys(String where, Map<String, Value> values) {
        this.where = where;
        this.values = values;
    }

    /** In file order. */
    public Set<String> names() {
        return values.keySet();
    }

    /** Where a key stands, for errors. */
    public String where(String key) {
        return GgufHeader.keyWhere(where, key);
    }

    public @Nullable String text(String key) {
        @Nullable Value value = values.get(key);
        return value == null
                ? null
                : Utf8.decode(where(key), expect(key, value, "a string", GgufType.STRING).bytes().toArray(JAVA_BYTE));
    }

    /** A whole number of at most 63 bits, of any of the eight types. */
    public @Nullable Long whole(String key) {
        @Nullable Value value = values.get(key);
        return value == null ? null : wholeOf(key, value, 0);
    }

    /** A number of any type; a FLOAT32 as the shortest decimal that it is the nearest of, so 1e-5 is 1e-5. */
    public @Nullable Double number(String key) {
        @Nullable Value value = values.get(key);
        if (value == null) {
            return null;
        }
        return switch (value.type()) {
            case FLOAT32 -> Double.valueOf(Float.toString(Float.intBitsToFloat(value.bytes().get(INT, 0))));
            case FLOAT64 -> Double.longBitsToDouble(value.bytes().get(LONG, 0));
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, BOOL, STRING, ARRAY, UINT64, INT64 ->
                (double) wholeOf(key, value, 0);
        };
    }

    public @Nullable Boolean flag(String key) {
        @Nullable Value value = values.get(key);
        return value == null ? null : expect(key, value, "true or false", GgufType.BOOL).bytes().get(JAVA_BYTE, 0) != 0;
    }

    public @Nullable List<String> texts(String key) {
        @Nullable Value value = array(key, "strings", GgufType.STRING);
        if (value == null) {
            return null;
        }
        List<String> texts = new ArrayList<>((int) value.count());
        long at = 0;
        for (int i = 0; i < value.count(); i++) {
            long length = value.bytes().get(LONG, at);
            String place = where(key) + ", element " + i;
            texts.add(Utf8.decode(place, value.bytes().asSlice(at + Long.BYTES, length).toArray(JAVA_BYTE)));
            at += Long.BYTES + length;
        }
        return texts;
    }

    public int @Nullable [] wholes(String key) {
        @Nullable Value value = array(key, "whole numbers of 32 bits", GgufType.INT32, GgufType.UINT32);
        return value == null ? null : value.bytes().toArray(INT);
    }

    public float @Nullable [] numbers(String key) {
        @Nullable Value value = array(key, "numbers of type FLOAT32", GgufType.FLOAT32);
        return value == null
                ? null
                : value.bytes().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    }

    private @Nullable Value array(String key, String what, GgufType... elements) {
        @Nullable Value value = values.get(key);
        if (value == null) {
            return null;
        }
        String expected = "an array of " + what;
        if (value.type() != GgufType.ARRAY || !List.of(elements).contains(value.element())) {
            throw otherType(key, value, expected);
        }
        if (value.count() > MAX_ELEMENTS) {
            throw GgufHeader.broken(
                    where(key),
                    "an array holds at most " + MAX_ELEMENTS + " elements",
                    value.count() + " elements",
                    "the vocabulary of a model",
                    "make sure that this is a GGUF file of a language model");
        }
        return value;
    }

    private long wholeOf(String key, Value value, long at) {
        MemorySegment bytes = value.bytes();
        long whole = switch (value.type()) {
            case UINT8 -> bytes.get(JAVA_BYTE, at) & 0xff;
            case INT8 -> bytes.get(JAVA_BYTE, at);
            case UINT16 -> bytes.get(SHORT, at) & 0xffff;
            case INT16 -> bytes.get(SHORT, at);
            case UINT32 -> Integer.toUnsignedLong(bytes.get(INT, at));
            case INT32 -> bytes.get(INT, at);
            case UINT64, INT64 -> bytes.get(LONG, at);
            case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> throw otherType(key, value, "a whole number");
        };
        if (value.type() == GgufType.UINT64 && whole < 0) {
            throw GgufHeader.broken(
                    where(key),
                    "a whole number must fit 63 bits",
                    Long.toUnsignedString(whole),
                    "at most 9223372036854775807",
                    "write the file again with the program that made it");
        }
        return whole;
    }

    private Value expect(String key, Value value, String expected, GgufType type) {
        if (value.type() != type) {
            throw otherType(key, value, expected);
        }
        return value;
    }

    private JalignException otherType(String key, Value value, String expected) {
        return GgufHeader.broken(
                where(key),
                "the value must be " + expected,
                value.type() == GgufType.ARRAY ? "an array of type " + value.element() : "type " + value.type(),
                expected,
                "write the file again with the program that made it");
    }
}
