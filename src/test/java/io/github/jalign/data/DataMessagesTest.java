package io.github.jalign.data;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

final class DataMessagesTest {
    @TestFactory
    Stream<DynamicTest> everyMessageIsTheWholeStory() {
        return DataMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }
}
