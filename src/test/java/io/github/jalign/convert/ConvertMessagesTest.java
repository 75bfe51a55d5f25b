package io.github.jalign.convert;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class ConvertMessagesTest {
    @TestFactory
    Stream<DynamicTest> everyMessageIsWordForWord() {
        return ConvertMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }
}
