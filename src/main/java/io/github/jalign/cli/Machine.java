package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /** Whether standard output is a terminal. */
    @SuppressWarnings("SystemConsoleNull") // it is null where jdk.console is java.base, the default
    static boolean hasTerminal() {
        @Nullable Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** The first line of a system file that begins so, or nothing where there is no such file. */
    private static String line(Path file, String start) {
        if (!Files.isReadable(file)) {
            return "";
        }
        try {
            return Files.readAllLines(file).stream()
                    .filter(l -> l.startsWith(start))
                    .findFirst()
                    .orElse("");
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
