package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.Shared;
import io.github.jalign.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run that is killed (SIGKILL) again and again, each time at a point it has just printed, and resumed by the same
 * command, ends with the files of the unbroken run, byte for byte. The next point it reaches is past the printed one by
 * as much as the process got done before the signal came.
 */
final class KillAndResumeTest {
    private static final String EVENT = "event: ";

    @TempDir
    Path temporary;

    @Test
    @Tag("shared")
    void fiveKills() throws Exception {
        kills(5);
    }

    @Test
    @Tag("long")
    void twentyKills() throws Exception {
        kills(20);
    }

    private void kills(int count) throws Exception {
        List<String> unbroken = run(temporary.resolve("unbroken"), null);
        List<String> points = points(unbroken, count);
        Path broken = temporary.resolve("broken");
        int killed = 0;
        for (String point : points) {
            List<String> lines = run(broken, point);
            if (lines.getLast().equals(EVENT + point)) {
                killed++;
            }
        }
        assertEquals(count, killed, "every chosen point is reached and killed at");
        List<String> last = run(broken, null);
        assertTrue(last.stream().anyMatch(l -> l.startsWith("resumed from checkpoint-")), "the last run resumes");
        compare(temporary.resolve("unbroken"), broken);
    }

    /** Points in the order of the run: a quarter inside saves, a quarter inside accumulation windows, the rest anywhere. */
    private static List<String> points(List<String> lines, int count) {
        List<String> all = lines.stream()
                .filter(l -> l.startsWith(EVENT) && !l.contains("reference"))
                .map(l -> l.substring(EVENT.length()))
                .toList();
        List<String> saves = all.stream().filter(p -> p.startsWith("save ")).toList();
        List<String> windows = all.stream().filter(KillAndResumeTest::insideWindow).toList();
        SequencedSet<String> chosen = new LinkedHashSet<>();
        int quarter = (count + 3) / 4;
        spread(saves, quarter, chosen);
        spread(windows, quarter, chosen);
        for (int extra = count - chosen.size(); chosen.size() < count; extra++) {
            spread(all, extra, chosen);
        }
        return all.stream().filter(chosen::contains).limit(count).toList();
    }

    private static boolean insideWindow(String point) {
        String[] words = point.split(" ");
        return words.length == 6 && words[2].equals("pack") && !words[3].equals(words[5]);
    }

    private static void spread(List<String> from, int count, SequencedSet<String> chosen) {
        for (int i = 0; i < count; i++) {
            chosen.add(from.get((2 * i + 1) * from.size() / (2 * count)));
        }
    }

    /**
     * One process.
     *
     * @param killAt the point at which it is killed, or null to let it end
     * @return what it printed
     */
    private List<String> run(Path output, String killAt) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Djalign.events=true",
                "-cp",
                System.getProperty("java.class.path"),
                "io.github.jalign.cli.Main",
                "dpo",
                "--model_name_or_path=" + Shared.data("stories260K-hf"),
                "--dataset_name=" + Shared.data("preferences/hh-rlhf-harmless-base-test.jsonl.gz"),
                "--dataset_train_split=train[:12]",
                "--dataset_test_split=train[12:15]",
                "--output_dir=" + output,
                "--reference_cache=" + temporary.resolve("cache"),
                "--max_length=300",
                "--per_device_train_batch_size=2",
                "--per_device_eval_batch_size=2",
                "--gradient_accumulation_steps=2",
                "--num_train_epochs=3",
                "--learning_rate=1e-4",
                "--logging_steps=2",
                "--eval_strategy=steps",
                "--eval_steps=3",
                "--save_steps=2",
                "--save_total_limit=2",
                "--resume_from_checkpoint=true",
                "--device=cpu"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                lines.add(line);
                if (line.equals(EVENT + killAt)) {
                    process.destroyForcibly().waitFor();
                    return lines;
                }
            }
        }
        assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
        return lines;
    }

    private static void compare(Path unbroken, Path broken) throws IOException {
        List<String> files = names(unbroken);
        assertEquals(files, names(broken));
        for (String file : files) {
            byte[] a = Files.readAllBytes(unbroken.resolve(file));
            byte[] b = Files.readAllBytes(broken.resolve(file));
            if (file.endsWith(".safetensors") || file.endsWith("config.json") || file.contains("tokenizer")) {
                assertTrue(Arrays.equals(a, b), file + " differs");
            } else if (file.endsWith(".jsonl")) {
                assertEquals(withoutTimes(a), withoutTimes(b), file);
            }
        }
    }

    /** Paths below a folder, but for what every process makes for itself. */
    private static List<String> names(Path folder) throws IOException {
        try (var all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(p -> folder.relativize(p).toString())
                    .sorted()
                    .toList();
        }
    }

    private static List<Map<String, Object>> withoutTimes(byte[] jsonl) {
        return new String(jsonl, StandardCharsets.UTF_8)
                .lines()
                .map(line -> {
                    Map<String, Object> entry = new TreeMap<>(Json.parseObject("metrics", line));
                    entry.keySet().removeIf(k -> k.contains("runtime") || k.contains("per_second"));
                    return entry;
                })
                .toList();
    }
}
