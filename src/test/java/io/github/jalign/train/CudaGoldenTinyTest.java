package io.github.jalign.train;

import io.github.jalign.Shared;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.cuda.Emulator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The golden tiny models on the CUDA backend: float32 within the CPU's bounds, bfloat16 within its own. */
@Tag("emulator")
@Tag("gpu")
final class CudaGoldenTinyTest {
    static Stream<Arguments> cases() {
        return GoldenTiny.CASES.stream()
                .flatMap(name -> Stream.of(Backend.CUDA_FLOAT32, Backend.CUDA).map(b -> Arguments.of(name, b)));
    }

    @AfterEach
    void nothingIsLeft() {
        Emulator.assertNothingLeft();
    }

    private static GoldenTiny open(String name, Backend backend) {
        return new GoldenTiny(Shared.data("golden/tiny/" + name), backend, 2);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tokenLogProbs(String name, Backend backend) {
        try (GoldenTiny golden = open(name, backend)) {
            golden.checkLogps(GoldenTinyTest.bounds(backend));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsAndThreeSteps(String name, Backend backend) {
        try (GoldenTiny golden = open(name, backend)) {
            golden.checkTraining(GoldenTinyTest.bounds(backend));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void greedyDecodingAndLogits(String name, Backend backend) {
        try (GoldenTiny golden = open(name, backend)) {
            golden.checkDecoding(GoldenTinyTest.bounds(backend));
        }
    }
}
