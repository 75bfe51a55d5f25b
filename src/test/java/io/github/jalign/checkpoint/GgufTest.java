package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class GgufTest {
    @TestFactory
    Stream<DynamicTest> badFilesAreRefusedWordForWord() {
        return BadGguf.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }

    @Test
    void everyBadFileHasItsOwnName() {
        Set<String> names = new TreeSet<>();
        BadGguf.cases().forEach(c -> names.add(c.name()));
        assertEquals(BadGguf.cases().size(), names.size());
    }

    /** The whole table in a heap of 64 MB, whatever the files claim. */
    @Test
    void badFilesAreRefusedInASmallHeap() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        BadGguf.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertEquals(BadGguf.cases().size() + " files refused\n", output);
    }

    /** A message, a stack trace and a few objects are some ten thousand bytes; a believed claim would be millions. */
    @Test
    void claimsAreNotBelieved() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (MessageCase c : BadGguf.cases()) {
            long before = threads.getCurrentThreadAllocatedBytes();
            assertThrows(JalignException.class, c.action());
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < 1_000_000, c.name() + ": " + allocated + " bytes allocated");
        }
    }

    @Test
    void valuesOfEveryTypeAreRead() {
        RawGguf file = RawGguf.of(2, 0, 14)
                .key("u8", RawGguf.UINT8).int1(200)
                .key("i8", RawGguf.INT8).int1(-3)
                .key("u16", RawGguf.UINT16).int2(60_000)
                .key("i16", RawGguf.INT16).int2(-300)
                .key("u32", RawGguf.UINT32).int4(-1)
                .key("i32", RawGguf.INT32).int4(-70_000)
                .key("f32", RawGguf.FLOAT32).int4(Float.floatToIntBits(1e-5f))
                .key("yes", RawGguf.BOOL).int1(1)
                .key("text", RawGguf.STRING).string("é😀")
                .key("u64", RawGguf.UINT64).int8(Long.MAX_VALUE)
                .key("i64", RawGguf.INT64).int8(-1)
                .key("f64", RawGguf.FLOAT64).int8(Double.doubleToLongBits(0.1))
                .key("texts", RawGguf.ARRAY).int4(RawGguf.STRING).int8(3).string("").string("a").string("▁b")
                .key("ints", RawGguf.ARRAY).int4(RawGguf.INT32).int8(2).int4(-1).int4(7);
        GgufKeys keys = RawGguf.open(file.bytes()).keys();
        assertEquals(
                List.of("u8", "i8", "u16", "i16", "u32", "i32", "f32", "yes", "text", "u64", "i64", "f64", "texts", "ints"),
                List.copyOf(keys.names()));
        assertEquals(
                List.of(200L, -3L, 60_000L, -300L, 4_294_967_295L, -70_000L, Long.MAX_VALUE, -1L),
                Stream.of("u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64").map(keys::whole).toList());
        assertEquals(1e-5, keys.number("f32"));
        assertEquals(0.1, keys.number("f64"));
        assertEquals(200.0, keys.number("u8"));
        assertEquals(true, keys.flag("yes"));
        assertEquals("é😀", keys.text("text"));
        assertEquals(List.of("", "a", "▁b"), keys.texts("texts"));
        assertArrayEquals(new int[] {-1, 7}, keys.wholes("ints"));
        assertNull(keys.text("none"));
        assertNull(keys.whole("none"));
        assertNull(keys.number("none"));
        assertNull(keys.flag("none"));
        assertNull(keys.texts("none"));
        assertNull(keys.wholes("none"));
        assertNull(keys.numbers("none"));
    }

    @Test
    void tensorsFollowTheFilesAlignment() {
        RawGguf whole = RawGguf.of(2, 1)
                .key("general.alignment", RawGguf.UINT32).int4(64)
                .tensor("a", 0, 0, 3, 2)
                .tensor("b", 30, 64, 1)
                .pad(64);
        for (int i = 1; i <= 6; i++) {
            whole.int4(Float.floatToIntBits(i));
        }
        whole.pad(64).int2(0x3fc0);
        Gguf gguf = RawGguf.open(whole.bytes());
        assertEquals(
                Map.of(
                        "a", new Gguf.Entry("a", GgmlType.F32, List.of(2L, 3L), 0, 24),
                        "b", new Gguf.Entry("b", GgmlType.BF16, List.of(1L), 64, 66)),
                gguf.tensors());
        float[] a = new float[6];
        gguf.read("a", DType.F32, MemorySegment.ofArray(a));
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, a);
        double[] b = new double[1];
        gguf.read("b", DType.F64, MemorySegment.ofArray(b));
        assertEquals(1.5, b[0]);
    }

    @Test
    void theDestinationMustHaveTheTensorsSize() {
        Gguf gguf = RawGguf.open(RawGguf.of(1, 0).tensor("a", 0, 0, 2).pad().zeros(8).bytes());
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> gguf.read("a", DType.F32, MemorySegment.ofArray(new float[3])));
        assertEquals("a: 12 bytes for 2 elements of F32", e.getMessage());
    }

    @Test
    void aValueThatBecomesInfiniteIsNamed() {
        Gguf gguf = RawGguf.open(RawGguf.of(1, 0)
                .tensor("a", 0, 0, 2)
                .pad()
                .int4(0)
                .int4(Float.floatToIntBits(70_000f))
                .bytes());
        JalignException e = assertThrows(
                JalignException.class, () -> gguf.read("a", DType.F16, MemorySegment.ofArray(new short[2])));
        assertEquals(
                """
                model.gguf: tensor "a": every finite value must stay finite as F16
                  found     70000.0 at index 1
                  expected  at most 65504 in size
                  do        choose bfloat16 or float32""",
                e.getMessage());
        assertEquals(JalignException.Kind.NUMERIC, e.kind());
    }

    @Test
    void aFileCutShortWhileItIsOpenIsAnErrorOfTheFile(@TempDir Path folder) throws IOException {
        Path path = folder.resolve("a.gguf");
        Files.write(path, RawGguf.of(1, 0).tensor("a", 0, 0, 1 << 18).pad().zeros(1 << 20).bytes());
        try (Gguf gguf = Gguf.open(path);
                RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(1000);
            JalignException e = assertThrows(
                    JalignException.class,
                    () -> gguf.read("a", DType.F32, MemorySegment.ofArray(new float[1 << 18])));
            assertEquals(
                    """
                    %s: tensor "a": a file must stay as it is while it is open
                      found     bytes that can no longer be read
                      expected  the file as it was when it was opened
                      do        see that no other program writes it, and that its disk is well"""
                            .formatted(path),
                    e.getMessage());
        }
    }

    @Test
    void aFileThatIsNotThereIsNamed(@TempDir Path folder) {
        JalignException e = assertThrows(JalignException.class, () -> Gguf.open(folder.resolve("a.gguf")));
        assertEquals(
                """
                %s: the GGUF file must exist
                  found     nothing of that name
                  expected  a regular file
                  do        correct the path"""
                        .formatted(folder.resolve("a.gguf")),
                e.getMessage());
    }
}
