package io.github.jalign.recipe;

import io.github.jalign.data.BadRows;
import io.github.jalign.data.DataConfig;
import io.github.jalign.data.DatasetFormat;
import io.github.jalign.data.ImplicitPrompt;
import io.github.jalign.data.TestSize;
import io.github.jalign.errors.JalignException;
import io.github.jalign.train.Batches;
import io.github.jalign.train.Compute;
import io.github.jalign.train.Device;
import io.github.jalign.train.Dialect;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.EvalStrategy;
import io.github.jalign.train.LossType;
import io.github.jalign.train.Optimizer;
import io.github.jalign.train.Precision;
import io.github.jalign.train.Reporting;
import io.github.jalign.train.Resume;
import io.github.jalign.train.RunConfig;
import io.github.jalign.train.SaveStrategy;
import io.github.jalign.train.SchedulerType;
import io.github.jalign.train.SftConfig;
import io.github.jalign.train.StepCount;
import io.github.jalign.train.WeightedLoss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Configuration records from values. What a combination of keys makes idle is noted. */
final class Configs {
    private final Values values;
    private final Dialect dialect;
    private final List<String> notes;

    /** @param notes takes a line for each key that a combination puts out of effect */
    Configs(Values values, Dialect dialect, List<String> notes) {
        this.values = values;
        this.dialect = dialect;
        this.notes = notes;
    }

    DpoConfig dpo() {
        return new DpoConfig(
                run(),
                data(),
                values.real("beta"),
                losses(),
                values.find("ref_model_name_or_path", String.class),
                path("reference_cache"));
    }

    SftConfig sft() {
        return new SftConfig(run(), data());
    }

