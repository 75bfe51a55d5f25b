package io.github.jalign.recipe;

import io.github.jalign.data.DataConfig;
import io.github.jalign.data.TestSize;
import io.github.jalign.train.Batches;
import io.github.jalign.train.Compute;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.Optimizer;
import io.github.jalign.train.Reporting;
import io.github.jalign.train.Resume;
import io.github.jalign.train.RunConfig;
import io.github.jalign.train.SftConfig;
import io.github.jalign.train.StepCount;
import io.github.jalign.train.WeightedLoss;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Configuration records back to recipes that read back to equal records. */
public final class Resolved {
    private Resolved() {}

    /** A recipe for {@code jalign dpo}: every key in effect, under the headings of the help. */
    public static String yaml(DpoConfig config) {
        Map<String, @Nullable Object> values = run(config.run());
        data(values, config.data());
        values.put("max_prompt_length", config.data().maxPromptLength());
        values.put("beta", config.beta());
        values.put("loss_type", config.losses().stream().map(WeightedLoss::type).toList());
        values.put("loss_weights", config.losses().stream().map(WeightedLoss::weight).toList());
        values.put("ref_model_name_or_path", config.refModelNameOrPath());
        values.put("reference_cache", config.referenceCache());
        return yaml(Command.DPO, config.run(), values);
    }

    /** A recipe for {@code jalign sft}. */
    public static String yaml(SftConfig config) {
        Map<String, @Nullable Object> values = run(config.run());
        data(values, config.data());
        values.put("completion_only_loss", config.data().completionOnlyLoss());
        return yaml(Command.SFT, config.run(), values);
    }

    private static Map<String, @Nullable Object> run(RunConfig run) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        values.put("model_name_or_path", run.modelNameOrPath());
        values.put("chat_template", run.chatTemplate());
        values.put("date", run.date());
        values.put("output_dir", run.outputDir());
        values.put("compat", run.dialect().compat());
        values.put("seed", run.seed());
        values.put("data_seed", run.dataSeed());
        values.put("resume_from_checkpoint", switch (run.resume()) {
            case Resume.FromStart start -> false;
            case Resume.FromLatest latest -> true;
            case Resume.From from -> from.checkpoint();
        });
        Batches batches = run.batches();
        values.put("per_device_train_batch_size", batches.perDeviceTrainBatchSize());
        values.put("per_device_eval_batch_size", batches.perDeviceEvalBatchSize());
        values.put("gradient_accumulation_steps", batches.gradientAccumulationSteps());
        values.put("dataloader_drop_last", batches.dataloaderDropLast());
        values.put("max_steps", batches.maxSteps());
        values.put("num_train_epochs", batches.numTrainEpochs());
        Optimizer optimizer = run.optimizer();
        values.put("learning_rate", optimizer.learningRate());
        values.put("lr_scheduler_type", optimizer.lrSchedulerType());
        values.put("warmup_steps", optimizer.warmupSteps());
        values.put("optim", "adamw_torch");
        values.put("weight_decay", optimizer.weightDecay());
        values.put("adam_beta1", optimizer.adamBeta1());
        values.put("adam_beta2", optimizer.adamBeta2());
        values.put("adam_epsilon", optimizer.adamEpsilon());
        values.put("max_grad_norm", optimizer.maxGradNorm());
        Reporting reporting = run.reporting();
        values.put("logging_steps", reporting.loggingSteps());
        values.put("logging_first_step", reporting.loggingFirstStep());
        values.put("eval_strategy", reporting.evalStrategy());
        values.put("eval_steps", reporting.evalSteps());
        values.put("save_strategy", reporting.saveStrategy());
        values.put("save_steps", reporting.saveSteps());
        values.put("save_total_limit", reporting.saveTotalLimit());
        Compute compute = run.compute();
        values.put("device", compute.device());
        values.put("threads", compute.threads());
        values.put("max_memory", compute.maxMemory());
        values.put("dtype", compute.dtype());
        values.put("save_dtype", compute.saveDtype());
        values.put("gradient_checkpointing", compute.gradientCheckpointing());
        return values;
    }

    private static void data(Map<String, @Nullable Object> values, DataConfig data) {
        List<String> names = data.datasetNames();
        values.put("dataset_name", names.size() == 1 ? names.getFirst() : names);
        values.put("dataset_train_split", data.trainSplit());
        values.put("dataset_test_split", data.testSplit());
        values.put("max_train_samples", data.maxTrainSamples());
        values.put("max_eval_samples", data.maxEvalSamples());
        values.put("test_size", data.testSize());
        values.put("split_seed", data.splitSeed());
        values.put("dataset_format", data.format());
        values.put("dataset_columns", data.columns().isEmpty() ? null : data.columns());
        values.put("implicit_prompt", data.implicitPrompt());
        values.put("bad_rows", data.badRows());
        values.put("max_length", data.maxLength());
        values.put("special_tokens_in_text", data.specialTokensInText());
    }

    private static String yaml(Command command, RunConfig run, Map<String, @Nullable Object> values) {
        StringBuilder yaml = new StringBuilder("# jalign " + command.spelling() + ", every key in effect\n");
        for (Group group : Group.values()) {
            List<Key> keys = Keys.of(command).stream()
                    .filter(key -> key.group() == group && values.containsKey(key.name()))
                    .toList();
            if (!keys.isEmpty()) {
                yaml.append("\n# ").append(group.title()).append('\n');
            }
            for (Key key : keys) {
                String line = key.name() + ": " + text(values.get(key.name()));
                // The dialect was chosen by default: naming it would make it the user's choice.
                boolean chosen = !key.name().equals("compat") || run.dialect().reason().equals(Recipe.COMPAT_GIVEN);
                yaml.append(chosen ? "" : "# ").append(line).append('\n');
            }
        }
        return yaml.toString();
    }

    /** A value as a recipe writes it. */
    static String text(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case Enum<?> e -> Type.spelling(e);
            case Double d -> number(d);
            case StepCount steps -> count(steps.value());
            case TestSize.Rows rows -> String.valueOf(rows.rows());
            case TestSize.Share share -> number(share.share());
            case Resume.FromStart start -> "false";
            case List<?> items -> items.stream().map(Resolved::text).collect(Collectors.joining(", ", "[", "]"));
            case Map<?, ?> fields -> fields.entrySet().stream()
                    .map(field -> field.getKey() + ": " + text(field.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
            case Boolean b -> b.toString();
            case Number n -> n.toString();
            default -> Yaml.quoted(value.toString());
        };
    }

    private static String count(double value) {
        return value == Math.rint(value) ? String.valueOf((int) value) : number(value);
    }

    /** The shortest digits that read back to the same double: {@code 5e-7}, {@code 0.1}. */
    private static String number(double value) {
        return Double.toString(value).replace(".0E", "e").replace('E', 'e');
    }
}
