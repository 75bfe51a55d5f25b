package io.github.jalign.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class SamplerTest {
    private static final double[] LOGITS = {Math.log(0.1), Math.log(0.4), Math.log(0.2), Math.log(0.3)};

    private static int[] counts(double temperature, int topK, double topP, int draws) {
        Sampler sampler = new Sampler(new SamplingOptions(1, temperature, topK, topP, 7));
        int[] counts = new int[LOGITS.length];
        for (int i = 0; i < draws; i++) {
            counts[sampler.next(LOGITS)]++;
        }
        return counts;
    }

    @Test
    void temperatureZeroTakesTheFirstOfTheBest() {
        Sampler sampler = new Sampler(SamplingOptions.greedy(1));
        assertEquals(1, sampler.next(LOGITS));
        assertEquals(1, sampler.next(new double[] {0, 5, 5}));
    }

    /** n draws of probability p: standard deviation sqrt(n p (1-p)) ≤ 50 for n = 10 000; six of them are allowed. */
    @Test
    void temperatureOneFollowsTheProbabilities() {
        int[] counts = counts(1, 0, 1, 10_000);
        assertEquals(1000, counts[0], 300);
        assertEquals(4000, counts[1], 300);
        assertEquals(2000, counts[2], 300);
        assertEquals(3000, counts[3], 300);
    }

    /** At temperature 1/2 probabilities are squared: 0.01, 0.16, 0.04, 0.09 of 0.30. */
    @Test
    void lowTemperatureSharpens() {
        int[] counts = counts(0.5, 0, 1, 10_000);
        assertEquals(10_000 * 0.16 / 0.30, counts[1], 300);
        assertEquals(10_000 * 0.09 / 0.30, counts[3], 300);
    }

    @Test
    void topKKeepsTheBest() {
        int[] counts = counts(1, 2, 1, 1000);
        assertEquals(0, counts[0]);
        assertEquals(0, counts[2]);
        assertTrue(counts[1] > counts[3] && counts[3] > 0);
    }

    @Test
    void topPKeepsTheFewestThatReachIt() {
        int[] counts = counts(1, 0, 0.65, 1000);
        assertEquals(0, counts[0]);
        assertEquals(0, counts[2]);
        assertEquals(1000, counts(1, 0, 1e-9, 1000)[1]);
    }

    @Test
    void theSeedDecides() {
        Sampler a = new Sampler(new SamplingOptions(1, 1, 0, 1, 3));
        Sampler b = new Sampler(new SamplingOptions(1, 1, 0, 1, 3));
        for (int i = 0; i < 100; i++) {
            assertEquals(a.next(LOGITS), b.next(LOGITS));
        }
    }
}
