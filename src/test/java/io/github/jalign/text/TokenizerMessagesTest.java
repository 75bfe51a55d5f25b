package io.github.jalign.text;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

final class TokenizerMessagesTest {
    @TestFactory
    Stream<DynamicTest> everyMessageIsTheWholeStory() {
        return TokenizerMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }
}
