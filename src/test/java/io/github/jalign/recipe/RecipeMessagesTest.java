package io.github.jalign.recipe;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class RecipeMessagesTest {
    @TestFactory
    Stream<DynamicTest> everyMessageIsWholeAndAsWritten() {
        return RecipeMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }
}
