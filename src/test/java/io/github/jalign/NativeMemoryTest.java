package io.github.jalign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.json.Json;
import io.github.jalign.quickstart.Pair;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Counts what stays allocated outside the heap, by the JVM's own books. */
class NativeMemoryTest {
    /** Parameters of models/quickstart, in float32. */
    private static final long WEIGHTS = 918_656 * 4;
    /** Buffers that the JDK keeps for itself, such as those of file channels. */
    private static final long JDK = 256 * 1024;

    @TempDir
    Path folder;

    @Test
    void modelsAndTrainingGiveAllOfItBack() throws IOException, InterruptedException {
        Path pairs = Files.write(
                folder.resolve("pairs.jsonl"),
                Pair.draw(8, false, 1).stream().map(pair -> Json.write(pair.row())).toList());
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:NativeMemoryTracking=summary",
                        "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                        "-cp", System.getProperty("java.class.path"),
                        NativeMemory.class.getName(), pairs.toString(), folder.toString())
                .redirectError(folder.resolve("errors").toFile())
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> out);

        Map<String, Long> bytes = new LinkedHashMap<>();
        out.lines().map(line -> line.split(" ")).forEach(words -> bytes.put(words[0], Long.parseLong(words[1])));
        assertEquals(List.of("before", "open", "closed", "training", "trained"), List.copyOf(bytes.keySet()));
        long before = bytes.get("before");
        assertTrue(bytes.get("open") - before > 2 * WEIGHTS, out);
        // Masters, gradients and two moments.
        assertTrue(bytes.get("training") - before > 4 * WEIGHTS, out);
        assertTrue(bytes.get("closed") - before <= JDK, out);
        assertTrue(bytes.get("trained") - before <= JDK, out);
    }
}
