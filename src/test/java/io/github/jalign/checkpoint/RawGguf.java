package io.github.jalign.checkpoint;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** GGUF files made by hand, right or wrong. */
final class RawGguf {
    /** Numbers of value types. */
    static final int UINT8 = 0;

    static final int INT8 = 1;
    static final int UINT16 = 2;
    static final int INT16 = 3;
    static final int UINT32 = 4;
    static final int INT32 = 5;
    static final int FLOAT32 = 6;
    static final int BOOL = 7;
    static final int STRING = 8;
    static final int ARRAY = 9;
    static final int UINT64 = 10;
    static final int INT64 = 11;
    static final int FLOAT64 = 12;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** Magic, version 3, the counts. */
    static RawGguf of(long tensors, long keys) {
        return of(3, tensors, keys);
    }

    static RawGguf of(int version, long tensors, long keys) {
        return new RawGguf().ascii("GGUF").int4(version).int8(tensors).int8(keys);
    }

    RawGguf ascii(String text) {
        bytes.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    RawGguf int1(int value) {
        bytes.write(value);
        return this;
    }

    RawGguf int2(int value) {
        return int1(value).int1(value >> 8);
    }

    RawGguf int4(int value) {
        bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
        return this;
    }

    RawGguf int8(long value) {
        bytes.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
        return this;
    }

    RawGguf string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int8(utf8.length);
        bytes.writeBytes(utf8);
        return this;
    }

    /** The name and the number of the type; the value comes next. */
    RawGguf key(String name, int type) {
        return string(name).int4(type);
    }

    RawGguf tensor(String name, int type, long offset, long... sizes) {
        string(name).int4(sizes.length);
        for (long size : sizes) {
            int8(size);
        }
        return int4(type).int8(offset);
    }

    /** Zeros up to the next multiple of 32. */
    RawGguf pad() {
        return pad(32);
    }

    RawGguf pad(int multiple) {
        return zeros((multiple - bytes.size() % multiple) % multiple);
    }

    RawGguf zeros(int count) {
        bytes.writeBytes(new byte[count]);
        return this;
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    static Gguf open(byte[] file) {
        return Gguf.of("model.gguf", MemorySegment.ofArray(file));
    }
}
