package io.github.jalign.recipe;

import static io.github.jalign.recipe.Group.HUB;
import static io.github.jalign.recipe.Group.TRAINER;
import static io.github.jalign.recipe.Key.key;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The keys of transformers' TrainingArguments that are not in effect here, each with what is made of it. */
final class TrainerKeys {
    private TrainerKeys() {}

    private static final String ONE_PROCESS = "jalign runs as one process on one device";
    private static final String NO_UPLOAD = "jalign uploads nothing yet; the model stays in output_dir";
    private static final String NO_TRACKER = "metrics.jsonl is the only tracker yet";

    static final List<Key> HUB_AND_TRACKERS = List.of(
            hub("push_to_hub", Type.flag(), NO_UPLOAD).at(false),
            hub("hub_model_id", Type.text("a name"), NO_UPLOAD).orNull(),
            hub("hub_model_revision", Type.text("a revision"), NO_UPLOAD).alias("hub_revision").orNull(),
            hub("hub_private_repo", Type.flag(), NO_UPLOAD).orNull(),
            hub("hub_strategy", Type.text("a strategy"), NO_UPLOAD).at("every_save"),
            hub("hub_always_push", Type.flag(), NO_UPLOAD).at(false),
            hub("hub_token", Type.text("a token"), NO_UPLOAD).orNull(),
            hub("report_to", Type.items("a tracker, or a list of them", Type.text("a tracker")), NO_TRACKER)
                    .orNull().at(List.of("none")).quiet(List.of("jsonl"), List.of()),
            hub("run_name", Type.text("a name"), NO_TRACKER).orNull(),
            hub("logging_dir", Type.path("a folder"), NO_TRACKER).orNull(),
            hub("project", Type.text("a name"), NO_TRACKER).at("huggingface"),
            hub("trackio_space_id", Type.text("a name"), NO_TRACKER).orNull().quiet("trackio"));

    /** Going on without these would train something else. */
    static final List<Key> STOPPING = List.of(
            stops("lr_scheduler_kwargs", Type.mapping(), "arguments of a schedule are not built yet")
                    .orNull().quiet(Map.of()),
            stops("optim_args", Type.text("arguments"), "arguments of an optimiser are not built yet").orNull(),
            stops("optim_target_modules", any(), "optimisers of some modules only are not built yet").orNull(),
            stops("label_smoothing_factor", Type.real(0), "label smoothing is not built yet").at(0.0),
            stops("neftune_noise_alpha", Type.real(0), "NEFTune is not built yet").orNull(),
            stops("adafactor", Type.flag(), "the optimiser is AdamW").at(false),
            stops("group_by_length", Type.flag(), "rows keep their random order").at(false),
            stops("train_sampling_strategy", Type.text("a sampler"), "rows keep their random order").at("random"),
            stops("load_best_model_at_end", Type.flag(), "load_best_model_at_end is not built yet").at(false),
            stops("ignore_data_skip", Type.flag(), "a resumed run goes on with the row where it stopped").at(false),
            stops("save_safetensors", Type.flag(), "models are written as safetensors").at(true),
            stops("deepspeed", any(), ONE_PROCESS).orNull(),
            stops("fsdp", any(), ONE_PROCESS).orNull().quiet("", "false", List.of()),
            stops("parallelism_config", any(), ONE_PROCESS).orNull());

