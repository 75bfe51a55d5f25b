package io.github.jalign.tensor;

import org.jspecify.annotations.Nullable;

/** Element types, in memory and in safetensors files, whose names they bear. */
public enum DType {
    F64("float64", 8),
    F32("float32", 4),
    F16("float16", 2),
    BF16("bfloat16", 2),
    I64("int64", 8),
    I32("int32", 4),
    I16("int16", 2),
    I8("int8", 1),
    U64("uint64", 8),
    U32("uint32", 4),
    U16("uint16", 2),
    U8("uint8", 1),
    BOOL("bool", 1);

    private final String torchName;
    private final int bytes;

    DType(String torchName, int bytes) {
        this.torchName = torchName;
        this.bytes = bytes;
    }

    /** Size of one element. */
    public int bytes() {
        return bytes;
    }

    /** PyTorch's name, as {@code dtype} in a config.json has it. */
    public String torchName() {
        return torchName;
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
