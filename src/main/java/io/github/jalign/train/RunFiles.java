package io.github.jalign.train;

import io.github.jalign.checkpoint.FolderWriter;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.checkpoint.WeightsWriter;
import io.github.jalign.json.Json;
import io.github.jalign.model.ModelFiles;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files that a finished run leaves in {@code output_dir}, under the names and keys of transformers' Trainer. */
final class RunFiles {
    private final RunConfig config;
    private final StepPlan plan;
    private final String recipe;
    private final LocalDate date;
    private final int trainRows;

    RunFiles(RunConfig config, StepPlan plan, String recipe, LocalDate date, int trainRows) {
        this.config = config;
        this.plan = plan;
        this.recipe = recipe;
        this.date = date;
        this.trainRows = trainRows;
    }

    /** The text of trainer_state.json. */
    String trainerState(TrainState state, List<Map<String, @Nullable Object>> history) {
        int total = plan.totalSteps();
        Reporting when = config.reporting();
        Map<String, @Nullable Object> json = new TreeMap<>();
        json.put("best_global_step", null);
        json.put("best_metric", null);
        json.put("best_model_checkpoint", null);
        json.put("epoch", state.step == 0 ? 0.0 : plan.epochAfter(state.step - 1));
        json.put("eval_steps", when.evaluationSteps().in(total));
        json.put("global_step", state.step);
        json.put("is_hyper_param_search", false);
        json.put("is_local_process_zero", true);
        json.put("is_world_process_zero", true);
        json.put("log_history", history);
        json.put("logging_steps", when.loggingSteps().in(total));
        json.put("max_steps", total);
        json.put("num_input_tokens_seen", 0);
        json.put("num_train_epochs", (int) Math.ceil(total / (double) plan.stepsPerEpoch()));
        json.put("save_steps", when.saveSteps().in(total));
        json.put("stateful_callbacks", Map.of());
        json.put("total_flos", state.totalFlos);
        json.put("train_batch_size", config.batches().perDeviceTrainBatchSize());
        json.put("trial_name", null);
        json.put("trial_params", null);
        return Json.writePretty(json, 2);
    }

    /** Saves the model and everything about the run. */
    void write(
            TrainState state,
            List<Map<String, @Nullable Object>> history,
            ModelFolder model,
            Engine engine,
            Ops ops,
            SavedFiles companions) {
        DType saveAs =
                switch (config.compute().saveDtype()) {
                    case FLOAT32 -> DType.F32;
                    case BFLOAT16 -> DType.BF16;
                    case FLOAT16 -> DType.F16;
                };
        Map<String, @Nullable Object> train = results("train_", history);
        train.put("train_samples", trainRows);
        Map<String, @Nullable Object> eval = results("eval_", history);
        try (FolderWriter writer = FolderWriter.into(config.outputDir())) {
            companions.writeCompanions(writer, model, saveAs);
            WeightsWriter.write(
                    writer,
                    ModelFiles.sources(ops, engine.model().parameters(), "", saveAs),
                    WeightsWriter.SHARD_BYTES);
            writer.writeString("trainer_state.json", trainerState(state, history));
            writer.writeString("train_results.json", Json.writePretty(train, 4));
            Map<String, @Nullable Object> all = new TreeMap<>(train);
            if (!eval.isEmpty()) {
                writer.writeString("eval_results.json", Json.writePretty(eval, 4));
                all.putAll(eval);
            }
            writer.writeString("all_results.json", Json.writePretty(all, 4));
            writer.writeString("recipe.yaml", recipe);
            writer.writeString("README.md", ModelCard.text(config, date, train, eval));
            writer.commit();
        }
    }

    /** The last entry that has keys of that prefix, sorted, with its epoch. */
    private static Map<String, @Nullable Object> results(String prefix, List<Map<String, @Nullable Object>> history) {
        for (Map<String, @Nullable Object> entry : history.reversed()) {
            if (entry.containsKey(prefix + "runtime")) {
                Map<String, @Nullable Object> results = new TreeMap<>(entry);
                results.remove("step");
                return results;
            }
        }
        return new LinkedHashMap<>();
    }
}
