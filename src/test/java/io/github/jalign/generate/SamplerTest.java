package io.github.jalign.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SamplerTest {
    private static final double[] LOGITS = {Math.log(0.1), Math.log(0.4), Math.log(0.2), Math.log(0.3)};

    private static int[] counts(double temperature, int topK, double topP, int draws) {
        Sampler sampler = new Sampler(new SamplingOptions(1, temperature, topK, topP, 0, 1, 7), new int[0]);
        int[] counts = new int[LOGITS.length];
        for (int i = 0; i < draws; i++) {
            counts[sampler.next(LOGITS)]++;
        }
        return counts;
    }

    @Test
    void temperatureZeroTakesTheFirstOfTheBest() {
        Sampler sampler = new Sampler(SamplingOptions.greedy(1), new int[0]);
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
        Sampler a = new Sampler(new SamplingOptions(1, 1, 0, 1, 0, 1, 3), new int[0]);
        Sampler b = new Sampler(new SamplingOptions(1, 1, 0, 1, 0, 1, 3), new int[0]);
        for (int i = 0; i < 100; i++) {
            assertEquals(a.next(LOGITS), b.next(LOGITS));
        }
    }

    /** Stable sorting of all tokens: the definition that {@link Sampler} computes faster. */
    private static int plain(double[] logits, SamplingOptions options, SplittableRandom random) {
        int[] order = IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -logits[i]))
                .mapToInt(Integer::intValue)
                .limit(options.topK() == 0 ? logits.length : options.topK())
                .toArray();
        double[] p = Arrays.stream(order)
                .mapToDouble(i -> Math.exp((logits[i] - logits[order[0]]) / options.temperature()))
                .toArray();
        double sum = 0;
        for (double x : p) {
            sum += x;
        }
        double reached = 0;
        int kept = 0;
        while (kept < p.length && (kept == 0 || reached < options.topP())) {
            p[kept] /= sum;
            reached += p[kept++];
        }
        double at = random.nextDouble() * Arrays.stream(p, 0, kept).sum();
        for (int i = 0; i < kept; i++) {
            at -= p[i];
            if (at < 0) {
                return order[i];
            }
        }
        return order[kept - 1];
    }

    /** Logits of few values, so that many are equal, and of many; the same draws from the same seed. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 31, 127, 576, 5000})
    void drawsAreThoseOfSortingAllTokens(int vocabulary) {
        SplittableRandom numbers = new SplittableRandom(vocabulary);
        for (int[] topKAndValues : new int[][] {{0, 4}, {5, 4}, {1, 3}, {vocabulary, 9}, {2 * vocabulary, 50}, {50, 1 << 20}}) {
            for (double topP : new double[] {1, 0.9, 0.3}) {
                double[] logits = numbers.doubles(vocabulary, -6, 6)
                        .map(x -> Math.rint(x * topKAndValues[1] / 12) * 12 / topKAndValues[1] + 0.0)
                        .toArray();
                SamplingOptions options = new SamplingOptions(1, 0.8, topKAndValues[0], topP, 0, 1, vocabulary);
                Sampler sampler = new Sampler(options, new int[0]);
                SplittableRandom random = new SplittableRandom(vocabulary);
                for (int i = 0; i < 20; i++) {
                    assertEquals(plain(logits, options, random), sampler.next(logits), options.toString());
                }
            }
        }
    }

    /**
     * The probabilities that transformers' own processors leave in its own order ({@code generate/sampling.py}): tokens
     * it removes are never drawn, and the others as often as it says. n = 4000 draws of probability p have the standard
     * deviation sqrt(n p (1-p)); six of them and one draw are allowed.
     */
    @TestFactory
    Stream<DynamicTest> filtersAreTransformers() throws IOException {
        Map<String, Object> golden = Json.asObject((Map<?, ?>) Json.parse(
                "sampling.json", Files.readString(Path.of("src/test/resources/generate/sampling.json"))));
        return ((List<?>) golden.get("cases")).stream().map(c -> Json.asObject((Map<?, ?>) c)).map(c -> {
            SamplingOptions options = new SamplingOptions(
                    1,
                    number(c, "temperature"),
                    (int) number(c, "top_k"),
                    number(c, "top_p"),
                    number(c, "min_p"),
                    number(c, "repetition_penalty"),
                    0);
            return DynamicTest.dynamicTest(options.toString(), () -> follows(c, options));
        });
    }

    private static void follows(Map<String, Object> golden, SamplingOptions options) {
        double[] logits = numbers(golden, "logits");
        double[] p = numbers(golden, "probabilities");
        int[] prompt = Arrays.stream(numbers(golden, "prompt")).mapToInt(x -> (int) x).toArray();
        int n = 4000;
        int[] counts = new int[logits.length];
        for (int i = 0; i < n; i++) {
            counts[new Sampler(options.withSeed(i), prompt).next(logits)]++;
        }
        for (int v = 0; v < p.length; v++) {
            double allowed = p[v] == 0 ? 0 : 1 + 6 * Math.sqrt(n * p[v] * (1 - p[v]));
            assertEquals(n * p[v], counts[v], allowed, "token " + v);
        }
    }

    private static double number(Map<String, Object> golden, String key) {
        return ((Number) golden.get(key)).doubleValue();
    }

    private static double[] numbers(Map<String, Object> golden, String key) {
        return ((List<?>) golden.get(key)).stream().mapToDouble(x -> ((Number) x).doubleValue()).toArray();
    }

    /** Each step counts as said before the next; a token of the prompt counts from the start. */
    @Test
    void aPenaltyRemembersWhatWasSaid() {
        Sampler sampler = new Sampler(new SamplingOptions(1, 0, 0, 1, 0, 2, 0), new int[] {0});
        double[] logits = {5, 4, 3, -1, -1.5};
        assertEquals(1, sampler.next(logits), "5 counts 2.5");
        assertEquals(2, sampler.next(logits), "4 counts 2");
        assertEquals(0, sampler.next(logits), "2.5, 2, 1.5");
        assertEquals(4, sampler.next(new double[] {-1, -2, -3, -4, -1.5}), "said ones count -2, -4, -6");
        assertArrayEquals(new double[] {5, 4, 3, -1, -1.5}, logits, "the model's logits stay");
    }

    @Test
    void logitsThatAreNoNumbersAreRefused() {
        JalignException e = assertThrows(
                JalignException.class,
                () -> new Sampler(SamplingOptions.greedy(1), new int[0]).next(new double[] {1, Double.NaN}));
        assertEquals(JalignException.Kind.NUMERIC, e.kind());
        assertEquals(
                """
                logits: what a model says of each token must be a number
                  found     NaN for token 1
                  expected  numbers
                  do        check the model's weights; a training run that diverged leaves such a model""",
                e.getMessage());
    }
}
