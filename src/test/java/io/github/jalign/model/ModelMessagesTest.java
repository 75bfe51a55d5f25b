package io.github.jalign.model;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

final class ModelMessagesTest {
    @TestFactory
    Stream<DynamicTest> everyMessageIsTheWholeStory() {
        return ModelMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }
}
