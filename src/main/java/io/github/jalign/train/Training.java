package io.github.jalign.train;

import io.github.jalign.checkpoint.FolderLock;
import io.github.jalign.checkpoint.Folders;
import io.github.jalign.checkpoint.HubCache;
import io.github.jalign.checkpoint.ModelFolder;
import io.github.jalign.data.DataConfig;
import io.github.jalign.data.Dataset;
import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.data.Task;
import io.github.jalign.errors.JalignException;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelConfigReader;
import io.github.jalign.model.ModelFiles;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.DType;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@link DpoTrainer} and {@link SftTrainer} share: from a configuration to a running {@link StepLoop} and to the
 * files of the finished run. Opened in the order in which things can fail, cheapest first.
 */
final class Training implements AutoCloseable {
    /** Tokens computed together, unless one row is longer. */
    private static final int PACK_TOKENS = 1024;

    private final RunConfig config;
    private final String recipe;
    private final TrainListener listener;
    private final FolderLock lock;
    private final Checkpoints checkpoints;
    private final Checkpoints.@Nullable Found resumed;
    private final LocalDate date;
    private final ModelFolder model;
    private final ModelConfig modelConfig;
    private final Dataset dataset;
    private final StepPlan plan;
    private final int packTokens;
    private final Ops ops;
    private final Engine engine;

