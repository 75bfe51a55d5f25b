package io.github.jalign.train;

import io.github.jalign.Shared;
import io.github.jalign.ops.Backend;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The golden tiny models on the backends that every machine has. */
@Tag("shared")
final class GoldenTinyTest {
    static Stream<Arguments> cases() {
        return GoldenTiny.CASES.stream()
                .flatMap(name -> Stream.of(Backend.REFERENCE, Backend.CPU).map(backend -> Arguments.of(name, backend)));
    }

    private static GoldenTiny open(String name, Backend backend) {
        return new GoldenTiny(Shared.data("golden/tiny/" + name), backend, 2);
    }

    static GoldenTiny.Bounds bounds(Backend backend) {
        return switch (backend) {
            case REFERENCE -> GoldenTiny.REFERENCE;
            case CPU, CUDA_FLOAT32 -> GoldenTiny.FLOAT32;
            case CUDA -> GoldenTiny.BFLOAT16;
        };
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tokenLogProbs(String name, Backend backend) {
        try (GoldenTiny golden = open(name, backend)) {
            golden.checkLogps(bounds(backend));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsAndThreeSteps(String name, Backend backend) {
        try (GoldenTiny golden = open(name, backend)) {
            golden.checkTraining(bounds(backend));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void greedyDecodingAndLogits(String name, Backend backend) {
        try (GoldenTiny golden = open(name, backend)) {
            golden.checkDecoding(bounds(backend));
        }
    }
}
