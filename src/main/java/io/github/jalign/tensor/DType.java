package io.github.jalign.tensor;

import org.jspecify.annotations.Nullable;

/** Element types, in memory and in safetensors files, whose names they bear there. */
public enum DType {
    F64(8),
    F32(4),
    F16(2),
    BF16(2),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U64(8),
    U32(4),
    U16(2),
    U8(1),
    BOOL(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element. */
    public int bytes() {
        return bytes;
    }

    /** The name in a safetensors header. */
    public String safetensorsName() {
        return name();
    }

    /** The type of that name in a safetensors header, or null. */
    public static @Nullable DType fromSafetensors(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }
}
