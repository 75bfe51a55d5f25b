package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.cuda.Emulator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Training on the CUDA backend under conditions that only the emulator can set. */
@Tag("emulator")
final class EmulatedTrainingTest {
    @AfterEach
    void usual() {
        Emulator.usual();
        Emulator.assertNothingLeft();
    }

    /** A stream that runs nothing before it is waited for; and blocks, warps and lanes in another order. */
    @ParameterizedTest
    @CsvSource({"CUDA, LAZY, 1", "CUDA_FLOAT32, LAZY, 1", "CUDA, SEED, 977", "CUDA_FLOAT32, SEED, 977"})
    void theSameBitsUnder(Backend backend, String setting, int value) {
        List<double[]> usual = TinyDpo.twoSteps(backend);
        Emulator.configure(setting, value);
        TinyDpo.assertSameBits(usual, TinyDpo.twoSteps(backend));
    }

    /** What jalign says it holds is what the driver gave it. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"CUDA", "CUDA_FLOAT32"})
    void peakBytesAreTheDriversBytes(Backend backend) {
        try (TinyDpo run = new TinyDpo(backend)) {
            run.step();
            assertEquals(Emulator.live().deviceBytes(), run.ops().peakBytes());
        }
    }
}
