package io.github.jalign.checkpoint;

import io.github.jalign.tensor.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a tensor's elements lie in a GGUF file, of ggml's types those that jalign reads (ggml.h and ggml-common.h, August
 * 2026). A quantised type packs 32 neighbours of a row into a block of 4 or 8 bits each and one or two F16 numbers.
 */
public enum GgmlType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    /** A scale d and 4-bit q: d·(q − 8). Element i is the lower half of byte i, element i + 16 the upper. */
    Q4_0(2, 32, 18),
    /** A scale d, a minimum m and 4-bit q: d·q + m. */
    Q4_1(3, 32, 20),
    /** A scale d and signed bytes q: d·q. */
    Q8_0(8, 32, 34),
    BF16(30, 1, 2);

    /** What ggml calls its types, by number; empty where a number is no longer used. */
    private static final List<String> NAMES = List.of(
            "F32", "F16", "Q4_0", "Q4_1", "Q4_2", "Q4_3", "Q5_0", "Q5_1", "Q8_0", "Q8_1", //
            "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", //
            "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS", "I8", "I16", "I32", "I64", "F64", "IQ1_M", //
            "BF16", "", "", "", "TQ1_0", "TQ2_0", "", "", "", "MXFP4", //
            "NVFP4", "Q1_0", "Q2_0");

    private final int number;
    private final int blockElements;
    private final int blockBytes;

    GgmlType(int number, int blockElements, int blockBytes) {
        this.number = number;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** The type's number in files. */
    int number() {
        return number;
    }

    /** Elements of a row that lie together; a row holds whole blocks. */
    public int blockElements() {
        return blockElements;
    }

    int blockBytes() {
        return blockBytes;
    }

    public boolean quantised() {
        return blockElements > 1;
    }

    /** The same type among {@link DType}, or null when it is quantised. */
    public @Nullable DType dtype() {
        return switch (this) {
            case F32 -> DType.F32;
            case F16 -> DType.F16;
            case BF16 -> DType.BF16;
            case Q4_0, Q4_1, Q8_0 -> null;
        };
    }

    /** Null for a number that jalign does not read. */
    static @Nullable GgmlType ofNumber(int number) {
        for (GgmlType type : values()) {
            if (type.number == number) {
                return type;
            }
        }
        return null;
    }

    /** What ggml calls a type, for errors. */
    static String nameOf(int number) {
        return number >= 0 && number < NAMES.size() && !NAMES.get(number).isEmpty()
                ? NAMES.get(number)
                : "type number " + Integer.toUnsignedString(number);
    }
}
