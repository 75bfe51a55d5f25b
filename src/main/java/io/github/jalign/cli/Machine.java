package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What this machine is, as far as it says. */
final class Machine {
    private Machine() {}

    /** The most memory that the process has had resident; -1 where the system does not tell. */
    static long peakResidentBytes() {
        return statusBytes("VmHWM:");
    }

    /** The memory that the process has resident now; -1 where the system does not tell. */
    static long residentBytes() {
        return statusBytes("VmRSS:");
    }

    private static long statusBytes(String key) {
        String line = line(Path.of("/proc/self/status"), key);
        return line.isEmpty() ? -1 : Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
    }

    /** Processor, hardware threads, system. */
    static String description() {
        String model = line(Path.of("/proc/cpuinfo"), "model name");
        String cpu = model.isEmpty()
                ? System.getProperty("os.arch")
                : model.substring(model.indexOf(':') + 1).strip();
        return cpu + ", " + Runtime.getRuntime().availableProcessors() + " hardware threads, "
                + System.getProperty("os.name");
    }

    /** What the processor can do that matters to matrix products, as Linux names it; empty where it does not. */
    static List<String> vectorFeatures() {
        String line = line(Path.of("/proc/cpuinfo"), "flags");
        if (line.isEmpty()) {
            line = line(Path.of("/proc/cpuinfo"), "Features"); // 64-bit ARM
        }
        Pattern vector = Pattern.compile("fma|f16c|avx.*|amx.*|asimd.*|sve.*|bf16|i8mm");
        return Stream.of(line.substring(line.indexOf(':') + 1).strip().split(" ", -1))
                .filter(vector.asMatchPredicate())
                .toList();
    }

    /** Files of the shared libraries in this process whose names contain one of the words; empty where nobody tells. */
    static List<String> loadedLibraries(String... words) {
        return lines(Path.of("/proc/self/maps"))
                .filter(line -> line.indexOf('/') >= 0)
                .map(line -> line.substring(line.indexOf('/')))
                .filter(file -> file.contains(".so"))
                .filter(file -> Stream.of(words).anyMatch(file.substring(file.lastIndexOf('/'))::contains))
                .distinct()
                .sorted()
                .toList();
    }

    /** Whether standard output is a terminal. */
    @SuppressWarnings("SystemConsoleNull") // it is null where jdk.console is java.base, the default
    static boolean hasTerminal() {
        @Nullable Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** The first line of a system file that begins so, or nothing where there is no such file. */
    private static String line(Path file, String start) {
        return lines(file).filter(l -> l.startsWith(start)).findFirst().orElse("");
    }

    /** The lines of a system file, none where there is no such file. */
    private static Stream<String> lines(Path file) {
        if (!Files.isReadable(file)) {
            return Stream.empty();
        }
        try {
            return Files.readAllLines(file).stream();
        } catch (IOException e) {
            throw new JalignException(
                    JalignException.Kind.IO,
                    file.toString(),
                    "the system must be readable about itself",
                    String.valueOf(e.getMessage()),
                    "a readable file",
                    "run outside of the sandbox that hides it",
                    e);
        }
    }
}
