package io.github.jalign.train;

import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.data.DataConfig;
import io.github.jalign.data.Dataset;
import io.github.jalign.data.Item;
import io.github.jalign.data.Task;
import io.github.jalign.errors.JalignException;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A run before its first weight is loaded: the model's sizes, the rows, the steps and the memory. It writes nothing, so
 * that it may be made for a look at what would happen.
 */
public final class RunPlan implements AutoCloseable {
    private final RunConfig config;
    private final List<String> about;
    private final LocalDate date;
    private final ModelFolder model;
    private final ModelConfig modelConfig;
    private final Dataset dataset;
    private final StepPlan steps;
    private final Devices.Planned planned;

    /**
     * Reads everything but the weights, the cheapest first, and plans.
     *
     * @param about further lines for the banner
     * @param date the day that templates see
     * @param packTokens of the run that is resumed, since products of other sizes may round otherwise; or null
     * @param listener hears why a device is not the one that was asked for
     * @throws JalignException for whatever would stop the run before its first step
     */
    RunPlan(
            RunConfig config,
            DataConfig data,
            Task task,
            List<String> about,
            LocalDate date,
            @Nullable Integer packTokens,
            TrainListener listener) {
        this.config = config;
        this.about = about;
        this.date = date;
        Backend backend = Devices.backend(config.compute(), listener);
        model = ModelFolder.open(HubCache.ofUser().model(config.modelNameOrPath()));
        try {
            modelConfig = ModelConfigReader.read(model.path().resolve("config.json").toString(), model.config());
            dataset = loadData(data, task).separatedAcross(modelConfig.ropeScaling().switchLength());
            checkItems();
            steps = new StepPlan(
                    dataset.train().size(),
                    config.batches(),
                    config.dataSeed() == null ? config.seed() : config.dataSeed());
            if (steps.groupsPerEpoch() == 0) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        "dataloader_drop_last",
                        "a short last batch is left out, and there is no other",
                        dataset.train().size() + " rows for per_device_train_batch_size "
                                + config.batches().perDeviceTrainBatchSize(),
                        "at least one full batch",
                        "lower per_device_train_batch_size or set dataloader_drop_last: false");
            }
            planned = Devices.plan(backend, config.compute(), modelConfig, demand(packTokens), listener);
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** What {@link DpoTrainer} would do, started today. */
    public static RunPlan of(DpoConfig config, TrainListener listener) {
        return new RunPlan(
                config.run(), config.data(), Task.DPO, DpoTrainer.about(config), date(config.run(), null), null, listener);
    }

    /** What {@link SftTrainer} would do, started today. */
    public static RunPlan of(SftConfig config, TrainListener listener) {
        return new RunPlan(
                config.run(), config.data(), Task.SFT, SftTrainer.ABOUT, date(config.run(), null), null, listener);
    }

    /** The day that templates see: the recipe's, or that of the run which is resumed, or today. */
    static LocalDate date(RunConfig config, @Nullable RunIdentity resumed) {
        if (config.date() != null) {
            return config.date();
        }
        return resumed == null ? LocalDate.now(ZoneId.systemDefault()) : resumed.date();
    }

    private Dataset loadData(DataConfig data, Task task) {
        if (!Files.exists(model.path().resolve("tokenizer.json"))) {
            return Dataset.load(data, task, null, null);
        }
        try (Tokenizer tokenizer = Tokenizer.load(model.path())) {
            return Dataset.load(data, task, tokenizer, ChatFormat.of(tokenizer, config.chatTemplate(), date));
        }
    }

    private void checkItems() {
        int vocabulary = modelConfig.vocabularySize();
        for (List<Item> items : List.of(dataset.train(), dataset.eval())) {
            for (Item item : items) {
                checkIds(item, item.prompt(), vocabulary);
                item.completions().forEach(c -> checkIds(item, c.ids(), vocabulary));
            }
        }
    }

    private static void checkIds(Item item, int[] ids, int vocabulary) {
        for (int id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw new JalignException(
                        JalignException.Kind.INPUT,
                        item.row().toString(),
                        "token ids must lie in the model's vocabulary",
                        "id " + id,
                        "0 to " + (vocabulary - 1),
                        "use the tokenizer that belongs to this model");
            }
        }
    }

    private Devices.Demand demand(@Nullable Integer packTokens) {
        List<Item> items = new ArrayList<>(dataset.train());
        items.addAll(dataset.eval());
        return Devices.Demand.of(items, packTokens);
    }

    /** What would run, as the run's own banner says it; the device is opened for its name and closed again. */
    public List<String> lines() {
        try (Ops ops = open()) {
            return lines(ops);
        }
    }

    Ops open() {
        return planned.backend().open(config.compute().threads());
    }

    List<String> lines(Ops ops) {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT, "model        %s: %s, %,d parameters",
                model.path(), modelConfig.architecture().modelType(), modelConfig.parameterCount()));
        lines.add("device       " + ops.description());
        lines.add("precision    " + precision(ops) + ", saved as " + config.compute().saveDtype().spelling());
        if (config.compute().saveDtype() == Precision.BFLOAT16) {
            // half a unit in the last of 8 bits: 2^-9 of the weight at least
            lines.add("             bfloat16 keeps 8 bits: a weight that training moved by less than 0.2 % may be saved"
                    + " as it was");
        }
        lines.add("dialect      " + config.dialect().compat().spelling() + ", because " + config.dialect().reason());
        lines.add("seed         " + config.seed() + (config.dataSeed() == null ? "" : ", data " + config.dataSeed())
                + "; templates see " + date);
        lines.addAll(about);
        lines.addAll(dataset.summary().lines());
        lines.add(String.format(
                Locale.ROOT, "steps        %,d of %d x %d rows, %.2f epochs",
                steps.totalSteps(),
                config.batches().perDeviceTrainBatchSize(),
                config.batches().gradientAccumulationSteps(),
                steps.epochAfter(steps.totalSteps() - 1)));
        lines.addAll(planned.memory().lines());
        return lines;
    }

    private static String precision(Ops ops) {
        return ops.dtype().torchName() + (ops.dtype() == DType.BF16 ? " on float32 masters" : "");
    }

    public Dataset dataset() {
        return dataset;
    }

    public StepPlan steps() {
        return steps;
    }

    /** The model's folder, which may lie in the Hugging Face cache. */
    public Path modelPath() {
        return model.path();
    }

    ModelFolder model() {
        return model;
    }

    ModelConfig modelConfig() {
        return modelConfig;
    }

    Engine.Sizes engineSizes() {
        return planned.sizes();
    }

    MemoryPlan memory() {
        return planned.memory();
    }

    LocalDate date() {
        return date;
    }

    @Override
    public void close() {
        model.close();
    }
}
