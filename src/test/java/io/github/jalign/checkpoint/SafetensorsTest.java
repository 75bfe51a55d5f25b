package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {

    @TestFactory
    Stream<DynamicTest> everyBadFileIsRefusedWithItsOwnMessage() {
        return BadSafetensors.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }

    @Test
    void thereAreAtLeastThirtyBadFilesAndNoTwoAreCalledAlike() {
        List<MessageCase> cases = BadSafetensors.cases();
        assertTrue(cases.size() >= 30, "only " + cases.size());
        assertEquals(
                cases.size(), cases.stream().map(MessageCase::name).distinct().count());
    }

    @Test
    void tensorsAreListedInTheOrderOfTheirBytes() {
        Safetensors file = RawSafetensors.open(RawSafetensors.file(
                """
                {"z":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},\
                "a":{"data_offsets":[0,4],"shape":[],"dtype":"F32"},\
                "m":{"dtype":"F64","shape":[3,0],"data_offsets":[4,4]},\
                "__metadata__":{"format":"pt","é":"\\ud83d\\ude00"}}""",
                6));
        assertEquals(
                List.of(
                        new Safetensors.Entry("a", DType.F32, List.of(), 0, 4),
                        new Safetensors.Entry("m", DType.F64, List.of(3L, 0L), 4, 4),
                        new Safetensors.Entry("z", DType.U8, List.of(2L), 4, 6)),
                List.copyOf(file.tensors().values()));
        assertEquals(
                List.of(1L, 0L, 2L),
                file.tensors().values().stream()
                        .map(Safetensors.Entry::elements)
                        .toList());
        assertEquals(Map.of("format", "pt", "é", "\ud83d\ude00"), file.metadata());
        assertArrayEquals(new byte[] {4, 5}, file.bytes("z").toArray(ValueLayout.JAVA_BYTE));
    }

    /** All of these the reference parser accepts. */
    @Test
    void oddButValidHeadersAreAccepted() {
        String one = "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}";
        for (String header : List.of(
                "{" + one + "}",
                "    {" + one + "}",
                "\t\r\n {" + one + "} \n\t\r ",
                "{\"__metadata__\":null," + one + "}",
                "{\"__metadata__\":{}," + one + "}",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"note\":[{}, 1e3, null]}}")) {
            Safetensors file = RawSafetensors.open(RawSafetensors.file(header, 1));
            assertEquals(Map.of("a", new Safetensors.Entry("a", DType.U8, List.of(1L), 0, 1)), file.tensors(), header);
            assertEquals(Map.of(), file.metadata(), header);
        }
        assertEquals(Map.of(), RawSafetensors.open(RawSafetensors.file("{}", 0)).tensors());
    }

    @Test
    void aTensorThatIsNotThereIsNamed() {
        Safetensors file = RawSafetensors.open(RawSafetensors.file("{}", 0));
        JalignException e = assertThrows(JalignException.class, () -> file.bytes("lm_head.weight"));
        assertEquals(
                """
                model.safetensors: the file must hold the tensor "lm_head.weight"
                  found     0 tensors, none of that name
                  expected  a tensor of exactly that name
                  do        make sure that the file belongs to this model""",
                e.getMessage());
    }

    @Test
    void onlyNumbersWithAFractionAreReadAsSuch() {
        Safetensors file = RawSafetensors.open(
                RawSafetensors.file("{\"ids\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8));
        JalignException e =
                assertThrows(JalignException.class, () -> file.readFloats("ids", MemorySegment.ofArray(new float[1])));
        assertEquals(
                """
                model.safetensors: tensor "ids": a tensor read as numbers with a fraction must have such a type
                  found     I64
                  expected  F64, F32, F16 or BF16
                  do        make sure that the file holds unquantised weights""",
                e.getMessage());
    }

    @Test
    void theDestinationMustHaveTheTensorsSize() {
        Safetensors file = RawSafetensors.open(
                RawSafetensors.file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8));
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> file.readDoubles("a", MemorySegment.ofArray(new double[3])));
        assertEquals("a: 24 bytes for 2 elements of F64", e.getMessage());
    }

    @Test
    void sixteenBytesThatClaim99MegabytesAllocateNothing() {
        byte[] file = RawSafetensors.file(99_000_000, new byte[8], 0);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThrows(JalignException.class, () -> RawSafetensors.open(file));
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 1_000_000, allocated + " bytes allocated");
    }

    @Test
    void tensorsBeyondTwoGibibytesAreRead(@TempDir Path folder) throws IOException {
        long gap = 3L << 30;
        byte[] start = RawSafetensors.file(
                """
                {"gap":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]},\
                "far":{"dtype":"F32","shape":[2],"data_offsets":[%d,%d]}}"""
                        .formatted(gap, gap, gap, gap + 8),
                0);
        Path path = folder.resolve("sparse.safetensors");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.write(start);
            file.seek(start.length + gap);
            file.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(1.5f)));
            file.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(-0f)));
        }
        try (Safetensors file = Safetensors.open(path)) {
            float[] far = new float[2];
            file.readFloats("far", MemorySegment.ofArray(far));
            assertArrayEquals(new float[] {1.5f, -0f}, far);
            assertEquals(gap, file.bytes("gap").byteSize());
        }
    }

    @Test
    void aFileOnDiskIsReadOnlyAndGoneAfterClose(@TempDir Path folder) throws IOException {
        Path path = folder.resolve("a.safetensors");
        Files.write(path, RawSafetensors.file("{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 3));
        Safetensors file = Safetensors.open(path);
        MemorySegment bytes = file.bytes("a");
        assertArrayEquals(new byte[] {0, 1, 2}, bytes.toArray(ValueLayout.JAVA_BYTE));
        assertTrue(bytes.isReadOnly());
        file.close();
        assertThrows(IllegalStateException.class, () -> bytes.get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void aFileCutShortWhileItIsOpenIsAnErrorOfTheFile(@TempDir Path folder) throws IOException {
        Path path = folder.resolve("a.safetensors");
        SafetensorsFile.write(path, SafetensorsFile.floats("a", 1 << 20));
        try (Safetensors safetensors = Safetensors.open(path);
                RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(1000);
            JalignException e = assertThrows(
                    JalignException.class,
                    () -> safetensors.readFloats("a", MemorySegment.ofArray(new float[1 << 20])));
            assertEquals(
                    """
                    %s: tensor "a": a file must stay as it is while it is open
                      found     bytes that can no longer be read
                      expected  the file as it was when it was opened
                      do        see that no other program writes it, and that its disk is well"""
                            .formatted(path),
                    e.getMessage());
            assertEquals(JalignException.Kind.IO, e.kind());
        }
    }

    /** Larger than one window, so that a tensor is read in several, with a last one that is not full. */
    @Test
    void largeTensorsAreReadInWindows(@TempDir Path folder) {
        int count = (64 << 20) / Short.BYTES + 4711;
        Path path = folder.resolve("large.safetensors");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate((long) count * Float.BYTES);
            for (int i = 0; i < count; i++) {
                values.setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 251 - 125);
            }
            TensorSource source = new TensorSource("large", List.of((long) count), DType.F32, DType.BF16, values);
            AtomicFiles.write(path, out -> SafetensorsWriter.write(out, List.of(source), Map.of()));
            MemorySegment read = arena.allocate((long) count * Float.BYTES);
            try (Safetensors file = Safetensors.open(path)) {
                file.readFloats("large", read);
            }
            assertEquals(-1, values.mismatch(read));
        }
    }
}
