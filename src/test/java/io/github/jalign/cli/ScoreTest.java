package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.Shared;
import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.Order;
import io.github.jalign.data.RowId;
import io.github.jalign.generate.Generator;
import io.github.jalign.json.Json;
import io.github.jalign.ops.Backend;
import io.github.jalign.quickstart.Pair;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scores against what training logs of the same rows, jalign's and TRL's. */
final class ScoreTest {
    private static final Path MODEL = Path.of("models", "quickstart");

    @TempDir
    Path folder;

    private static Run run(List<String> words) {
        Run run = Run.of(words.toArray());
        assertEquals(0, run.exitCode(), run.err());
        return run;
    }

    private static List<Map<String, Object>> lines(Path file) throws Exception {
        return Files.readAllLines(file).stream().map(line -> Json.parseObject("line", line)).toList();
    }

    private static double number(Map<String, Object> row, String key) {
        return ((Number) row.get(key)).doubleValue();
    }

    private static double mean(List<Map<String, Object>> rows, String key) {
        return rows.stream().mapToDouble(row -> number(row, key)).sum() / rows.size();
    }

    /**
     * A run's last evaluation and scores of the model that it saved, with its first model as the reference: the same
     * kernels on the same float32 weights, so that only the order of sums over rows is another: 13 additions of numbers
     * below 100 in float64, 1e-12 of each.
     */
    @Test
    void scoresAreWhatTrainingEvaluates() throws Exception {
        Path pairs = folder.resolve("pairs");
        Files.createDirectories(pairs);
        for (String split : List.of("train", "test")) {
            Files.writeString(
                    pairs.resolve(split + ".jsonl"),
                    Pair.draw(13, split.equals("test"), 3).stream()
                            .map(pair -> Json.write(pair.row()) + "\n")
                            .collect(Collectors.joining()));
        }
        Path trained = folder.resolve("trained");
        run(List.of(
                "dpo",
                "--model_name_or_path=" + MODEL,
                "--dataset_name=" + pairs,
                "--output_dir=" + trained,
                "--reference_cache=" + folder.resolve("cache"),
                "--device=cpu",
                "--beta=0.3",
                "--learning_rate=1e-4",
                "--max_steps=2",
                "--per_device_train_batch_size=3",
                "--per_device_eval_batch_size=13",
                "--eval_strategy=steps",
                "--eval_steps=2",
                "--save_strategy=no"));
        Map<String, Object> logged = lines(trained.resolve("metrics.jsonl")).stream()
                .filter(entry -> entry.containsKey("eval_loss"))
                .reduce((a, b) -> b)
                .orElseThrow();
        Path output = folder.resolve("scores.jsonl");
        Run run = run(List.of(
                "score",
                trained.toString(),
                pairs.toString(),
                "--split=test",
                "--reference=" + MODEL,
                "--beta=0.3",
                "--device=cpu",
                "--output=" + output));
        List<Map<String, Object>> rows = lines(output);
        assertEquals(13, rows.size());
        assertEquals(pairs.resolve("test.jsonl") + ":13", rows.getLast().get("row"));
        assertEquals(12L, rows.getLast().get("index"));
        assertEquals(number(logged, "eval_logps/chosen"), mean(rows, "logps_chosen"), 1e-10);
        assertEquals(number(logged, "eval_logps/rejected"), mean(rows, "logps_rejected"), 1e-10);
        double chosen = 0.3 * (mean(rows, "logps_chosen") - mean(rows, "ref_logps_chosen"));
        double rejected = 0.3 * (mean(rows, "logps_rejected") - mean(rows, "ref_logps_rejected"));
        assertTrue(Math.abs(chosen) > 1e-3, "training has moved the model");
        assertEquals(number(logged, "eval_rewards/chosen"), chosen, 1e-10);
        assertEquals(number(logged, "eval_rewards/rejected"), rejected, 1e-10);
        for (String[] name : new String[][] {{"accuracies", "%.3f"}, {"margins", "%+.4f"}, {"chosen", "%+.4f"}}) {
            String line = run.out().lines().filter(l -> l.startsWith("rewards/" + name[0])).findFirst().orElseThrow();
            assertEquals(name[1].formatted(number(logged, "eval_rewards/" + name[0])), line.split("\\s+")[1], line);
        }
    }

