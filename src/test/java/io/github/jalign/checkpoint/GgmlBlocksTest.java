package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bit for bit what the gguf package computes; tools/gguf/blocks.py made the file. */
class GgmlBlocksTest {
    private static Map<?, ?> golden(String direction, String type) throws IOException {
        try (InputStream in = Objects.requireNonNull(GgmlBlocksTest.class.getResourceAsStream("/checkpoint/ggml-blocks.json"))) {
            Map<?, ?> all = Json.parseObject("golden", new String(in.readAllBytes(), StandardCharsets.UTF_8));
            return (Map<?, ?>) ((Map<?, ?>) all.get(direction)).get(type);
        }
    }

    private static byte[] bytes(Map<?, ?> golden, String name) {
        return HexFormat.of().parseHex((String) golden.get(name));
    }

    private static int[] bits(byte[] float32) {
        int[] bits = new int[float32.length / 4];
        ByteBuffer.wrap(float32).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(bits);
        return bits;
    }

    @ParameterizedTest
    @EnumSource(value = GgmlType.class, names = {"Q8_0", "Q4_0", "Q4_1"})
    void decodesAsGgml(GgmlType type) throws IOException {
        Map<?, ?> golden = golden("decode", type.name());
        byte[] blocks = bytes(golden, "bytes");
        int[] expected = bits(bytes(golden, "float32"));
        assertEquals(6 * 32, expected.length);
        float[] found = new float[expected.length];
        GgmlBlocks.decode(type, MemorySegment.ofArray(blocks), found, found.length);
        int[] foundBits = new int[found.length];
        for (int i = 0; i < found.length; i++) {
            foundBits[i] = Float.floatToRawIntBits(found[i]);
        }
        assertArrayEquals(expected, foundBits);
    }

    @Test
    void encodesQ8AsGgml() throws IOException {
        Map<?, ?> golden = golden("encode", "Q8_0");
        int[] numbers = bits(bytes(golden, "float32"));
        float[] values = new float[numbers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(numbers[i]);
        }
        byte[] found = new byte[values.length / 32 * 34];
        assertEquals(-1, GgmlBlocks.encodeQ8(values, values.length, MemorySegment.ofArray(found)));
        assertArrayEquals(bytes(golden, "bytes"), found);
    }

    /** F16 ends at 65504 and rounds from 65520 on to infinity; a scale is the largest value over 127. */
    @Test
    void aScaleThatF16CannotHoldIsPointedAt() {
        byte[] target = new byte[3 * 34];
        float[] values = new float[96];
        values[40] = -65519f * 127;
        assertEquals(-1, GgmlBlocks.encodeQ8(values, 96, MemorySegment.ofArray(target)));
        values[40] = -65520f * 127;
        assertEquals(32, GgmlBlocks.encodeQ8(values, 96, MemorySegment.ofArray(target)));
        values[40] = Float.NaN;
        assertEquals(32, GgmlBlocks.encodeQ8(values, 96, MemorySegment.ofArray(target)));
        values[40] = 0;
        values[95] = Float.POSITIVE_INFINITY;
        assertEquals(64, GgmlBlocks.encodeQ8(values, 96, MemorySegment.ofArray(target)));
    }
}
