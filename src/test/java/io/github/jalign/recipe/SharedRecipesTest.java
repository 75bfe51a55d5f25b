package io.github.jalign.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.train.Device;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.EvalStrategy;
import io.github.jalign.train.LossType;
import io.github.jalign.train.Precision;
import io.github.jalign.train.SchedulerType;
import io.github.jalign.train.SftConfig;
import io.github.jalign.train.StepCount;
import io.github.jalign.train.WeightedLoss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The recipes and runs of the shared data, as they are. */
@Tag("shared")
class SharedRecipesTest {
    private static final Path DATA = Path.of(System.getProperty("jalign.shared"), "data");

    /** A golden run's trainer arguments as a recipe; JSON is YAML. */
    private static String golden(String run, @Nullable Map<String, Object> more) throws IOException {
        Path file = DATA.resolve("golden/trl-1.16").resolve(run).resolve("config.json");
        Map<String, @Nullable Object> whole = Json.parseObject(file.toString(), Files.readString(file));
        Map<String, @Nullable Object> recipe =
                new LinkedHashMap<>(Json.asObject((Map<?, ?>) Objects.requireNonNull(whole.get("config"))));
        recipe.put("model_name_or_path", whole.get("model"));
        recipe.put("dataset_name", whole.get("data"));
        recipe.put("dtype", whole.get("dtype"));
        recipe.put("chat_template", whole.get("chat_template"));
        if (more != null) {
            recipe.putAll(more);
        }
        return Json.write(recipe);
    }

    @Test
    void theSigmoidRunIsReadAsItWasSet() throws IOException {
        DpoConfig config = Recipe.dpo("golden", golden("ultrafeedback-sigmoid", null), List.of()).config();

        assertEquals(0.1, config.beta());
        assertEquals(List.of(new WeightedLoss(LossType.SIGMOID, 1)), config.losses());
        assertEquals(1e-4, config.run().optimizer().learningRate());
        assertEquals(SchedulerType.COSINE, config.run().optimizer().lrSchedulerType());
        assertEquals(new StepCount(0.1), config.run().optimizer().warmupSteps());
        assertEquals(0.01, config.run().optimizer().weightDecay());
        assertEquals(EvalStrategy.STEPS, config.run().reporting().evalStrategy());
        assertEquals(new StepCount(5), config.run().reporting().evalSteps());
        assertEquals(2, config.run().batches().perDeviceTrainBatchSize());
        assertEquals(4, config.run().batches().gradientAccumulationSteps());
        assertEquals(Device.CPU, config.run().compute().device());
        assertEquals(Precision.FLOAT32, config.run().compute().dtype());
        assertEquals(384, config.data().maxLength());
        assertEquals("test", config.data().testSplit());
    }

    @Test
    void everyGoldenPreferenceRunOfThisStageIsAccepted() throws IOException {
        for (String run : List.of("ultrafeedback-sigmoid", "hh-rlhf-raw-text", "smollm2-135m-ultrafeedback")) {
            Recipe<DpoConfig> recipe = Recipe.dpo(run, golden(run, Map.of("implicit_prompt", "trl")), List.of());
            assertEquals(
                    List.of(run + ":1: disable_tqdm has no effect: "
                            + "progress is one line on a terminal, and plain lines elsewhere"),
                    recipe.notes());
            assertEquals(recipe.config(), Recipe.dpo("resolved", recipe.resolved(), List.of()).config(), run);
        }
    }

    @Test
    void everyGoldenSupervisedRunIsAccepted() throws IOException {
        for (String run : List.of("sft-messages", "sft-completion-only")) {
            Recipe<SftConfig> recipe = Recipe.sft(run, golden(run, null), List.of());
            assertEquals(5e-4, recipe.config().run().optimizer().learningRate(), run);
            assertEquals(recipe.config(), Recipe.sft("resolved", recipe.resolved(), List.of()).config(), run);
        }
    }

    @Test
    void goldenRunsOfOtherLossesSayThatTheyComeLater() throws IOException {
        assertEquals(
                "this loss_type is known but not built yet",
                rule(() -> Recipe.dpo("g", golden("ultrafeedback-mpo", null), List.of())));
        assertEquals(
                "this lr_scheduler_type is known but not built yet",
                rule(() -> Recipe.dpo("g", golden("ultrafeedback-apo-zero-precomputed", null), List.of())));
    }

    /** What the first error of each handbook recipe is, as it is and then as far as the keys of this stage carry it. */
    @Test
    void everyHandbookPreferenceRecipeIsUnderstood() throws IOException {
        Map<String, String> rules = new TreeMap<>();
        for (Path file : recipes("dpo")) {
            String name = DATA.resolve("recipes/alignment-handbook").relativize(file).toString();
            rules.put(name, rule(() -> Recipe.dpo(List.of(file.toString()))) + " | "
                    + rule(() -> Recipe.dpo(List.of(file.toString(), "--compat=trl-1"))) + " | "
                    + rule(() -> Recipe.dpo(List.of(file.toString(), "--compat=trl-1", "--dataset_name=pairs.jsonl"))));
        }
        rules.forEach((k, v) -> System.out.println(k + " = " + v));
        assertEquals(10, rules.size());
    }

    @Test
    void everyHandbookSupervisedRecipeIsUnderstood() throws IOException {
        Map<String, String> rules = new TreeMap<>();
        for (Path file : recipes("sft")) {
            String name = DATA.resolve("recipes/alignment-handbook").relativize(file).toString();
            rules.put(name, rule(() -> Recipe.sft(List.of(file.toString()))) + " | "
                    + rule(() -> Recipe.sft(List.of(file.toString(), "--compat=trl-1"))) + " | "
                    + rule(() -> Recipe.sft(List.of(file.toString(), "--compat=trl-1", "--dataset_name=pairs.jsonl"))));
        }
        rules.forEach((k, v) -> System.out.println(k + " = " + v));
        assertEquals(11, rules.size());
    }

    private static List<Path> recipes(String kind) throws IOException {
        try (Stream<Path> files = Files.walk(DATA.resolve("recipes/alignment-handbook"))) {
            return new ArrayList<>(files.filter(f -> f.toString().endsWith(".yaml"))
                    .filter(f -> f.toString().contains("/" + kind + "/"))
                    .sorted()
                    .toList());
        }
    }

    interface Parsing {
        Object parse() throws IOException;
    }

    /** The rule that a recipe breaks, or "accepted". */
    private static String rule(Parsing parsing) throws IOException {
        try {
            parsing.parse();
            return "accepted";
        } catch (JalignException e) {
            String message = String.valueOf(e.getMessage());
            return message.substring(e.where().length() + 2, message.indexOf('\n'));
        }
    }
}
