package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class QuickstartTest {
    @TempDir
    private Path folder;

    private String run(String... more) {
        List<Object> words = new ArrayList<>(List.of("quickstart", "--output_dir=" + folder));
        words.addAll(List.of(more));
        Run run = Run.of(words.toArray());
        assertEquals(0, run.exitCode(), run.err());
        assertEquals("", run.err());
        return run.out();
    }

    @Test
    void withoutLearningTheAfterColumnEqualsTheBeforeColumn() throws IOException {
        String story = run("--learning_rate=0", "--max_steps=2", "--seed=5");

        Map<String, @Nullable Object> numbers = numbers();
        assertEquals(numbers.get("before"), numbers.get("after"));
        List<Map<String, @Nullable Object>> answers = answers(numbers);
        assertEquals(256, answers.size());
        answers.forEach(a -> assertEquals(a.get("before"), a.get("after")));
        List<String> rows = story.lines()
                .filter(l -> l.startsWith("  preference accuracy") || l.startsWith("  margin") || l.startsWith("  questions"))
                .toList();
        assertEquals(3, rows.size(), story);
        for (String row : rows) {
            String[] columns = row.strip().split(" {2,}");
            assertEquals(columns[1], columns[2], row);
        }
        promptsAreApart();
    }

    /** Held-out prompts share no row with training, in the files that were trained and scored. */
    private void promptsAreApart() throws IOException {
        Set<Object> train = prompts("train.jsonl");
        Set<Object> test = prompts("test.jsonl");
        assertEquals(512, train.size());
        assertEquals(256, test.size());
        train.retainAll(test);
        assertEquals(Set.of(), train);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void accuracyStartsNearHalfAndEndsAboveNineTenths(long seed) throws IOException {
        String story = run("--seed=" + seed);

        Map<String, @Nullable Object> numbers = numbers();
        double before = number(numbers, "before", "accuracy");
        double after = number(numbers, "after", "accuracy");
        assertTrue(before >= 0.35 && before <= 0.65, story);
        assertTrue(after > 0.9, story);
        assertTrue(number(numbers, "after", "margin") > 5, story);
        assertTrue(number(numbers, "before", "answered") < 0.65, story);
        assertTrue(number(numbers, "after", "answered") > 0.9, story);
    }

    private Map<String, @Nullable Object> numbers() throws IOException {
        Path file = folder.resolve("before-after.json");
        return Json.parseObject(file.toString(), Files.readString(file));
    }

    private static double number(Map<String, @Nullable Object> numbers, String when, String what) {
        return ((Number) ((Map<?, ?>) numbers.get(when)).get(what)).doubleValue();
    }

    private static List<Map<String, @Nullable Object>> answers(Map<String, @Nullable Object> numbers) {
        return ((List<?>) numbers.get("answers"))
                .stream().map(a -> Json.asObject((Map<?, ?>) a)).toList();
    }

    private Set<Object> prompts(String file) throws IOException {
        Set<Object> prompts = new HashSet<>();
        for (String line : Files.readAllLines(folder.resolve("pairs").resolve(file))) {
            prompts.add(Json.parseObject(file, line).get("prompt"));
        }
        return prompts;
    }
}
