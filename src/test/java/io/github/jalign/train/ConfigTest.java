package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ConfigTest {
    @TestFactory
    Stream<DynamicTest> everyMessageIsWholeAndAsWritten() {
        return ConfigMessages.cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::check));
    }

    /** ceil(total × ratio) as transformers 5 computes it, in doubles: 0.07 × 100 is 7.000000000000001 in Python too. */
    @Test
    void aRatioOfStepsIsRoundedUp() {
        assertEquals(5, new StepCount(0.1).in(48));
        assertEquals(8, new StepCount(0.07).in(100));
        assertEquals(10, new StepCount(0.1).in(100));
        assertEquals(1, new StepCount(1e-9).in(3));
        assertEquals(0, new StepCount(0).in(100));
    }

    @Test
    void aCountOfStepsIsItself() {
        assertEquals(1, new StepCount(1).in(100));
        assertEquals(500, new StepCount(500).in(3));
    }

    @Test
    void choicesAreSpelledAsInRecipes() {
        assertEquals("trl-0.19", Compat.TRL_0_19.spelling());
        assertEquals("constant_with_warmup", SchedulerType.CONSTANT_WITH_WARMUP.spelling());
        assertEquals("no", EvalStrategy.NO.spelling());
    }
}
