package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsWriterTest {

    @Test
    void theWidestTypesComeFirstThenNamesAndTheHeaderIsPadded() throws IOException {
        byte[] file = write(
                List.of(
                        floats("b", DType.F16, 1),
                        floats("z", DType.F32, 2, 3),
                        floats("a", DType.F32, 1, 0),
                        floats("c", DType.F64),
                        floats("a2", DType.BF16, 1)),
                Map.of("format", "pt", "a", "\"quoted\" é"));
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) bytes.getLong();
        assertEquals(0, length % 8);
        assertEquals(
                """
                {"__metadata__":{"a":"\\"quoted\\" é","format":"pt"},\
                "c":{"dtype":"F64","shape":[],"data_offsets":[0,8]},\
                "a":{"dtype":"F32","shape":[1,0],"data_offsets":[8,8]},\
                "z":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},\
                "b":{"dtype":"F16","shape":[1],"data_offsets":[32,34]},\
                "a2":{"dtype":"BF16","shape":[1],"data_offsets":[34,36]}}""",
                new String(file, 8, length, StandardCharsets.UTF_8).stripTrailing());
        assertEquals(8 + length + 36, file.length);
        Safetensors read = RawSafetensors.open(file);
        assertEquals(Map.of("format", "pt", "a", "\"quoted\" é"), read.metadata());
        float[] z = new float[6];
        read.readFloats("z", MemorySegment.ofArray(z));
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, z);
    }

    @Test
    void aFileWithoutTensorsIsTheSmallestValidOne() throws IOException {
        byte[] file = write(List.of(), Map.of());
        assertArrayEquals("\10\0\0\0\0\0\0\0{}      ".getBytes(StandardCharsets.ISO_8859_1), file);
        assertEquals(Map.of(), RawSafetensors.open(file).tensors());
    }

    /** More than one chunk of 1 MiB, with a last one that is not full. */
    @ParameterizedTest
    @EnumSource(names = {"F64", "F32", "F16", "BF16"})
    void valuesAreConvertedChunkByChunk(DType saveAs) throws IOException {
        int count = 2 * (1 << 20) / saveAs.bytes() + 4711;
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = i % 255 - 127;
        }
        TensorSource source =
                new TensorSource("a", List.of((long) count), DType.F32, saveAs, MemorySegment.ofArray(values));
        float[] read = new float[count];
        RawSafetensors.open(write(List.of(source), Map.of())).readFloats("a", MemorySegment.ofArray(read));
        assertArrayEquals(values, read);
    }

    @Test
    void typesWithoutConversionAreWrittenAsTheyAre() throws IOException {
        long[] ids = {Long.MIN_VALUE, -1, 42};
        TensorSource source = new TensorSource("ids", List.of(3L), DType.I64, DType.I64, MemorySegment.ofArray(ids));
        Safetensors file = RawSafetensors.open(write(List.of(source), Map.of()));
        assertArrayEquals(ids, file.bytes("ids").toArray(ValueLayout.JAVA_LONG_UNALIGNED));
    }

    @Test
    void valuesAreAskedForOneTensorAtATimeInTheOrderOfTheFile() throws IOException {
        List<String> asked = new ArrayList<>();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<Integer> sizes = new ArrayList<>();
        List<TensorSource> sources = new ArrayList<>();
        for (String name : List.of("c", "a", "b")) {
            sources.add(new TensorSource(name, List.of(2L), DType.F32, DType.F32, () -> {
                asked.add(name);
                sizes.add(out.size());
                return MemorySegment.ofArray(new float[2]);
            }));
        }
        SafetensorsWriter.write(out, sources, Map.of());
        assertEquals(List.of("a", "b", "c"), asked);
        assertEquals(List.of(8, 8), List.of(sizes.get(1) - sizes.get(0), sizes.get(2) - sizes.get(1)));
    }

    @Test
    void aValueThatDoesNotFitIsNamedWithItsPlace() {
        float[] values = new float[600_000];
        values[599_999] = -70000;
        TensorSource source =
                new TensorSource("up", List.of(600_000L), DType.F32, DType.F16, MemorySegment.ofArray(values));
        JalignException e = assertThrows(JalignException.class, () -> write(List.of(source), Map.of()));
        assertEquals(
                """
                tensor "up": every finite value must stay finite as F16
                  found     -70000.0 at index 599999
                  expected  at most 65504 in size
                  do        choose bfloat16 or float32""",
                e.getMessage());
    }

    @Test
    void mistakesOfTheCallerAreRefused() {
        MemorySegment one = MemorySegment.ofArray(new float[1]);
        assertIllegal(
                "a: no conversion from I32 to F32",
                () -> new TensorSource("a", List.of(1L), DType.I32, DType.F32, one));
        assertIllegal("no tensor: a [-1]", () -> new TensorSource("a", List.of(-1L), DType.F32, DType.F32, one));
        assertIllegal(
                "no tensor: __metadata__ [1]",
                () -> new TensorSource("__metadata__", List.of(1L), DType.F32, DType.F32, one));
        assertIllegal(
                "two tensors named a",
                () -> write(List.of(floats("a", DType.F32, 1), floats("a", DType.F16, 1)), Map.of()));
        assertIllegal(
                "a: 4 bytes for 2 elements of F32",
                () -> write(List.of(new TensorSource("a", List.of(2L), DType.F32, DType.F32, one)), Map.of()));
    }

    private static void assertIllegal(String message, org.junit.jupiter.api.function.Executable action) {
        assertEquals(
                message, assertThrows(IllegalArgumentException.class, action).getMessage());
    }

    private static byte[] write(List<TensorSource> tensors, Map<String, String> metadata) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SafetensorsWriter.write(out, tensors, metadata);
        return out.toByteArray();
    }

    /** 1, 2, 3, … */
    private static TensorSource floats(String name, DType saveAs, long... shape) {
        List<Long> sizes = new ArrayList<>();
        int count = 1;
        for (long n : shape) {
            sizes.add(n);
            count *= (int) n;
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = i + 1;
        }
        return new TensorSource(name, sizes, DType.F32, saveAs, MemorySegment.ofArray(values));
    }
}
