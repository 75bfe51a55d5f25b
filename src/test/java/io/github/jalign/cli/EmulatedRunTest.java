package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.ops.cuda.Emulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs on a device that fails or is too small, as only the emulator can be. */
@Tag("emulator")
final class EmulatedRunTest {
    @TempDir
    Path temporary;

    @AfterEach
    void usual() {
        Emulator.usual();
        Emulator.assertNothingLeft();
    }

    /** A launch fails in the third step: the second step's checkpoint is there, and the same command ends as if nothing had been. */
    @Test
    void aFailedRunKeepsItsLastCheckpoint() throws IOException {
        TinyRun run = new TinyRun(temporary);
        assertEquals(0, run.dpo("unbroken", "--device=cuda").exitCode());
        Emulator.configure("FAIL_LAUNCH", launches(run) * 5 / 6);
        Run failed = run.dpo("again", "--device=cuda");
        assertEquals(7, failed.exitCode(), failed.err());
        assertTrue(failed.err().contains("701 CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"), failed.err());
        assertTrue(Files.exists(run.output("again").resolve("checkpoint-1")));
        Run resumed = run.dpo("again", "--device=cuda");
        assertEquals(0, resumed.exitCode(), resumed.err());
        assertTrue(resumed.out().contains("resumed from checkpoint-"), resumed.out());
        assertArrayEquals(run.weights("unbroken"), run.weights("again"));
    }

    /** What a whole run launches. */
    private static long launches(TinyRun run) {
        Emulator.forgetCounters();
        assertEquals(0, run.dpo("counted", "--device=cuda").exitCode());
        return Emulator.launches();
    }

    @Test
    void autoTakesTheCpuWhenTheDeviceIsTooSmall() throws IOException {
        Emulator.configure("MEMORY_MB", 40);
        Run small = new TinyRun(temporary).dpo("small", "--device=auto");
        assertEquals(0, small.exitCode(), small.err());
        String all = small.out() + small.err();
        assertTrue(
                all.contains("device auto: cpu; for cuda what the run needs must fit what the machine has: "), all);
        assertTrue(all.contains("device       cpu: float32"), all);
    }
}