    private List<WeightedLoss> losses() {
        List<LossType> types = values.list("loss_type", LossType.class);
        List<Double> weights = values.list("loss_weights", Double.class);
        @Nullable Entry entry = values.entry("loss_weights");
        if (!values.isNull("loss_weights") && entry != null && weights.size() != types.size()) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    entry.where(),
                    "there is one weight a loss",
                    weights.size() + " loss_weights for " + types.size() + " losses",
                    types.size() + (types.size() == 1 ? " number" : " numbers"),
                    "give every loss of loss_type a weight, in the same order");
        }
        List<WeightedLoss> losses = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            losses.add(new WeightedLoss(types.get(i), weights.isEmpty() ? 1 : weights.get(i)));
        }
        return losses;
    }

    private RunConfig run() {
        @Nullable Resume resume = values.find("resume_from_checkpoint", Resume.class);
        sayWhatIsIdle();
        return new RunConfig(
                model(),
                chatTemplate(),
                Path.of(values.need("output_dir", String.class)),
                dialect,
                values.need("seed", Long.class),
                values.find("data_seed", Long.class),
                values.find("date", LocalDate.class),
                compute(),
                new Batches(
                        values.whole("per_device_train_batch_size"),
                        values.whole("per_device_eval_batch_size"),
                        values.whole("gradient_accumulation_steps"),
                        values.flag("dataloader_drop_last"),
                        values.whole("max_steps"),
                        values.real("num_train_epochs")),
                new Optimizer(
                        values.real("learning_rate"),
                        values.need("lr_scheduler_type", SchedulerType.class),
                        warmup(),
                        values.real("weight_decay"),
                        values.real("adam_beta1"),
                        values.real("adam_beta2"),
                        values.real("adam_epsilon"),
                        values.real("max_grad_norm")),
                new Reporting(
                        values.need("logging_steps", StepCount.class),
                        values.flag("logging_first_step"),
                        evalStrategy(),
                        values.find("eval_steps", StepCount.class),
                        values.need("save_strategy", SaveStrategy.class),
                        values.need("save_steps", StepCount.class),
                        values.find("save_total_limit", Integer.class)),
                resume == null ? new Resume.FromStart() : resume);
    }

    /** A name of the Hugging Face cache takes its revision along. */
    private String model() {
        String model = values.need("model_name_or_path", String.class);
        String revision = values.need("model_revision", String.class);
        if (Files.isDirectory(Path.of(model))) {
            idle("model_revision", "a model folder has no revisions");
            return model;
        }
        return revision.equals("main") ? model : model + "@" + revision;
    }

    /** Keys that others put out of effect, as in transformers, which does not say so. */
    private void sayWhatIsIdle() {
        if (evalStrategy() == EvalStrategy.NO) {
            for (String name : List.of("dataset_test_split", "max_eval_samples", "per_device_eval_batch_size")) {
                idle(name, "eval_strategy is no");
            }
        }
        if (evalStrategy() != EvalStrategy.STEPS) {
            idle("eval_steps", "eval_strategy is " + evalStrategy().spelling());
        }
        SaveStrategy saveStrategy = values.need("save_strategy", SaveStrategy.class);
        if (saveStrategy != SaveStrategy.STEPS) {
            idle("save_steps", "save_strategy is " + saveStrategy.spelling());
        }
        if (saveStrategy == SaveStrategy.NO) {
            idle("save_total_limit", "save_strategy is no");
        }
        if (values.whole("max_steps") > 0) {
            idle("num_train_epochs", "max_steps decides");
        }
        if (values.need("lr_scheduler_type", SchedulerType.class) == SchedulerType.CONSTANT) {
            idle("warmup_steps", "lr_scheduler_type is constant");
            idle("warmup_ratio", "lr_scheduler_type is constant");
        }
        if (values.isNull("test_size")) {
            idle("split_seed", "there is no test_size");
        }
    }

    private EvalStrategy evalStrategy() {
        return values.need("eval_strategy", EvalStrategy.class);
    }

    private DataConfig data() {
        @Nullable Double testSize = map("test_size", StepCount.class, StepCount::value);
        @Nullable String testSplit = values.find("dataset_test_split", String.class);
        if (evalStrategy() == EvalStrategy.NO) {
            testSplit = null;
        } else if (testSplit == null && testSize == null) {
            testSplit = "test";
        }
        return new DataConfig(
                datasetNames(),
                values.need("dataset_train_split", String.class),
                testSplit,
                values.find("max_train_samples", Integer.class),
                values.find("max_eval_samples", Integer.class),
                testSize == null ? null : TestSize.of(testSize),
                values.need("split_seed", Long.class),
                values.need("dataset_format", DatasetFormat.class),
                columns(),
                values.need("implicit_prompt", ImplicitPrompt.class),
                values.need("bad_rows", BadRows.class),
                values.find("max_length", Integer.class),
                values.find("max_prompt_length", Integer.class),
                values.find("completion_only_loss", Boolean.class),
                values.flag("special_tokens_in_text"));
    }

    private List<String> datasetNames() {
        values.need("dataset_name", List.class);
        return values.list("dataset_name", String.class);
    }

    private Map<String, String> columns() {
        Map<String, String> columns = new LinkedHashMap<>();
        if (values.get("dataset_columns") instanceof Map<?, ?> map) {
            map.forEach((name, column) -> columns.put(String.valueOf(name), String.valueOf(column)));
        }
        return columns;
    }

    private Compute compute() {
        Device device = device();
        @Nullable Precision dtype = dtype();
        if (dtype == Precision.BFLOAT16 && device != Device.CUDA) {
            String because = "only cuda computes in bfloat16; cpu computes in float32, reference in float64";
            idle(Boolean.TRUE.equals(values.get("bf16")) ? "bf16" : "dtype", because);
        }
        return new Compute(
                device,
                dtype,
                values.need("save_dtype", Precision.class),
                values.whole("threads"),
                values.find("gradient_checkpointing", Boolean.class),
                values.find("max_memory", Long.class));
    }

    private Device device() {
        Device device = values.need("device", Device.class);
        @Nullable Entry useCpu = values.entry("use_cpu");
        if (useCpu == null || !Boolean.TRUE.equals(values.get("use_cpu"))) {
            return device;
        }
        if (device == Device.CUDA) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    useCpu.where(),
                    "a run computes on one device",
                    useCpu.shown() + " with device: cuda",
                    "keys that name the same device",
                    "remove " + useCpu.name() + " or device");
        }
        return device == Device.REFERENCE ? device : Device.CPU;
    }

    /** {@code bf16} and {@code fp16} decide over {@code dtype}, which in TRL names the precision of loaded weights. */
    private @Nullable Precision dtype() {
        if (Boolean.TRUE.equals(values.get("fp16"))) {
            throw float16("fp16");
        }
        @Nullable String word = values.find("dtype", String.class);
        @Nullable Precision named =
                word == null || word.equals("auto") ? null : Precision.valueOf(word.toUpperCase(Locale.ROOT));
        @Nullable Boolean bf16 = values.find("bf16", Boolean.class);
        if (bf16 == null) {
            if (named == Precision.FLOAT16) {
                throw float16("dtype");
            }
            return named;
        }
        Precision decided = bf16 ? Precision.BFLOAT16 : Precision.FLOAT32;
        if (named != null && named != decided) {
            idle("dtype", "bf16 decides over it");
        }
        return decided;
    }

    private JalignException float16(String name) {
        @Nullable Entry entry = values.entry(name);
        return new JalignException(
                JalignException.Kind.USAGE,
                entry == null ? name : entry.where(),
                "training in float16 needs loss scaling, which jalign does not have",
                entry == null ? name : entry.shown(),
                "float32 or bfloat16",
                "use bf16: true, which needs no scaling");
    }

    private StepCount warmup() {
        StepCount steps = values.need("warmup_steps", StepCount.class);
        @Nullable Double ratio = values.find("warmup_ratio", Double.class);
        @Nullable Entry entry = values.entry("warmup_ratio");
        if (ratio == null || entry == null) {
            return steps;
        }
        if (steps.value() > 0) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    entry.where(),
                    "warm-up is given once",
                    entry.shown() + " with warmup_steps",
                    "warmup_steps, or warmup_ratio",
                    "remove one of the two");
        }
        return new StepCount(ratio);
    }

    /** The template's text: the value, or the content of the file that it names. */
    private @Nullable String chatTemplate() {
        @Nullable String template = values.find("chat_template", String.class);
        @Nullable Entry entry = values.entry("chat_template");
        if (template == null || entry == null || template.contains("{{") || template.contains("{%")) {
            return template;
        }
        Path file = template.indexOf('\0') < 0 ? Path.of(template) : Path.of("");
        if (!Files.isRegularFile(file)) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    entry.where(),
                    "chat_template is a template, or a file that holds one",
                    entry.value().shown(),
                    "an existing file, or text with {{ or {% in it",
                    "correct the path");
        }
        return Recipe.read(file);
    }

    private @Nullable Path path(String name) {
        return map(name, String.class, Path::of);
    }

    private <T, U> @Nullable U map(String name, Class<T> type, Function<T, U> function) {
        @Nullable T value = values.find(name, type);
        return value == null ? null : function.apply(value);
    }

    private void idle(String name, String because) {
        @Nullable Entry entry = values.entry(name);
        if (entry != null && !Objects.equals(values.get(name), values.defaultOf(entry.key()))) {
            notes.add(Recipe.note(entry, " has no effect: ", because));
        }
    }
}
