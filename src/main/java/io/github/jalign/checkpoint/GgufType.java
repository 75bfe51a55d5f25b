package io.github.jalign.checkpoint;

import org.jspecify.annotations.Nullable;

/** Types of the values in a GGUF file's key table, in the order of their numbers (docs/gguf.md of ggml). */
enum GgufType {
    UINT8(1),
    INT8(1),
    UINT16(2),
    INT16(2),
    UINT32(4),
    INT32(4),
    FLOAT32(4),
    BOOL(1),
    /** A length in 8 bytes and so many bytes of UTF-8. */
    STRING(8),
    /** The elements' type in 4 bytes, their number in 8, the elements. */
    ARRAY(12),
    UINT64(8),
    INT64(8),
    FLOAT64(8);

    private final int leastBytes;

    GgufType(int leastBytes) {
        this.leastBytes = leastBytes;
    }

    /** The size of a value; of a string or an array the least. */
    int leastBytes() {
        return leastBytes;
    }

    static @Nullable GgufType ofNumber(int number) {
        GgufType[] all = values();
        return number >= 0 && number < all.length ? all[number] : null;
    }
}
