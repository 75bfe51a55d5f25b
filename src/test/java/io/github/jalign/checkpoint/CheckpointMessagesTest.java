package io.github.jalign.checkpoint;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class CheckpointMessagesTest {
    @TestFactory
    Stream<DynamicTest> everyMessageIsWordForWord() {
        return CheckpointMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }
}