    /**
     * TRL's first step logs the means of the model as it was, over the first rows of the shuffled order; the bound is
     * that of the golden runs' first step, 2e-5 of float32.
     */
    @ParameterizedTest
    @Tag("shared")
    @ValueSource(strings = {"ultrafeedback-sigmoid", "hh-rlhf-raw-text"})
    void scoresAreThoseOfTrl(String name) throws Exception {
        Map<String, Object> golden = object(Shared.json(Shared.data("golden/trl-1.16/" + name + "/config.json")));
        Map<String, Object> first = object(((List<?>)
                        Shared.json(Shared.data("golden/trl-1.16/" + name + "/log_history.json")))
                .getFirst());
        Map<String, Object> config = object(golden.get("config"));
        Path output = folder.resolve("scores.jsonl");
        List<String> words = new ArrayList<>(List.of(
                "score",
                Shared.data("stories260K-hf").toString(),
                Shared.data("preferences/" + golden.get("data")).toString(),
                "--split=train[:" + ((List<?>) golden.get("rows")).getLast() + "]",
                "--max_length=" + config.get("max_length"),
                "--device=cpu",
                "--output=" + output));
        if (golden.get("form").equals("messages")) {
            words.add("--dataset_format=messages");
            words.add("--chat_template=" + golden.get("chat_template"));
        } else {
            words.add("--implicit_prompt=trl");
        }
        run(words);
        List<Map<String, Object>> rows = lines(output);
        int count = (int) (number(config, "per_device_train_batch_size") * number(config, "gradient_accumulation_steps"));
        List<Map<String, Object>> step = Arrays.stream(Order.torchPermutation(rows.size(), 42))
                .limit(count)
                .mapToObj(rows::get)
                .toList();
        for (String side : List.of("chosen", "rejected")) {
            double expected = number(first, "logps/" + side);
            assertEquals(expected, mean(step, "logps_" + side), 2e-5 * Math.abs(expected), side);
        }
    }

    /** Each token behind what its window holds before it, one by one; 3e-6 is float32 over windows cut otherwise. */
    @Test
    void theLossOfATextIsThatOfItsTokens() throws Exception {
        String text = "The capital of Norway is Oslo. Water a fern every two days.\n";
        Path file = Files.writeString(folder.resolve("text.txt"), text);
        Path output = folder.resolve("tokens.jsonl");
        Run run = run(List.of("score", MODEL.toString(), "--text=" + file, "--device=cpu", "--output=" + output));
        List<Map<String, Object>> rows = lines(output);
        double sum = 0;
        try (Tokenizer tokenizer = Tokenizer.load(MODEL);
                Generator generator = new Generator(MODEL, Backend.CPU, 1, 100)) {
            int[] ids = tokenizer.encode(text, true);
            assertEquals(ids.length - 1, rows.size());
            for (int i = 1; i < ids.length; i++) {
                Item item = new Item(
                        new RowId("t", 1),
                        Arrays.copyOf(ids, i),
                        List.of(new Completion(new int[] {ids[i]}, null)));
                double logp = generator.score(List.of(item))[0][0];
                sum += logp;
                Map<String, Object> row = rows.get(i - 1);
                assertEquals(logp, number(row, "logp"), 3e-6, "token " + i);
                assertEquals((long) ids[i], row.get("id"));
                assertEquals(tokenizer.decode(new int[] {ids[i]}, false), row.get("token"));
            }
        }
        int bytes = text.length();
        assertEquals(
                """
                text.txt                      model
                loss per token          %11s    mean of -log p over %d tokens, windows of %d
                perplexity              %11s    its exponential
                bits per byte           %11s    of 60 bytes; comparable between tokenizers
                """
                        .formatted(
                                "%.4f".formatted(-sum / rows.size()),
                                rows.size(),
                                rows.size() + 1,
                                "%.3f".formatted(Math.exp(-sum / rows.size())),
                                "%.4f".formatted(-sum / Math.log(2) / bytes)),
                run.out());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }
}
