package io.github.jalign.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.data.TestSize;
import io.github.jalign.errors.JalignException;
import io.github.jalign.train.Compat;
import io.github.jalign.train.Device;
import io.github.jalign.train.Dialect;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.EvalStrategy;
import io.github.jalign.train.LossType;
import io.github.jalign.train.Precision;
import io.github.jalign.train.Resume;
import io.github.jalign.train.SaveStrategy;
import io.github.jalign.train.SchedulerType;
import io.github.jalign.train.StepCount;
import io.github.jalign.train.WeightedLoss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeTest {
    private static final String BASE = "model_name_or_path: m\ndataset_name: d.jsonl\n";

    private static Recipe<DpoConfig> dpo(String lines, String... words) {
        return Recipe.dpo("recipe.yaml", BASE + lines, List.of(words));
    }

    @Test
    void absentKeysHaveTheDefaultsOfTrl() {
        DpoConfig config = dpo("").config();

        assertEquals(0.1, config.beta());
        assertEquals(List.of(new WeightedLoss(LossType.SIGMOID, 1)), config.losses());
        assertEquals(Path.of("trainer_output"), config.run().outputDir());
        assertEquals(new Dialect(Compat.TRL_1, "it is the default"), config.run().dialect());
        assertEquals(42, config.run().seed());
        assertNull(config.run().dataSeed());
        assertEquals(new Resume.FromStart(), config.run().resume());
        assertEquals(8, config.run().batches().perDeviceTrainBatchSize());
        assertEquals(8, config.run().batches().perDeviceEvalBatchSize());
        assertEquals(1, config.run().batches().gradientAccumulationSteps());
        assertEquals(-1, config.run().batches().maxSteps());
        assertEquals(3.0, config.run().batches().numTrainEpochs());
        assertEquals(1e-6, config.run().optimizer().learningRate());
        assertEquals(SchedulerType.LINEAR, config.run().optimizer().lrSchedulerType());
        assertEquals(new StepCount(0), config.run().optimizer().warmupSteps());
        assertEquals(0.0, config.run().optimizer().weightDecay());
        assertEquals(1.0, config.run().optimizer().maxGradNorm());
        assertEquals(new StepCount(10), config.run().reporting().loggingSteps());
        assertEquals(EvalStrategy.NO, config.run().reporting().evalStrategy());
        assertEquals(SaveStrategy.STEPS, config.run().reporting().saveStrategy());
        assertEquals(new StepCount(500), config.run().reporting().saveSteps());
        assertEquals(Device.AUTO, config.run().compute().device());
        assertNull(config.run().compute().dtype());
        assertEquals(Precision.FLOAT32, config.run().compute().saveDtype());
        assertEquals(1024, config.data().maxLength());
        assertNull(config.data().testSplit());
        assertEquals(List.of(), dpo("").notes());
        assertEquals(2e-5, Recipe.sft("r", BASE, List.of()).config().run().optimizer().learningRate());
    }

    /** The hands-on notebook's DPOConfig, key for key, with the compat that its max_prompt_length asks for. */
    @Test
    void theNotebooksConfigurationIsUnderstood() {
        Recipe<DpoConfig> recipe = dpo(
                """
                compat: trl-1
                beta: 0.1
                max_prompt_length: 512
                max_length: 1024
                learning_rate: 5e-7
                per_device_train_batch_size: 2
                gradient_accumulation_steps: 8
                max_steps: 500
                warmup_steps: 50
                lr_scheduler_type: cosine
                gradient_checkpointing: true
                bf16: false
                dataloader_drop_last: true
                logging_steps: 10
                save_steps: 250
                save_strategy: steps
                output_dir: ./smollm3_dpo_results
                evaluation_strategy: steps
                eval_steps: 250
                report_to: none
                push_to_hub: false
                hub_model_id: your-username/smollm3-dpo
                """);

        DpoConfig config = recipe.config();
        assertEquals(512, config.data().maxPromptLength());
        assertEquals(5e-7, config.run().optimizer().learningRate());
        assertEquals(new StepCount(50), config.run().optimizer().warmupSteps());
        assertEquals(SchedulerType.COSINE, config.run().optimizer().lrSchedulerType());
        assertEquals(true, config.run().compute().gradientCheckpointing());
        assertEquals(Precision.FLOAT32, config.run().compute().dtype());
        assertEquals(true, config.run().batches().dataloaderDropLast());
        assertEquals(500, config.run().batches().maxSteps());
        assertEquals(EvalStrategy.STEPS, config.run().reporting().evalStrategy());
        assertEquals(new StepCount(250), config.run().reporting().evalSteps());
        assertEquals(new Dialect(Compat.TRL_1, "compat says so"), config.run().dialect());
        assertEquals(
                List.of("recipe.yaml:24: hub_model_id has no effect yet: "
                        + "jalign uploads nothing yet; the model stays in output_dir"),
                recipe.notes());
    }

    @Test
    void valuesAreReadByTheKeysTypeAndNotByTheirQuotes() {
        DpoConfig config = dpo(
                        """
                        learning_rate: "1e-6"
                        eval_strategy: no
                        save_strategy: 'no'
                        gradient_checkpointing: Yes
                        max_length: null
                        torch_dtype: ~
                        num_train_epochs: .5
                        run_name: 1.10
                        """)
                .config();

        assertEquals(1e-6, config.run().optimizer().learningRate());
        assertEquals(EvalStrategy.NO, config.run().reporting().evalStrategy());
        assertEquals(SaveStrategy.NO, config.run().reporting().saveStrategy());
        assertEquals(true, config.run().compute().gradientCheckpointing());
        assertNull(config.data().maxLength());
        assertNull(config.run().compute().dtype());
        assertEquals(0.5, config.run().batches().numTrainEpochs());
    }

    @Test
    void theCommandLineReplacesTheFile() {
        DpoConfig config = dpo(
                        "beta: 0.5\nseed: 1\nloss_type: sigmoid\ngradient_checkpointing: false",
                        "--beta=0.25",
                        "--learning-rate",
                        "2e-6",
                        "--loss_type",
                        "sigmoid",
                        "sft",
                        "--loss_weights=[0.5, 2]",
                        "--gradient_checkpointing",
                        "--max_steps",
                        "-1")
                .config();

        assertEquals(0.25, config.beta());
        assertEquals(1, config.run().seed());
        assertEquals(2e-6, config.run().optimizer().learningRate());
        assertEquals(
                List.of(new WeightedLoss(LossType.SIGMOID, 0.5), new WeightedLoss(LossType.SFT, 2)), config.losses());
        assertEquals(true, config.run().compute().gradientCheckpointing());
        assertEquals(-1, config.run().batches().maxSteps());
    }

    @Test
    void keysAloneAreARecipe() {
        DpoConfig config = Recipe.dpo(List.of("--model_name_or_path", "m", "--dataset_name", "d.jsonl", "--use_cpu"))
                .config();

        assertEquals("m", config.run().modelNameOrPath());
        assertEquals(List.of("d.jsonl"), config.data().datasetNames());
        assertEquals(Device.CPU, config.run().compute().device());
    }

    @Test
    void aFileIsReadFirstOrAsConfig(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("r.yaml"), BASE + "beta: 0.3");

        assertEquals(0.3, Recipe.dpo(List.of(file.toString())).config().beta());
        assertEquals(0.4, Recipe.dpo(List.of("--beta=0.4", "--config", file.toString())).config().beta());
        assertEquals(0.4, Recipe.dpo(List.of("--config=" + file, "--beta", "0.4")).config().beta());
    }

    @Test
    void anotherWayToSayAKeyInTheFileGivesWayToTheCommandLine() {
        DpoConfig config = dpo(
                        "warmup_ratio: 0.1\nuse_cpu: true\nbf16: true\ntorch_dtype: bfloat16",
                        "--warmup_steps=5",
                        "--device=reference",
                        "--bf16=false")
                .config();

        assertEquals(new StepCount(5), config.run().optimizer().warmupSteps());
        assertEquals(Device.REFERENCE, config.run().compute().device());
        assertEquals(Precision.FLOAT32, config.run().compute().dtype());
        assertEquals(
                Precision.FLOAT32,
                dpo("bf16: true", "--dtype=float32").config().run().compute().dtype());
    }

    @Test
    void aRevisionGoesWithTheNameOfAModelAndNotWithAFolder() {
        assertEquals("m@v2", dpo("model_revision: v2").config().run().modelNameOrPath());
        assertEquals("m", dpo("model_revision: main").config().run().modelNameOrPath());
        assertEquals(
                "org/n@v3",
                dpo("", "--model_revision=v3", "--model_name_or_path=org/n").config().run().modelNameOrPath());

        Recipe<DpoConfig> folder =
                Recipe.dpo("recipe.yaml", "model_name_or_path: src\nmodel_revision: v2\ndataset_name: d", List.of());
        assertEquals("src", folder.config().run().modelNameOrPath());
        assertEquals(
                List.of("recipe.yaml:2: model_revision has no effect: a model folder has no revisions"), folder.notes());
    }

    @Test
    void warmupRatioIsAShareOfTheRun() {
        assertEquals(
                new StepCount(0.1),
                dpo("warmup_ratio: 0.1\nwarmup_steps: 0").config().run().optimizer().warmupSteps());
    }

    @Test
    void bf16DecidesOverDtypeAndSaysSo() {
        Recipe<DpoConfig> recipe = dpo("dtype: bfloat16\nbf16: false");

        assertEquals(Precision.FLOAT32, recipe.config().run().compute().dtype());
        assertEquals(List.of("recipe.yaml:3: dtype has no effect: bf16 decides over it"), recipe.notes());
    }

    @Test
    void bfloat16OutsideCudaSaysThatItHasNoEffect() {
        String because = "only cuda computes in bfloat16; cpu computes in float32, reference in float64";

        assertEquals(List.of("recipe.yaml:3: bf16 has no effect: " + because), dpo("bf16: true").notes());
        assertEquals(List.of("--dtype has no effect: " + because), dpo("", "--dtype=bfloat16").notes());
        assertEquals(List.of(), dpo("bf16: true\ndevice: cuda").notes());
    }

    @Test
    void aDataSetOnTheCommandLineReplacesAnyMixture() {
        String mixture =
                """
                compat: trl-1
                dataset_mixture:
                  datasets:
                    - {id: org/pairs, weight: 0.5}
                dataset_config: all
                """;
        Recipe<DpoConfig> recipe = dpo(mixture, "--dataset_name=other.jsonl");

        assertEquals(List.of("other.jsonl"), recipe.config().data().datasetNames());
        assertEquals(
                List.of(
                        "recipe.yaml:4: dataset_mixture has no effect: --dataset_name replaces it",
                        "recipe.yaml:7: dataset_config has no effect: --dataset_name replaces it"),
                recipe.notes());
    }

    @Test
    void severalSourcesOfRowsAreAList() {
        List<String> two = List.of("a, b.jsonl", "rows-*.jsonl");

        assertEquals(two, dpo("", "--dataset_name", "a, b.jsonl", "rows-*.jsonl").config().data().datasetNames());
        Recipe<DpoConfig> recipe = dpo("", "--dataset_name=['a, b.jsonl', rows-*.jsonl]");
        assertEquals(two, recipe.config().data().datasetNames());
        assertEquals(recipe.config(), Recipe.dpo("again", recipe.resolved(), List.of()).config());
    }

    @Test
    void columnsAreNamedInTheRecipeOrOneByOneOnTheCommandLine() {
        Map<String, String> columns = Map.of("prompt", "q", "chosen", "best, of", "rejected", "worst");

        Recipe<DpoConfig> recipe =
                dpo("dataset_columns: {prompt: q, chosen: 'best, of', rejected: bad}", "--dataset_columns.rejected=worst");
        assertEquals(columns, recipe.config().data().columns());
        assertEquals(recipe.config(), Recipe.dpo("again", recipe.resolved(), List.of()).config());
        assertEquals(Map.of(), dpo("dataset_columns: null").config().data().columns());
    }

    @Test
    void aReplacedMixtureStillSelectsTheDialect() {
        JalignException e = assertThrows(
                JalignException.class,
                () -> dpo("dataset_mixture: {seed: 0}", "--dataset_name=other.jsonl"));

        assertEquals("recipe.yaml:3", e.where());
    }

    @Test
    void aNullKeyOfTheOlderDialectSelectsNothing() {
        assertEquals("it is the default", dpo("max_prompt_length: null").config().run().dialect().reason());
    }

    @Test
    void namesOfAMappingAreSetOneByOne() {
        JalignException e = assertThrows(
                JalignException.class,
                () -> dpo(
                        "lr_scheduler_kwargs:\n  num_cycles: 1\n  power: 2",
                        "--lr_scheduler_kwargs.power=3",
                        "--lr_scheduler_kwargs.lr_end=0.5"));

        assertEquals(
                """
                --lr_scheduler_kwargs.lr_end: arguments of a schedule are not built yet
                  found     lr_scheduler_kwargs: {num_cycles: 1, power: 3, lr_end: 0.5}
                  expected  no lr_scheduler_kwargs
                  do        remove lr_scheduler_kwargs""",
                e.getMessage());
    }

    @Test
    void evaluationRowsComeFromTestUnlessTheRecipeSaysOtherwise() {
        assertEquals("test", dpo("eval_strategy: epoch").config().data().testSplit());
        assertEquals(
                "held_out",
                dpo("eval_strategy: epoch\ndataset_test_split: held_out").config().data().testSplit());
        DpoConfig split = dpo("eval_strategy: epoch\ntest_size: 0.1\nsplit_seed: 7").config();
        assertNull(split.data().testSplit());
        assertEquals(new TestSize.Share(0.1), split.data().testSize());
        assertEquals(7, split.data().splitSeed());
    }

    @Test
    void keysThatOthersPutOutOfEffectSaySo() {
        assertEquals(
                List.of(
                        "recipe.yaml:3: dataset_test_split has no effect: eval_strategy is no",
                        "recipe.yaml:4: per_device_eval_batch_size has no effect: eval_strategy is no",
                        "recipe.yaml:5: eval_steps has no effect: eval_strategy is no",
                        "recipe.yaml:6: save_steps has no effect: save_strategy is epoch",
                        "recipe.yaml:8: num_train_epochs has no effect: max_steps decides",
                        "recipe.yaml:10: warmup_ratio has no effect: lr_scheduler_type is constant",
                        "recipe.yaml:12: split_seed has no effect: there is no test_size"),
                dpo(
                                """
                                dataset_test_split: held_out
                                per_device_eval_batch_size: 4
                                eval_steps: 5
                                save_steps: 5
                                save_strategy: epoch
                                num_train_epochs: 1
                                max_steps: 3
                                warmup_ratio: 0.1
                                lr_scheduler_type: constant
                                split_seed: 1
                                """)
                        .notes());
        assertEquals(
                List.of(
                        "recipe.yaml:5: eval_steps has no effect: eval_strategy is epoch",
                        "recipe.yaml:6: save_total_limit has no effect: save_strategy is no"),
                dpo("eval_strategy: epoch\nsave_strategy: no\neval_steps: 5\nsave_total_limit: 1").notes());
    }

    @Test
    void emptyArgumentsOfTransformersAskForNothing() {
        assertEquals(List.of(), dpo("lr_scheduler_kwargs: {}\noptim_args: null\nfsdp: ''").notes());
    }

    @Test
    void aChatTemplateIsTextOrTheFileThatHoldsIt(@TempDir Path folder) throws IOException {
        String template = "{% for m in messages %}{{ m.content }}\n{% endfor %}";
        Path file = Files.writeString(folder.resolve("t.jinja"), template);

        assertEquals(template, dpo("", "--chat_template=" + template).config().run().chatTemplate());
        assertEquals(template, dpo("", "--chat_template=" + file).config().run().chatTemplate());
    }

    @Test
    void resumeIsTrueFalseOrAFolder() {
        assertEquals(new Resume.FromLatest(), dpo("", "--resume_from_checkpoint").config().run().resume());
        assertEquals(new Resume.FromLatest(), dpo("resume_from_checkpoint: True").config().run().resume());
        assertEquals(new Resume.FromStart(), dpo("resume_from_checkpoint: null").config().run().resume());
        assertEquals(
                new Resume.From(Path.of("out/checkpoint-5")),
                dpo("resume_from_checkpoint: out/checkpoint-5").config().run().resume());
    }

    @Test
    void memoryAndDatesAreReadInTheirUnits() {
        assertEquals(6_000_000_000L, dpo("max_memory: 6GB").config().run().compute().maxMemory());
        assertEquals(3L << 29, dpo("max_memory: 1.5 GiB").config().run().compute().maxMemory());
        assertEquals(LocalDate.of(2026, 1, 31), dpo("date: 2026-01-31").config().run().date());
    }

    @Test
    void aNoteNeverShowsAValue() {
        assertEquals(
                List.of("recipe.yaml:3: hub_token has no effect yet: "
                        + "jalign uploads nothing yet; the model stays in output_dir"),
                dpo("hub_token: secret").notes());
    }

    @Test
    void trackersOtherThanJsonlSayThatTheyComeLater() {
        String line = "recipe.yaml:3: report_to has no effect yet: metrics.jsonl is the only tracker yet";

        assertEquals(List.of(line), dpo("report_to: [tensorboard, wandb]").notes());
        assertEquals(List.of(line), dpo("report_to: wandb").notes());
        assertEquals(List.of(), dpo("report_to: jsonl").notes());
        assertEquals(List.of(), dpo("report_to: []").notes());
    }

    @Test
    void aResolvedRecipeReadsBackToAnEqualConfiguration() {
        Recipe<DpoConfig> plain = dpo("");
        Recipe<DpoConfig> rich = dpo(
                """
                compat: trl-1
                model_name_or_path: "with: colon # and 'quotes'"
                """
                        .replace("model_name_or_path", "ref_model_name_or_path")
                        + """
                chat_template: "{{ 'é\\n😀' }}\\t{% if x %}\\"{% endif %}"
                output_dir: null.and.void
                date: 2026-02-28
                data_seed: 9007199254740992
                max_prompt_length: 64
                max_length: null
                loss_type: [sft, sigmoid]
                loss_weights: [0.3, 1e-9]
                reference_cache: cache
                test_size: 12
                eval_strategy: steps
                eval_steps: 0.25
                save_steps: 0.333
                save_total_limit: 2
                warmup_ratio: 0.03
                learning_rate: 4.9e-324
                resume_from_checkpoint: out/checkpoint-3
                max_memory: 5GiB
                gradient_checkpointing: true
                dtype: float32
                save_dtype: bfloat16
                device: reference
                threads: 3
                implicit_prompt: trl
                dataset_format: messages
                bad_rows: skip
                special_tokens_in_text: true
                """);

        assertEquals(plain.config(), Recipe.dpo("again", plain.resolved(), List.of()).config());
        Recipe<DpoConfig> again = Recipe.dpo("again", rich.resolved(), List.of());
        assertEquals(rich.config(), again.config());
        assertEquals(rich.resolved(), again.resolved());
        assertEquals(List.of(), again.notes());
    }

    @Test
    void aResolvedSupervisedRecipeReadsBackToo() {
        var recipe = Recipe.sft("r", BASE + "completion_only_loss: false\nseed: 3", List.of());

        assertEquals(recipe.config(), Recipe.sft("again", recipe.resolved(), List.of()).config());
        assertEquals(false, recipe.config().data().completionOnlyLoss());
    }
}
