package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.cuda.Emulator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Training on the CUDA backend under conditions that only the emulator can set. */
@Tag("emulator")
final class EmulatedTrainingTest {
    @AfterEach
    void usual() {
        Emulator.configure("LAZY", 0);
        Emulator.configure("SEED", 1);
        Emulator.assertNothingLeft();
    }

    /** Nothing may lean on a stream that runs at once: with one that runs nothing before it is waited for, equal bits. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"CUDA", "CUDA_FLOAT32"})
    void lazyStreamsGiveTheSameBits(Backend backend) {
        List<double[]> eager = TinyDpo.twoSteps(backend);
        Emulator.configure("LAZY", 1);
        TinyDpo.assertSameBits(eager, TinyDpo.twoSteps(backend));
    }

    /** Blocks, warps and lanes in another order. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"CUDA", "CUDA_FLOAT32"})
    void anyOrderOfBlocksGivesTheSameBits(Backend backend) {
        List<double[]> first = TinyDpo.twoSteps(backend);
        Emulator.configure("SEED", 977);
        TinyDpo.assertSameBits(first, TinyDpo.twoSteps(backend));
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
