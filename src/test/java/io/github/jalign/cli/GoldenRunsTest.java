package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.Shared;
import io.github.jalign.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/**
 * TRL 1.16's own runs on real rows, done again through the command line: the same entries, every metric of each. The
 * error of a number is |a - b| / max(1, |b|). Step 1 differs by float32 rounding alone; later steps drift as the
 * learning rate allows, evenly to both sides, hence the second bound on the mean.
 */
final class GoldenRunsTest {
    private static final double FIRST_STEP = 2e-5;
    private static final double LATER = 2e-3;
    private static final double MEAN_LOSS_RESIDUAL = 2e-4;
    private static final double LONG_LOSS = 1e-3;
    private static final double LONG_NORM = 1e-2;

    /** Not results: how long things took. */
    private static final List<String> TIMES = List.of("runtime", "per_second");

    /** Keys of the golden configuration that say where it ran, not what. */
    private static final Set<String> ELSEWHERE = Set.of("output_dir", "report_to", "use_cpu", "disable_tqdm", "save_strategy");

    @TempDir
    Path temporary;

    @ParameterizedTest
    @Tag("shared")
    @CsvSource({
        "dpo, ultrafeedback-sigmoid",
        "dpo, hh-rlhf-raw-text",
        "sft, sft-messages",
        "sft, sft-completion-only",
    })
    void isReproduced(String command, String run) throws IOException {
        List<Map<String, Object>> found = run(command, run, Shared.data("stories260K-hf"));
        List<Map<String, Object>> expected = log(run);
        assertEquals(expected.size(), found.size(), "log entries");
        double residual = 0;
        int losses = 0;
        for (int i = 0; i < expected.size(); i++) {
            double bound = step(expected.get(i)) == 1 ? FIRST_STEP : LATER;
            for (Map.Entry<String, Object> e : expected.get(i).entrySet()) {
                if (TIMES.stream().noneMatch(e.getKey()::contains)) {
                    double b = number(e.getValue());
                    double a = number(found.get(i).get(e.getKey()));
                    String what = run + " entry " + i + " " + e.getKey();
                    double allowed = e.getKey().equals("learning_rate") ? 1e-15 : bound * Math.max(1, Math.abs(b));
                    assertEquals(b, a, allowed, what);
                    if (e.getKey().equals("loss")) {
                        residual += a - b;
                        losses++;
                    }
                }
            }
        }
        assertTrue(Math.abs(residual / losses) <= MEAN_LOSS_RESIDUAL, "mean residual of the loss " + residual / losses);
    }

    @Test
    @Tag("long")
    void smolLm2IsReproduced() throws IOException {
        String run = "smollm2-135m-ultrafeedback";
        List<Map<String, Object>> found = run("dpo", run, asTransformersTokenises(Shared.smolLm2()));
        List<Map<String, Object>> expected = log(run);
        assertEquals(expected.size(), found.size(), "log entries");
        for (int i = 0; i < expected.size(); i++) {
            Map<String, Object> e = expected.get(i);
            if (e.containsKey("loss")) {
                Map<String, Object> f = found.get(i);
                assertEquals(number(e.get("loss")), number(f.get("loss")), LONG_LOSS, "loss " + i);
                double norm = number(e.get("grad_norm"));
                assertEquals(norm, number(f.get("grad_norm")), LONG_NORM * norm, "grad_norm " + i);
                assertEquals(number(e.get("num_tokens")), number(f.get("num_tokens")), "num_tokens " + i);
            }
        }
    }

    /**
     * A copy whose tokenizer has no Digits step: transformers 5.23 builds this folder's {@code GPT2Tokenizer} anew from
     * vocabulary and merges and loses that step, which tokenizer.json has and jalign follows.
     */
    private Path asTransformersTokenises(Path model) throws IOException {
        Path copy = Files.createDirectories(temporary.resolve("model"));
        try (var files = Files.list(model)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        Path tokenizer = copy.resolve("tokenizer.json");
        Map<String, Object> json = object(Shared.json(tokenizer));
        List<?> steps = (List<?>) object(json.get("pre_tokenizer")).get("pretokenizers");
        object(json.get("pre_tokenizer"))
                .put("pretokenizers", steps.stream().filter(s -> !"Digits".equals(object(s).get("type"))).toList());
        Files.writeString(tokenizer, Json.write(json));
        return copy;
    }

    /** Trains with the golden run's settings and reads the log. */
    private List<Map<String, Object>> run(String command, String run, Path model) throws IOException {
        Map<String, Object> golden = object(Shared.json(Shared.data("golden/trl-1.16/" + run + "/config.json")));
        List<?> rows = (List<?>) golden.get("rows");
        long first = (Long) rows.get(0);
        long end = (Long) rows.get(1);
        Path output = temporary.resolve("out");
        List<String> words = new ArrayList<>(List.of(
                command,
                "--model_name_or_path=" + model,
                "--dataset_name=" + Shared.data("preferences/" + golden.get("data")),
                "--dataset_train_split=train[" + first + ":" + end + "]",
                "--output_dir=" + output,
                "--save_strategy=no",
                "--device=cpu"));
        if (golden.get("eval_rows") instanceof Long count && count > 0) {
            words.add("--dataset_test_split=train[" + end + ":" + (end + count) + "]");
        }
        switch ((String) golden.get("form")) {
            case "messages" -> words.add("--dataset_format=messages");
            case "prompt-completion" -> {
                words.add("--dataset_format=messages");
                words.add("--completion_only_loss=true");
            }
            default -> words.add("--implicit_prompt=trl");
        }
        if (command.equals("dpo")) {
            words.add("--reference_cache=" + temporary.resolve("cache"));
        }
        if (golden.get("chat_template") instanceof String template) {
            Path file = temporary.resolve("template.jinja");
            Files.writeString(file, template);
            words.add("--chat_template=" + file);
        }
        object(golden.get("config")).forEach((key, value) -> {
            if (!ELSEWHERE.contains(key)) {
                words.add("--" + key + "=" + (value instanceof String s ? s : Json.write(value)));
            }
        });
        StringWriter printed = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(printed));
        line.setErr(new PrintWriter(printed));
        assertEquals(0, line.execute(words.toArray(String[]::new)), printed::toString);
        List<Map<String, Object>> entries = new ArrayList<>();
        for (String text : Files.readAllLines(output.resolve("metrics.jsonl"))) {
            entries.add(object(Json.parse("metrics.jsonl", text)));
        }
        return entries;
    }

    private static List<Map<String, Object>> log(String run) {
        Object log = Shared.json(Shared.data("golden/trl-1.16/" + run + "/log_history.json"));
        return ((List<?>) log).stream().map(GoldenRunsTest::object).toList();
    }

    private static long step(Map<String, Object> entry) {
        return (Long) entry.get("step");
    }

    private static double number(Object value) {
        return ((Number) value).doubleValue();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }
}
