package io.github.jalign.ops.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.json.Json;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The emulated CUDA driver, beyond what a driver can do: {@code native/README.md}. Tests tagged {@code emulator} run on
 * it, those tagged {@code checked} once more with every access checked; either needs {@code -Pemulator} or
 * {@code native/emulate}. What is tagged {@code gpu} too holds on a GPU ({@code -Pgpu}, {@code benchmarks/gpu-check}): of
 * this class it may call only {@link #assertNothingLeft} and {@link #assertNothingReported}.
 */
@SuppressWarnings("restricted") // the foreign-function interface
public final class Emulator {
    private static final String LIBRARY = "libcuda.so.1";
    private static final Linker LINKER = Linker.nativeLinker();

    private static final Map<String, Object> USUAL = Map.of(
            "DEVICES", 1, "NAME", "Emulated device", "CAPABILITY", 90, "DRIVER", 13000, "MEMORY_MB", 8192,
            "PINNED_MB", 8192, "FAIL_LAUNCH", 0, "FAIL_CODE", 701, "LAZY", 0, "SEED", 1);

    private Emulator() {}

    /** What a kernel did since {@link #forgetCounters}; bytes are counted in checked mode only. */
    public record Counters(
            long launches,
            long readBytes,
            long writtenBytes,
            long uniqueReadBytes,
            long uniqueWrittenBytes,
            long mma) {}

    /** What has not been given back to the driver. */
    public record Live(
            long deviceBytes,
            long deviceAllocations,
            long pinnedBytes,
            long streams,
            long events,
            long graphs,
            long modules) {}

    /** Whether the driver is the emulator, not a GPU's. */
    private static boolean present() {
        try (Arena arena = Arena.ofConfined()) {
            return SymbolLookup.libraryLookup(LIBRARY, arena).find("cuemu_live").isPresent();
        }
    }

    /** That everything was given back to the driver. A GPU's cannot be asked. */
    public static void assertNothingLeft() {
        if (present()) {
            assertEquals(new Live(0, 0, 0, 0, 0, 0, 0), live());
        }
    }

    /** That no kernel did what it may not; on a GPU it would have failed, if anything. */
    public static void assertNothingReported() {
        if (present()) {
            assertEquals(List.of(), reports());
        }
    }

    /** Where its libraries lie. */
    public static Path folder() {
        return Path.of(System.getenv("JALIGN_CUDA_MODULES"));
    }

    /** Whether the linker finds a GPU's driver where it looks without being told. */
    public static boolean systemHasDriver() {
        return Stream.of("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/usr/lib")
                .anyMatch(folder -> Files.exists(Path.of(folder, LIBRARY)));
    }

    /** Launches of whole graphs since the library was loaded. */
    public static long graphLaunches() {
        try (Arena arena = Arena.ofConfined()) {
            return (long) function(arena, "cuemu_graph_launches", JAVA_LONG).invoke();
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** Whether every access is checked. */
    public static boolean checked() {
        return "1".equals(System.getenv("CUEMU_CHECKED"));
    }

    /** Changes one of the settings of {@code native/README.md}. */
    public static void configure(String setting, Object value) {
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle configure = function(arena, "cuemu_configure", JAVA_INT, ADDRESS, ADDRESS);
            int changed = (int) configure.invoke(
                    arena.allocateFrom(setting), arena.allocateFrom(String.valueOf(value)));
            if (changed == 0) {
                throw new IllegalArgumentException("the emulator refuses " + setting + " = " + value);
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** Settings as they are at first, and no report or failure remembered. */
    public static void usual() {
        reset();
        USUAL.forEach(Emulator::configure);
    }

    /** Reports of defects since {@link #reset}, one each. */
    public static List<String> reports() {
        return text("cuemu_reports").lines().toList();
    }

    /** Forgets reports, and the failed kernel that made the context unusable. */
    public static void reset() {
        call("cuemu_reset");
    }

    /** @param kernel must have been launched */
    public static Counters counters(String kernel) {
        Map<String, Object> all = object(text("cuemu_counters"));
        if (!(all.get(kernel) instanceof Map<?, ?> found)) {
            throw new IllegalArgumentException(kernel + " was not launched; these were: " + all.keySet());
        }
        return new Counters(
                number(found, "launches"),
                number(found, "read_bytes"),
                number(found, "written_bytes"),
                number(found, "unique_read_bytes"),
                number(found, "unique_written_bytes"),
                number(found, "mma"));
    }

    /** Launches of all kernels since {@link #forgetCounters}. */
    public static long launches() {
        return object(text("cuemu_counters")).values().stream()
                .mapToLong(kernel -> number((Map<?, ?>) kernel, "launches"))
                .sum();
    }

    public static void forgetCounters() {
        call("cuemu_reset_counters");
    }

    public static Live live() {
        Map<String, Object> live = object(text("cuemu_live"));
        return new Live(
                number(live, "device_bytes"),
                number(live, "device_allocations"),
                number(live, "pinned_bytes"),
                number(live, "streams"),
                number(live, "events"),
                number(live, "graphs"),
                number(live, "modules"));
    }

    private static Map<String, Object> object(String json) {
        return Json.parseObject("emulator", json);
    }

    private static long number(Map<?, ?> object, String key) {
        return ((Number) object.get(key)).longValue();
    }

    private static String text(String function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = (MemorySegment) function(arena, function, ADDRESS).invoke();
            return text.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    private static void call(String function) {
        try (Arena arena = Arena.ofConfined()) {
            LINKER.downcallHandle(symbol(arena, function), FunctionDescriptor.ofVoid()).invoke();
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    private static MethodHandle function(
            Arena arena, String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(symbol(arena, name), FunctionDescriptor.of(result, arguments));
    }

    /** Fails by name where a real driver, or none, is found. */
    private static MemorySegment symbol(Arena arena, String name) {
        return SymbolLookup.libraryLookup(LIBRARY, arena).find(name).orElseThrow(() -> new AssertionError(
                "libcuda.so.1 is not the emulator: run this test with -Pemulator or native/emulate"));
    }

    private static RuntimeException rethrown(Throwable e) {
        return switch (e) {
            case RuntimeException r -> r;
            case Error error -> throw error;
            default -> new IllegalStateException(e);
        };
    }
}
