package io.github.jalign.train;

import io.github.jalign.checkpoint.FolderLock;
import io.github.jalign.checkpoint.Folders;
import io.github.jalign.data.DataConfig;
import io.github.jalign.data.Dataset;
import io.github.jalign.data.Task;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.ModelFiles;
import io.github.jalign.ops.Ops;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@link DpoTrainer} and {@link SftTrainer} share: from a configuration to a running {@link StepLoop} and to the
 * files of the finished run. Opened in the order in which things can fail, cheapest first.
 */
final class Training implements AutoCloseable {
    private final RunConfig config;
    private final String recipe;
    private final TrainListener listener;
    private final FolderLock lock;
    private final Checkpoints checkpoints;
    private final Checkpoints.@Nullable Found resumed;
    private final RunPlan plan;
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
        lock = FolderLock.acquire(config.outputDir());
        @Nullable RunPlan planned = null;
        @Nullable Ops opened = null;
        boolean ready = false;
        try {
            Folders.removeLeftovers(config.outputDir());
            checkpoints = new Checkpoints(config.outputDir(), listener);
            resumed = switch (config.resume()) {
                case Resume.FromStart() -> null;
                case Resume.FromLatest() -> checkpoints.newest().orElse(null);
                case Resume.From(Path checkpoint) -> Checkpoints.at(checkpoint);
            };
            @Nullable RunIdentity before = resumed == null ? null : resumed.identity();
            planned = new RunPlan(
                    config,
                    data,
                    task,
                    about,
                    RunPlan.date(config, before),
                    before == null ? null : before.packTokens(),
                    listener);
            plan = planned;
            opened = plan.open();
            ops = opened;
            listener.started(plan.lines(ops));
            listener.planned(plan.memory());
            engine = new Engine(ops, plan.modelConfig(), plan.engineSizes(), plan.memory().recompute());
            ready = true;
        } finally {
            if (!ready) {
                close(opened, planned, lock);
            }
        }
    }

    private static void close(@Nullable Ops ops, @Nullable RunPlan plan, FolderLock lock) {
        try (lock) {
            try (plan) {
                if (ops != null) {
                    ops.close();
                }
            }
        }
    }

    Dataset dataset() {
        return plan.dataset();
    }

    ModelConfig modelConfig() {
        return plan.modelConfig();
    }

    Engine engine() {
        return engine;
    }

    Ops ops() {
        return ops;
    }

    int packTokens() {
        return plan.engineSizes().tokens();
    }

    LocalDate date() {
        return plan.date();
    }

    Checkpoints.@Nullable Found resumed() {
        return resumed;
    }

    /** Fills the engine's weights from the model to train. */
    void loadModel() {
        ModelFiles.load(plan.model(), plan.modelConfig(), engine.model().parameters(), ops);
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
        settings.put("train rows", Digests.of(dataset().train()));
        settings.put("eval rows", Digests.of(dataset().eval()));
        settings.put("model", config.modelNameOrPath());
        settings.put("device", ops.numerics());
        settings.put(RunIdentity.PACK_TOKENS, String.valueOf(packTokens()));
        settings.put("seeds", config.seed() + " " + config.dataSeed());
        settings.put("batches", config.batches().toString());
        settings.put("optimizer", config.optimizer().toString());
        settings.put("logging", config.reporting().loggingSteps() + " " + config.reporting().loggingFirstStep());
        settings.put(
                "evaluation", config.reporting().evalStrategy() + " " + config.reporting().evalSteps());
        settings.putAll(more);
        return new RunIdentity(plan.date(), referenceWeights, settings);
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
        }
        List<String> removed = checkpoints.clearAfter(state.step);
        if (resumed != null && !removed.isEmpty()) {
            listener.said("removed " + String.join(", ", removed) + ": made after the step that the run goes on from");
        }
        Path metricsFile = config.outputDir().resolve("metrics.jsonl");
        try (MetricsFile metrics = new MetricsFile(metricsFile, state.metricsBytes)) {
            Evaluation evaluation = eval == null || dataset().eval().isEmpty()
                    ? null
                    : new Evaluation(
                            engine, dataset().eval(), eval, config.batches().perDeviceEvalBatchSize(), packTokens());
            RunFiles files = new RunFiles(config, plan.steps(), recipe, plan.date(), dataset().train().size());
            SavedFiles companions = new SavedFiles(config.chatTemplate());
            StepLoop loop = new StepLoop(
                    config,
                    plan.steps(),
                    engine,
                    dataset().train(),
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
                                plan.model(),
                                companions,
                                files.trainerState(s, metrics.history()),
                                config.reporting().saveTotalLimit());
                    },
                    listener,
                    packTokens(),
                    state);
            boolean finished = loop.run();
            if (finished) {
                metrics.sync();
                listener.reached("save model");
                files.write(state, metrics.history(), plan.model(), engine, ops, companions);
                listener.reached("saved model");
            }
            return new TrainResult(config.outputDir(), finished, state.step, metrics.history());
        }
    }

    @Override
    public void close() {
        close(ops, plan, lock);
    }
}