    /**
     * Reads everything but the weights, plans, and tells the listener what runs.
     *
     * @param recipe the resolved recipe's text, kept beside the model
     * @param about further lines for the banner
     */
    Training(
            RunConfig config,
            DataConfig data,
            Task task,
            String recipe,
            List<String> about,
            TrainListener listener) {
        this.config = config;
        this.recipe = recipe;
        this.listener = listener;
        Backend backend = Devices.backend(config.compute(), listener);
        lock = FolderLock.acquire(config.outputDir());
        Folders.removeLeftovers(config.outputDir());
        checkpoints = new Checkpoints(config.outputDir(), listener);
        resumed = switch (config.resume()) {
            case Resume.FromStart() -> null;
            case Resume.FromLatest() -> checkpoints.newest().orElse(null);
            case Resume.From(Path checkpoint) -> Checkpoints.at(checkpoint);
        };
        date = config.date() != null ? config.date() : resumed != null ? resumed.identity().date() : LocalDate.now(ZoneId.systemDefault());
        model = ModelFolder.open(HubCache.ofUser().model(config.modelNameOrPath()));
        modelConfig = ModelConfigReader.read(model.path().resolve("config.json").toString(), model.config());
        dataset = loadData(data, task);
        checkItems();
        plan = new StepPlan(
                dataset.train().size(), config.batches(), config.dataSeed() == null ? config.seed() : config.dataSeed());
        if (plan.groupsPerEpoch() == 0) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "dataloader_drop_last",
                    "a short last batch is left out, and there is no other",
                    dataset.train().size() + " rows for per_device_train_batch_size "
                            + config.batches().perDeviceTrainBatchSize(),
                    "at least one full batch",
                    "lower per_device_train_batch_size or set dataloader_drop_last: false");
        }
        Engine.Sizes sizes = sizes();
        packTokens = sizes.tokens();
        Devices.Planned planned = Devices.plan(backend, config.compute(), modelConfig, sizes, listener);
        ops = planned.backend().open(config.compute().threads());
        listener.started(banner(about, planned.memory()));
        engine = new Engine(ops, modelConfig, sizes, planned.memory().recompute());
    }

    private Dataset loadData(DataConfig data, Task task) {
        if (!Files.exists(model.path().resolve("tokenizer.json"))) {
            return Dataset.load(data, task, null, null);
        }
        try (Tokenizer tokenizer = Tokenizer.load(model.path())) {
            ChatTemplate template = config.chatTemplate() == null
                    ? tokenizer.chatTemplate()
                    : ChatTemplate.parse("chat_template", config.chatTemplate());
            ChatFormat format =
                    template == null ? null : new ChatFormat(template, tokenizer.templateVariables(), date);
            return Dataset.load(data, task, tokenizer, format);
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

    private Engine.Sizes sizes() {
        int tokens = 0;
        int longest = 0;
        for (List<Item> items : List.of(dataset.train(), dataset.eval())) {
            for (Item item : items) {
                tokens = Math.max(tokens, Pack.tokens(item));
                for (int c = 0; c < item.completions().size(); c++) {
                    longest = Math.max(longest, item.length(c));
                }
            }
        }
        int pack = Math.max(tokens, PACK_TOKENS);
        return new Engine.Sizes(pack, pack, longest);
    }

    private List<String> banner(List<String> about, MemoryPlan memory) {
        List<String> lines = new ArrayList<>();
        lines.add("model        %s: %s, %,d parameters"
                .formatted(model.path(), modelConfig.architecture().modelType(), modelConfig.parameterCount()));
        lines.add("device       " + ops.description());
        lines.add("precision    " + precision() + ", saved as " + config.compute().saveDtype().spelling());
        lines.add("dialect      " + config.dialect().compat().spelling() + ", because " + config.dialect().reason());
        lines.add("seed         " + config.seed() + (config.dataSeed() == null ? "" : ", data " + config.dataSeed())
                + "; templates see " + date);
        lines.addAll(about);
        lines.addAll(dataset.summary().lines());
        lines.add("steps        %,d of %d x %d rows, %.2f epochs"
                .formatted(
                        plan.totalSteps(),
                        config.batches().perDeviceTrainBatchSize(),
                        config.batches().gradientAccumulationSteps(),
                        plan.epochAfter(plan.totalSteps() - 1)));
        lines.addAll(memory.lines());
        return lines;
    }

    private String precision() {
        return switch (ops.dtype()) {
            case F64 -> "float64";
            case F32 -> "float32";
            default -> ops.dtype().name().toLowerCase(Locale.ROOT).replace("bf", "bfloat") + " on float32 masters";
        };
    }

    Dataset dataset() {
        return dataset;
    }

    ModelConfig modelConfig() {
        return modelConfig;
    }

    Engine engine() {
        return engine;
    }

    Ops ops() {
        return ops;
    }

    int packTokens() {
        return packTokens;
    }

    LocalDate date() {
        return date;
    }

    Checkpoints.@Nullable Found resumed() {
        return resumed;
    }

    /** Fills the engine's weights from the model to train. */
    void loadModel() {
        ModelFiles.load(model, modelConfig, engine.model().parameters(), ops);
        engine.model().refresh();
    }

    /**
     * What this run is made of, for its checkpoints.
     *
     * @param referenceWeights hash of the reference's weights, empty without one
     * @param more settings of the objective
     */
    RunIdentity identity(String referenceWeights, Map<String, String> more) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("train rows", Digests.of(dataset.train()));
        settings.put("eval rows", Digests.of(dataset.eval()));
        settings.put("model", config.modelNameOrPath());
        settings.put("device", ops.numerics());
        settings.put("seeds", config.seed() + " " + config.dataSeed());
        settings.put("batches", config.batches().toString());
        settings.put("optimizer", config.optimizer().toString());
        settings.put("logging", config.reporting().loggingSteps() + " " + config.reporting().loggingFirstStep());
        settings.put(
                "evaluation", config.reporting().evalStrategy() + " " + config.reporting().evalSteps());
        settings.putAll(more);
        return new RunIdentity(date, referenceWeights, settings);
    }

    /** Trains from where the run stands, and writes the result when the last step is done. */
    TrainResult run(Objective train, @Nullable Objective eval, RunIdentity identity) {
        TrainState state = new TrainState();
        if (resumed != null) {
            resumed.identity().requireSame(identity, resumed.folder());
            Checkpoints.load(resumed, engine, ops);
            state = resumed.state();
            listener.said("resumed from " + resumed.folder().getFileName() + ", " + state.step + " steps done");
        } else {
            if (!(config.resume() instanceof Resume.FromStart)) {
                listener.said("no checkpoint to resume from: starting at step 0");
            }
            checkpoints.clear();
        }
        Path metricsFile = config.outputDir().resolve("metrics.jsonl");
        try (MetricsFile metrics = new MetricsFile(metricsFile, state.metricsBytes)) {
            Evaluation evaluation = eval == null || dataset.eval().isEmpty()
                    ? null
                    : new Evaluation(
                            engine, dataset.eval(), eval, config.batches().perDeviceEvalBatchSize(), packTokens);
            RunFiles files = new RunFiles(config, plan, recipe, dataset.train().size());
            SavedFiles companions = new SavedFiles(config.chatTemplate());
            StepLoop loop = new StepLoop(
                    config,
                    plan,
                    engine,
                    dataset.train(),
                    train,
                    evaluation,
                    metrics,
                    s -> {
                        s.metricsBytes = metrics.sync();
                        checkpoints.save(
                                s,
                                identity,
                                engine,
                                ops,
                                model,
                                companions,
                                files.trainerState(s, metrics.history()),
                                config.reporting().saveTotalLimit());
                    },
                    listener,
                    packTokens,
                    state);
            boolean finished = loop.run();
            if (finished) {
                metrics.sync();
                listener.reached("save model");
                files.write(state, metrics.history(), model, engine, ops, companions);
                listener.reached("saved model");
            }
            return new TrainResult(config.outputDir(), finished, state.step, metrics.history());
        }
    }

    @Override
    public void close() {
        ops.close();
        model.close();
        lock.close();
    }
}
