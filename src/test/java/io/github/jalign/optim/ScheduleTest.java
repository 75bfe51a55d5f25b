package io.github.jalign.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Values of transformers 5's lambdas (optimization.py) at the points where they bend. */
final class ScheduleTest {
    @Test
    void linearRisesAndFalls() {
        Schedule s = new Schedule.Linear(3, 10);
        assertEquals(0, s.factor(0));
        assertEquals(2 / 3.0, s.factor(2));
        assertEquals(1, s.factor(3));
        assertEquals(1 / 7.0, s.factor(9));
        assertEquals(0, s.factor(10));
        assertEquals(1, new Schedule.Linear(0, 10).factor(0));
    }

    @Test
    void cosineFallsAlongHalfAWave() {
        Schedule s = new Schedule.Cosine(2, 10);
        assertEquals(0, s.factor(0));
        assertEquals(0.5, s.factor(1));
        assertEquals(1, s.factor(2));
        assertEquals(0.5, s.factor(6), 1e-16);
        assertEquals(0.5 * (1 + Math.cos(Math.PI * 7 / 8)), s.factor(9), 1e-16);
        assertEquals(0, s.factor(10));
    }

    @Test
    void constantIgnoresWarmupAndItsSiblingDoesNot() {
        assertEquals(1, new Schedule.Constant().factor(0));
        assertEquals(0, new Schedule.ConstantWithWarmup(4).factor(0));
        assertEquals(0.75, new Schedule.ConstantWithWarmup(4).factor(3));
        assertEquals(1, new Schedule.ConstantWithWarmup(4).factor(100));
    }
}