    /** The model that is trained does not depend on these. */
    static final List<Key> LATER = List.of(
            later("logging_strategy", Type.text("a strategy"), "lines are logged by logging_steps").at("steps"),
            later("eval_on_start", Type.flag(), "the first evaluation follows eval_strategy").at(false),
            later("eval_delay", Type.real(0), "the first evaluation follows eval_strategy").at(0.0),
            later("save_only_model", Type.flag(), "checkpoints are complete").at(false),
            later("metric_for_best_model", Type.text("a metric"), "no checkpoint is marked as the best").orNull(),
            later("greater_is_better", Type.flag(), "no checkpoint is marked as the best").orNull(),
            later("auto_find_batch_size", Type.flag(), "the memory plan says what fits").at(false),
            later("bf16_full_eval", Type.flag(), "evaluation has the precision of training").at(false),
            later("fp16_full_eval", Type.flag(), "evaluation has the precision of training").at(false),
            later("tf32", Type.flag(), "float32 products are computed in float32").orNull().quiet(false),
            later("do_predict", Type.flag(), "there is no prediction after training").at(false),
            later("enable_jit_checkpoint", Type.flag(), "checkpoints follow save_strategy").at(false));

    /** There is nothing here that these could govern. */
    static final List<Key> IDLE = Stream.of(
                    idle("the command says what is done", "do_train"),
                    idle("eval_strategy says when evaluation rows are scored", "do_eval"),
                    idle("a run replaces files of the same name", "overwrite_output_dir"),
                    idle("layers are recomputed whole", "gradient_checkpointing_kwargs"),
                    idle("training has no KV cache", "use_cache"),
                    idle("results do not depend on threads or chance", "full_determinism"),
                    idle("a loss that is not a number stops the run", "logging_nan_inf_filter", "debug"),
                    idle("num_tokens is always logged", "include_num_input_tokens_seen"),
                    idle("tokens per second are always shown", "include_tokens_per_second"),
                    idle("progress is one line on a terminal, and plain lines elsewhere", "disable_tqdm"),
                    idle("jalign has one level of messages", "log_level", "log_level_replica"),
                    idle("the memory plan is always printed", "skip_memory_metrics"),
                    idle("only the columns of a row's format are read", "remove_unused_columns", "label_names"),
                    idle("evaluation reports every metric and keeps no logits", "prediction_loss_only",
                            "include_for_metrics", "include_inputs_for_metrics", "batch_eval_metrics",
                            "eval_do_concat_batches", "eval_accumulation_steps"),
                    idle("there are no callbacks to restore", "restore_callback_states_from_checkpoint"),
                    idle("rows keep their random order", "length_column_name"),
                    idle("variables of the environment are set before jalign starts", "env"),
                    idle("rows are read and prepared once, before training", "dataloader_num_workers",
                            "dataloader_pin_memory", "dataloader_persistent_workers", "dataloader_prefetch_factor"),
                    idle(ONE_PROCESS, "local_rank", "ddp_backend", "ddp_timeout", "ddp_find_unused_parameters",
                            "ddp_bucket_cap_mb", "ddp_broadcast_buffers", "fsdp_config", "fsdp_min_num_params",
                            "fsdp_transformer_layer_cls_to_wrap", "accelerator_config", "average_tokens_across_devices",
                            "eval_use_gather_object", "log_on_each_node", "save_on_each_node", "tpu_num_cores",
                            "ray_scope", "mp_parameters"),
                    idle("there is no torch underneath", "torch_compile", "torch_compile_backend", "torch_compile_mode",
                            "torchdynamo", "torch_empty_cache_steps", "jit_mode_eval", "use_ipex", "use_mps_device",
                            "half_precision_backend", "fp16_opt_level", "fp16_backend", "past_index",
                            "use_legacy_prediction_loop"))
            .flatMap(keys -> keys)
            .toList();

    private static Type any() {
        return Type.anything("any value");
    }

    private static Key hub(String name, Type type, String line) {
        return key(HUB, name, type, "Of the Hub and trackers.").later(line);
    }

    private static Key stops(String name, Type type, String rule) {
        return key(TRAINER, name, type, "As in transformers.").refused(rule, "remove " + name);
    }

    private static Key later(String name, Type type, String line) {
        return key(TRAINER, name, type, "As in transformers.").later(line);
    }

    private static Stream<Key> idle(String because, String... names) {
        return Stream.of(names)
                .map(name -> key(TRAINER, name, any(), "As in transformers.").orNull().noEffect(because));
    }
}
