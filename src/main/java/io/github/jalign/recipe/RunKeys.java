package io.github.jalign.recipe;

import static io.github.jalign.recipe.Command.DPO;
import static io.github.jalign.recipe.Command.SFT;
import static io.github.jalign.recipe.Group.BATCHES;
import static io.github.jalign.recipe.Group.DEVICE;
import static io.github.jalign.recipe.Group.LOSS;
import static io.github.jalign.recipe.Group.MODEL;
import static io.github.jalign.recipe.Group.OPTIMIZER;
import static io.github.jalign.recipe.Group.REPORTING;
import static io.github.jalign.recipe.Key.key;

import io.github.jalign.train.Compat;
import io.github.jalign.train.Device;
import io.github.jalign.train.EvalStrategy;
import io.github.jalign.train.LossType;
import io.github.jalign.train.Precision;
import io.github.jalign.train.Resume;
import io.github.jalign.train.SaveStrategy;
import io.github.jalign.train.SchedulerType;
import io.github.jalign.train.StepCount;
import java.util.List;

/** The keys that say what is trained, how, and where it goes. */
final class RunKeys {
    private RunKeys() {}

    private static final List<String> LATER_LOSSES = List.of(
            "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired",
            "aot_pair", "apo_zero", "apo_down", "discopop", "sigmoid_norm", "kto_pair");

    private static final List<String> LATER_SCHEDULERS = List.of(
            "cosine_with_restarts", "polynomial", "inverse_sqrt", "reduce_lr_on_plateau", "cosine_with_min_lr",
            "cosine_warmup_with_min_lr", "warmup_stable_decay", "greedy");

    private static final List<String> LATER_OPTIMIZERS = List.of(
            "adafactor", "adagrad", "adamw_8bit", "adamw_anyprecision", "adamw_apex_fused", "adamw_bnb_8bit",
            "adamw_torch_4bit", "adamw_torch_8bit", "ademamix", "lion_32bit", "lion_8bit", "lomo", "adalomo",
            "grokadamw", "paged_adamw_8bit", "paged_lion_32bit", "rmsprop", "rmsprop_bnb", "schedule_free_adamw",
            "sgd", "galore_adamw", "apollo_adamw", "stable_adamw", "muon");

    static final List<Key> MODEL_AND_LOSS = List.of(
            key(MODEL, "model_name_or_path", Type.path("a model folder, or the name of a downloaded model"),
                    "The model to train: a Hugging Face folder, or ORG/NAME of the local Hugging Face cache."),
            key(MODEL, "ref_model_name_or_path", Type.path("a model folder, or the name of a downloaded model"),
                            "The reference model; the model to train when absent.")
                    .only(DPO).orNull(),
            key(MODEL, "chat_template", Type.text("a template, or a file that holds one"),
                            "The chat template, instead of the model's own.")
                    .orNull(),
            key(MODEL, "date", Type.date(), "The day that chat templates see; the day of the first start when absent.")
                    .orNull(),
            key(MODEL, "output_dir", Type.path("a folder"), "Where the model, metrics and checkpoints go.")
                    .at("trainer_output"),
            key(MODEL, "compat", Type.choice(List.of(), Compat.values()),
                    "Whose behaviour to follow where versions of TRL differ; the keys decide when absent."),
            key(LOSS, "beta", Type.positive(), "Strength of the pull towards the reference model.").only(DPO).at(0.1),
            key(LOSS, "loss_type",
                            Type.items("sigmoid, sft, or a list of them", Type.choice(LATER_LOSSES, LossType.values())),
                            "The preference loss; a list is summed with loss_weights.")
                    .only(DPO).at(List.of(LossType.SIGMOID)),
            key(LOSS, "loss_weights", Type.items("a list of numbers", Type.anyReal()),
                            "One weight a loss; 1 each when absent.")
                    .only(DPO).orNull(),
            key(LOSS, "reference_cache", Type.path("a folder"),
                            "Where reference log-probs are kept; the user's cache folder when absent.")
                    .only(DPO).orNull(),
            key(LOSS, "completion_only_loss", Type.flag(),
                            "Whether prompts are left out of the loss; when absent, of rows that have a completion.")
                    .only(SFT).orNull());

