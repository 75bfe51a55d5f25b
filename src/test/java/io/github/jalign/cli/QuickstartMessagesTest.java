package io.github.jalign.cli;

import io.github.jalign.MessageCase;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

final class QuickstartMessagesTest {
    @TestFactory
    Stream<DynamicTest> messages() {
        return QuickstartMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }
}
