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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
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

    private static final String ACCEPTED = "accepted";
    private static final String DIALECT = "max_prompt_length selects the dialect trl-0.19, which is not built yet";
    private static final String MIXTURE_DIALECT =
            "dataset_mixture selects the dialect trl-0.19, which is not built yet";
    private static final String MIXTURE = "mixtures of data sets are not built yet";
    private static final String SCHEDULE = "this lr_scheduler_type is known but not built yet";
    private static final String OPTIMIZER = "this optim is known but not built yet";
    private static final String ADAPTERS = "adapters are not built yet; without them the whole model would be trained";
    private static final String QUANTISED = "quantised weights are not built yet";
    private static final String CONFIGURATION = "files and folders have no configurations";

    /** No key of the ten is unknown; what is not built stops the run, and the rest runs with two keys more. */
    @Test
    void everyHandbookPreferenceRecipeIsUnderstood() throws IOException {
        Map<String, List<String>> rules = new TreeMap<>();
        rules.put("constitutional-ai/dpo/config_anthropic.yaml", List.of(OPTIMIZER, OPTIMIZER, OPTIMIZER));
        rules.put("pref_align_scan/dpo/config_openhermes.yaml", List.of(DIALECT, MIXTURE, ACCEPTED));
        rules.put("pref_align_scan/dpo/config_zephyr.yaml", List.of(DIALECT, MIXTURE, ACCEPTED));
        rules.put("smollm2/dpo/config.yaml", List.of(DIALECT, MIXTURE, ACCEPTED));
        rules.put("smollm2/dpo/config_smol.yaml", List.of(DIALECT, MIXTURE, ACCEPTED));
        rules.put("smollm3/dpo/apo.yaml", List.of(SCHEDULE, SCHEDULE, SCHEDULE));
        rules.put("starchat2-15b/dpo/config_v0.1.yaml", List.of(DIALECT, MIXTURE, ACCEPTED));
        rules.put("zephyr-7b-beta/dpo/config_full.yaml", List.of(DIALECT, MIXTURE, ACCEPTED));
        rules.put("zephyr-7b-beta/dpo/config_qlora.yaml", List.of(DIALECT, ADAPTERS, ADAPTERS));
        rules.put("zephyr-7b-gemma/dpo/config_full.yaml", List.of(DIALECT, MIXTURE, ACCEPTED));

        assertEquals(rules, handbook("dpo", Recipe::dpo));
    }

    @Test
    void everyHandbookSupervisedRecipeIsUnderstood() throws IOException {
        Map<String, List<String>> rules = new TreeMap<>();
        rules.put("constitutional-ai/sft/config_anthropic.yaml", List.of(MIXTURE_DIALECT, MIXTURE, ACCEPTED));
        rules.put("constitutional-ai/sft/config_grok.yaml", List.of(MIXTURE_DIALECT, MIXTURE, ACCEPTED));
        rules.put("smollm/sft/config.yaml", List.of(MIXTURE_DIALECT, MIXTURE, ACCEPTED));
        rules.put("smollm2/sft/config.yaml", List.of(CONFIGURATION, CONFIGURATION, ACCEPTED));
        rules.put("smollm2/sft/config_smol.yaml", List.of(ACCEPTED, ACCEPTED, ACCEPTED));
        rules.put("smollm3/sft/mid.yaml", List.of(SCHEDULE, SCHEDULE, SCHEDULE));
        rules.put("smollm3/sft/sft.yaml", List.of(SCHEDULE, SCHEDULE, SCHEDULE));
        rules.put("starchat2-15b/sft/config_v0.1.yaml", List.of(MIXTURE_DIALECT, MIXTURE, ACCEPTED));
        rules.put("zephyr-7b-beta/sft/config_full.yaml", List.of(MIXTURE_DIALECT, MIXTURE, ACCEPTED));
        rules.put("zephyr-7b-beta/sft/config_qlora.yaml", List.of(MIXTURE_DIALECT, QUANTISED, QUANTISED));
        rules.put("zephyr-7b-gemma/sft/config_full.yaml", List.of(MIXTURE_DIALECT, MIXTURE, ACCEPTED));

        assertEquals(rules, handbook("sft", Recipe::sft));
    }

    /** The first rule broken by each recipe as it is, with {@code compat}, and with a data set of one's own. */
    private static Map<String, List<String>> handbook(String kind, Function<List<String>, Recipe<?>> parse)
            throws IOException {
        Path folder = DATA.resolve("recipes/alignment-handbook");
        Map<String, List<String>> rules = new TreeMap<>();
        for (Path path : recipes(folder, kind)) {
            String file = path.toString();
            rules.put(
                    folder.relativize(path).toString(),
                    List.of(
                            rule(() -> parse.apply(List.of(file))),
                            rule(() -> parse.apply(List.of(file, "--compat=trl-1"))),
                            rule(() -> parse.apply(List.of(file, "--compat=trl-1", "--dataset_name=pairs.jsonl")))));
        }
        return rules;
    }

    private static List<Path> recipes(Path folder, String kind) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(f -> f.toString().endsWith(".yaml") && f.toString().contains("/" + kind + "/"))
                    .sorted()
                    .toList();
        }
    }

    interface Parsing {
        Object parse() throws IOException;
    }

    /** The rule that a recipe breaks. */
    private static String rule(Parsing parsing) throws IOException {
        try {
            parsing.parse();
            return ACCEPTED;
        } catch (JalignException e) {
            String message = String.valueOf(e.getMessage());
            return message.substring(e.where().length() + 2, message.indexOf('\n'));
        }
    }
}
