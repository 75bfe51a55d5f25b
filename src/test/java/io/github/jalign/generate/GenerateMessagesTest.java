package io.github.jalign.generate;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

final class GenerateMessagesTest {
    @TestFactory
    Stream<DynamicTest> everyMessageIsTheWholeStory() {
        return GenerateMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }
}
