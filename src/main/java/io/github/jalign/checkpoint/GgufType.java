package io.github.jalign.checkpoint;

import org.jspecify.annotations.Nullable;

/** Types of the values in a GGUF file's key table, with their numbers (docs/gguf.md of ggml). */
enum GgufType {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    /** A length in 8 bytes and so many bytes of UTF-8. */
    STRING(8, 8),
    /** The elements' type in 4 bytes, their number in 8, the elements. */
    ARRAY(9, 12),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    private final int number;
    private final int leastBytes;

    GgufType(int number, int leastBytes) {
        this.number = number;
        this.leastBytes = leastBytes;
    }

    int number() {
        return number;
    }

    /** The size of a value; of a string or an array the least. */
    int leastBytes() {
        return leastBytes;
    }

    static @Nullable GgufType ofNumber(int number) {
        for (GgufType type : values()) {
            if (type.number == number) {
                return type;
            }
        }
        return null;
    }
}
