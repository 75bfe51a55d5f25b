package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufWriterTest {
    private static GgufTensor tensor(String name, GgmlType type, long rows, long columns, float... values) {
        return new GgufTensor(name, List.of(rows, columns), DType.F32, type, () -> MemorySegment.ofArray(values));
    }

    private static byte[] write(Map<String, GgufValue> keys, GgufTensor... tensors) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        GgufWriter.write(out, keys, List.of(tensors), done -> {});
        return out.toByteArray();
    }

    @Test
    void theBytesAreThoseOfTheFormat() throws IOException {
        Map<String, GgufValue> keys = new LinkedHashMap<>();
        keys.put("whole", new GgufValue.Whole(-1));
        keys.put("real", new GgufValue.Real(1.5f));
        keys.put("flag", new GgufValue.Flag(true));
        keys.put("text", new GgufValue.Text("é"));
        keys.put("texts", new GgufValue.Texts(List.of("", "▁")));
        keys.put("wholes", new GgufValue.Wholes(List.of(-2, 3)));
        keys.put("reals", new GgufValue.Reals(List.of(0.5f)));
        byte[] expected = RawGguf.of(2, 7)
                .key("whole", RawGguf.UINT32).int4(-1)
                .key("real", RawGguf.FLOAT32).int4(Float.floatToIntBits(1.5f))
                .key("flag", RawGguf.BOOL).int1(1)
                .key("text", RawGguf.STRING).string("é")
                .key("texts", RawGguf.ARRAY).int4(RawGguf.STRING).int8(2).string("").string("▁")
                .key("wholes", RawGguf.ARRAY).int4(RawGguf.INT32).int8(2).int4(-2).int4(3)
                .key("reals", RawGguf.ARRAY).int4(RawGguf.FLOAT32).int8(1).int4(Float.floatToIntBits(0.5f))
                .tensor("m", 1, 0, 3, 1)
                .tensor("n", 0, 32, 1, 1)
                .pad()
                .int2(0x3c00).int2(0xc000).int2(0x3800)
                .pad()
                .int4(Float.floatToIntBits(7))
                .pad()
                .bytes();
        byte[] found = write(
                keys, tensor("m", GgmlType.F16, 1, 3, 1, -2, 0.5f), tensor("n", GgmlType.F32, 1, 1, 7));
        assertArrayEquals(expected, found);
    }

    /** Sizes on both sides of the pieces in which tensors are written and read. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 31, 33, 129, 16_384, 65_535, 65_537, 200_001})
    void whatIsWrittenIsRead(int count) throws IOException {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (i % 251 - 125) / 64f; // exact in BF16 too: at most 8 bits
        }
        List<Integer> told = new ArrayList<>();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<GgufTensor> tensors = List.of(
                tensor("f32", GgmlType.F32, 1, count, values),
                tensor("bf16", GgmlType.BF16, count, 1, values),
                tensor("f16", GgmlType.F16, 1, count, values));
        GgufWriter.write(out, Map.of(), tensors, told::add);
        assertEquals(List.of(1, 2, 3), told);
        Gguf gguf = RawGguf.open(out.toByteArray());
        assertEquals(List.of((long) count, 1L), gguf.entry("bf16").shape());
        for (String name : List.of("f32", "bf16", "f16")) {
            float[] found = new float[count];
            gguf.read(name, DType.F32, MemorySegment.ofArray(found));
            assertArrayEquals(values, found, name);
        }
    }

    /**
     * An element of Q8_0 is off by at most half a step d, the largest of its block over 127, and by what F16 takes off
     * d, 2^-11 of it, up to 127 times.
     */
    @ParameterizedTest
    @ValueSource(ints = {32, 576, 16_384, 65_536 + 32, 131_072})
    void q8IsNearTo(int count) throws IOException {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (Math.sin(i * 12.9898) * Math.exp(i % 7 - 3));
        }
        Gguf gguf = RawGguf.open(write(Map.of(), tensor("a", GgmlType.Q8_0, 1, count, values)));
        float[] found = new float[count];
        gguf.read("a", DType.F32, MemorySegment.ofArray(found));
        for (int block = 0; block < count; block += 32) {
            float largest = 0;
            for (int i = block; i < block + 32; i++) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
            float d = largest / 127;
            for (int i = block; i < block + 32; i++) {
                assertEquals(values[i], found[i], d * (0.5 + 127 / 2048.0), "element " + i);
            }
        }
    }

    @Test
    void aScaleBeyondF16IsRefused() {
        float[] values = new float[64];
        values[33] = -1e7f;
        JalignException e = assertThrows(
                JalignException.class, () -> write(Map.of(), tensor("a", GgmlType.Q8_0, 2, 32, values)));
        assertEquals(
                """
                tensor "a": the scale of a Q8_0 block must be a finite F16 number
                  found     a block with the value -1.0E7
                  expected  values of at most 8319008 in size
                  do        choose bf16 or f32""",
                e.getMessage());
    }

    @Test
    void notANumberIsRefusedInQ8() {
        float[] values = new float[32];
        Arrays.fill(values, 3);
        values[5] = Float.NaN;
        JalignException e = assertThrows(
                JalignException.class, () -> write(Map.of(), tensor("a", GgmlType.Q8_0, 1, 32, values)));
        assertEquals(
                """
                tensor "a": the scale of a Q8_0 block must be a finite F16 number
                  found     a block with the value NaN
                  expected  values of at most 8319008 in size
                  do        look for what made the value so large""",
                e.getMessage());
    }

    @Test
    void aValueBeyondF16IsRefused() {
        JalignException e = assertThrows(
                JalignException.class, () -> write(Map.of(), tensor("a", GgmlType.F16, 1, 2, 1, 70_000)));
        assertEquals(
                """
                tensor "a": every finite value must stay finite as F16
                  found     70000.0 at index 1
                  expected  at most 65504 in size
                  do        choose bfloat16 or float32""",
                e.getMessage());
    }

    @Test
    void misuseIsAnError() {
        assertEquals(
                "a: cannot write [2, 31] of F32 as Q8_0",
                assertThrows(IllegalArgumentException.class, () -> tensor("a", GgmlType.Q8_0, 2, 31)).getMessage());
        assertEquals(
                "a: cannot write [1, 32] of F32 as Q4_0",
                assertThrows(IllegalArgumentException.class, () -> tensor("a", GgmlType.Q4_0, 1, 32)).getMessage());
        assertEquals(
                "a: 4 bytes for 2 of F32",
                assertThrows(IllegalArgumentException.class, () -> write(Map.of(), tensor("a", GgmlType.F32, 1, 2, 1)))
                        .getMessage());
        assertEquals(
                "a name twice or too long: a",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> write(
                                        Map.of(),
                                        tensor("a", GgmlType.F32, 1, 1, 1),
                                        tensor("a", GgmlType.F32, 1, 1, 1)))
                        .getMessage());
    }
}
