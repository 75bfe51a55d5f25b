package io.github.jalign.cli;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

final class AnswerMessagesTest {
    @TestFactory
    Stream<DynamicTest> messages() {
        return AnswerMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }
}
