package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.ops.cuda.Emulator;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs on the CUDA backend through the command line. */
@Tag("emulator")
@Tag("gpu")
final class CudaRunTest {
    @TempDir
    Path temporary;

    @AfterEach
    void nothingIsLeft() {
        Emulator.assertNothingLeft();
    }

    @Test
    void autoTakesTheGpuAndRunsGiveTheSameBits() throws IOException {
        TinyRun run = new TinyRun(temporary);
        for (String device : new String[] {"cuda", "auto"}) {
            Run result = run.dpo(device, "--device=" + device);
            assertEquals(0, result.exitCode(), result.err());
            assertTrue(result.out().contains("device       cuda: bfloat16 on float32 masters, "), result.out());
        }
        assertArrayEquals(run.weights("cuda"), run.weights("auto"));
    }
}