    static final List<Key> TRAINING = List.of(
            key(BATCHES, "per_device_train_batch_size", Type.whole(1), "Rows in a loss group.")
                    .alias("per_gpu_train_batch_size").at(8),
            key(BATCHES, "per_device_eval_batch_size", Type.whole(1), "Rows in an evaluation batch.")
                    .alias("per_gpu_eval_batch_size").at(8),
            key(BATCHES, "gradient_accumulation_steps", Type.whole(1), "Loss groups in an optimiser step.").at(1),
            key(BATCHES, "dataloader_drop_last", Type.flag(), "Whether an epoch's short last group is left out.")
                    .at(false),
            key(BATCHES, "max_steps", Type.whole(-1), "Optimiser steps; -1 lets num_train_epochs decide.").at(-1),
            key(BATCHES, "num_train_epochs", Type.positive(), "Passes over the training rows.").at(3.0),
            key(BATCHES, "seed", Type.seed(), "Seed of everything random.").at(42L),
            key(BATCHES, "data_seed", Type.seed(), "Seed of the order of rows; seed when absent.").orNull(),
            key(BATCHES, "resume_from_checkpoint", Type.resume(),
                            "Whether to go on from the newest complete checkpoint, or from which one.")
                    .orNull().at(new Resume.FromStart()),
            key(OPTIMIZER, "learning_rate", Type.real(0), "The highest learning rate.").at(1e-6, 2e-5),
            key(OPTIMIZER, "lr_scheduler_type", Type.choice(LATER_SCHEDULERS, SchedulerType.values()),
                            "The course of the learning rate.")
                    .at(SchedulerType.LINEAR),
            key(OPTIMIZER, "warmup_steps", Type.steps(0), "Steps in which the learning rate rises from 0.")
                    .at(new StepCount(0)),
            key(OPTIMIZER, "warmup_ratio", Type.ratio(), "Warm-up as a share of the run.").orNull()
                    .anotherWay("warmup_steps"),
            key(OPTIMIZER, "optim",
                            Type.word(LATER_OPTIMIZERS, "adamw_torch", "adamw_torch_fused", "adamw_hf", "adamw",
                                    "paged_adamw", "paged_adamw_32bit"),
                            "AdamW with float32 moments, whichever of these names it has.")
                    .at("adamw_torch"),
            key(OPTIMIZER, "weight_decay", Type.real(0), "Decoupled weight decay; norms and biases are exempt.")
                    .at(0.0),
            key(OPTIMIZER, "adam_beta1", Type.ratio(), "Decay of AdamW's first moment.").at(0.9),
            key(OPTIMIZER, "adam_beta2", Type.ratio(), "Decay of AdamW's second moment.").at(0.999),
            key(OPTIMIZER, "adam_epsilon", Type.real(0), "AdamW's epsilon.").at(1e-8),
            key(OPTIMIZER, "max_grad_norm", Type.real(0),
                            "The L2 norm that gradients are clipped to; 0 turns clipping off.")
                    .at(1.0),
            key(REPORTING, "logging_steps", Type.steps(1), "Steps between two logged lines.").at(new StepCount(10)),
            key(REPORTING, "logging_first_step", Type.flag(), "Whether the first step is logged too.").at(false),
            key(REPORTING, "eval_strategy", Type.choice(List.of(), EvalStrategy.values()),
                            "When to score the evaluation rows.")
                    .alias("evaluation_strategy").at(EvalStrategy.NO),
            key(REPORTING, "eval_steps", Type.steps(1), "Steps between two evaluations; logging_steps when absent.")
                    .orNull(),
            key(REPORTING, "save_strategy", Type.choice(List.of("best"), SaveStrategy.values()),
                            "When to write checkpoints.")
                    .at(SaveStrategy.STEPS),
            key(REPORTING, "save_steps", Type.steps(1), "Steps between two checkpoints.").at(new StepCount(500)),
            key(REPORTING, "save_total_limit", Type.whole(1), "How many checkpoints to keep; all when absent.")
                    .orNull(),
            key(DEVICE, "device", Type.choice(List.of(), Device.values()), "What computes.").at(Device.AUTO),
            key(DEVICE, "use_cpu", Type.flag(), "True: device: cpu.").alias("no_cuda").orNull().anotherWay("device"),
            key(DEVICE, "threads", Type.whole(0), "Threads of the cpu device; 0 takes one a hardware thread.").at(0),
            key(DEVICE, "max_memory", Type.size(), "The most memory a run may plan for; the machine's when absent.")
                    .orNull(),
            key(DEVICE, "dtype", Type.word(List.of(), "auto", "float32", "bfloat16", "float16"),
                            "Precision of matrix products; the device's choice when absent. Masters are float32.")
                    .alias("torch_dtype").orNull(),
            key(DEVICE, "bf16", Type.flag(), "True: dtype: bfloat16. False: dtype: float32.")
                    .orNull().anotherWay("dtype"),
            key(DEVICE, "fp16", Type.flag(), "Only false: training in float16 is refused.")
                    .orNull().anotherWay("dtype"),
            key(DEVICE, "save_dtype", Type.choice(List.of(), Precision.values()), "Precision of the saved weights.")
                    .at(Precision.FLOAT32),
            key(DEVICE, "gradient_checkpointing", Type.flag(),
                            "Whether activations are recomputed to save memory; the memory plan decides when absent.")
                    .orNull());
}
