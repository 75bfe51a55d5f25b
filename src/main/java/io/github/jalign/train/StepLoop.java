package io.github.jalign.train;

import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.PairTerms;
import io.github.jalign.optim.AdamW;
import io.github.jalign.optim.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one training loop: for each optimiser step, pack by pack, forward, loss, backward; then clip, update, log,
 * evaluate and save. What is learned is an {@link Objective}; where it is kept, a {@link Saver}.
 */
final class StepLoop {
    /** Writes a checkpoint of the state between two steps. */
    interface Saver {
        void save(TrainState state);
    }

    private final RunConfig config;
    private final StepPlan plan;
    private final Engine engine;
    private final AdamW optimizer;
    private final Schedule schedule;
    private final List<Item> items;
    private final Objective objective;
    private final @Nullable Evaluation evaluation;
    private final MetricsFile metrics;
    private final Saver saver;
    private final TrainListener listener;
    private final int packTokens;
    private final TrainState state;

    private long tokensComputed;

    /** @param state where to begin; the engine holds its weights and moments */
    StepLoop(
            RunConfig config,
            StepPlan plan,
            Engine engine,
            List<Item> items,
            Objective objective,
            @Nullable Evaluation evaluation,
            MetricsFile metrics,
            Saver saver,
            TrainListener listener,
            int packTokens,
            TrainState state) {
        this.config = config;
        this.plan = plan;
        this.engine = engine;
        Optimizer o = config.optimizer();
        this.optimizer = engine.optimizer(
                new AdamW.Settings(o.adamBeta1(), o.adamBeta2(), o.adamEpsilon(), o.weightDecay()));
        this.schedule = schedule(o, plan.totalSteps());
        this.items = items;
        this.objective = objective;
        this.evaluation = evaluation;
        this.metrics = metrics;
        this.saver = saver;
        this.listener = listener;
        this.packTokens = packTokens;
        this.state = state;
    }

    private static Schedule schedule(Optimizer o, int total) {
        int warmup = o.warmupSteps().in(total);
        return switch (o.lrSchedulerType()) {
            case LINEAR -> new Schedule.Linear(warmup, total);
            case COSINE -> new Schedule.Cosine(warmup, total);
            case CONSTANT -> new Schedule.Constant();
            case CONSTANT_WITH_WARMUP -> new Schedule.ConstantWithWarmup(warmup);
        };
    }

    /**
     * Runs to the end, or until the listener cancels.
     *
     * @return whether the run reached its last step
     */
    boolean run() {
        long began = System.nanoTime();
        int firstStep = state.step;
        boolean saved = true;
        while (state.step < plan.totalSteps()) {
            Map<String, Double> means = new LinkedHashMap<>();
            OptionalDouble loss = step(means);
            if (loss.isEmpty()) {
                if (!saved) {
                    saver.save(state);
                }
                return false;
            }
            listener.stepped(new Progress(
                    state.step,
                    plan.totalSteps(),
                    loss.getAsDouble(),
                    means,
                    tokensComputed,
                    (System.nanoTime() - began) / 1e9,
                    state.step - firstStep));
            saved = afterStep();
        }
        finish((System.nanoTime() - began) / 1e9, state.step - firstStep);
        return true;
    }

    /**
     * One optimiser step.
     *
     * @param means gets the metrics' means over the step's groups
     * @return its loss; empty when the listener cancelled and nothing was changed
     */
    private OptionalDouble step(Map<String, Double> means) {
        List<List<Integer>> groups = plan.groups(state.step);
        Objective.Window window = objective.open(groups);
        Batch batch = Batch.of(groups, items, packTokens);
        optimizer.clearGradients();
        int packs = 0;
        List<Runnable> results = new ArrayList<>();
        for (Batch.Packed packed : batch.packs(items)) {
            if (listener.cancelled()) {
                return OptionalDouble.empty();
            }
            Pack pack = packed.pack();
            Optional<Ops.PairLoss> onDevice = engine.pairLoss();
            Optional<PairTerms> pairs = onDevice.flatMap(loss -> window.pairs(packed));
            if (pairs.isPresent()) {
                Supplier<double[]> losses = engine.step(pack, onDevice.orElseThrow(), pairs.get());
                results.add(() -> {
                    window.take(packed, losses.get());
                    requireFinite(window, packed.numbers());
                });
            } else {
                double[] g = window.add(packed, engine.forward(pack));
                requireFinite(window, packed.numbers());
                engine.backward(pack, g);
            }
            tokensComputed += pack.tokens().length;
            listener.reached("step " + (state.step + 1) + " pack " + ++packs + " of " + batch.ends().size());
        }
        double norm = optimizer.gradientNorm();
        results.forEach(Runnable::run);
        if (!Double.isFinite(norm)) {
            throw Batch.notANumber("gradient norm at step " + (state.step + 1), norm, batch.items(), items);
        }
        double clip = AdamW.clippingFactor(norm, config.optimizer().maxGradNorm());
        double rate = config.optimizer().learningRate() * schedule.factor(state.step);
        optimizer.step(state.step + 1, rate, clip);
        engine.model().refresh();
        return OptionalDouble.of(account(groups, window, norm, rate, means));
    }

    private void requireFinite(Objective.Window window, List<Integer> numbers) {
        double loss = Arrays.stream(window.losses()).sum();
        if (!Double.isFinite(loss)) {
            throw Batch.notANumber("loss at step " + (state.step + 1), loss, numbers, items);
        }
    }

    private double account(
            List<List<Integer>> groups,
            Objective.Window window,
            double norm,
            double rate,
            Map<String, Double> means) {
        double loss = 0;
        for (double part : window.losses()) {
            loss += part;
        }
        List<Map<String, Double>> perGroup = window.metrics();
        for (int g = 0; g < groups.size(); g++) {
            state.addGroup(perGroup.get(g));
            perGroup.get(g).forEach((k, v) -> means.merge(k, v / groups.size(), Double::sum));
            long longest = 0;
            long sequences = 0;
            for (int item : groups.get(g)) {
                state.numTokens += objective.tokens(item);
                for (int c = 0; c < items.get(item).completions().size(); c++) {
                    longest = Math.max(longest, items.get(item).length(c));
                    sequences++;
                }
            }
            // transformers counts a micro-batch padded to its longest sequence
            state.totalFlos += 6.0 * sequences * longest * engine.nonEmbeddingParameters();
        }
        state.step++;
        state.lossSinceLog += loss;
        state.gradientNorm = norm;
        state.learningRate = rate;
        return loss;
    }

    /**
     * Logs, evaluates and saves when it is time.
     *
     * @return whether a checkpoint of the state as it is now exists
     */
    private boolean afterStep() {
        Reporting when = config.reporting();
        int total = plan.totalSteps();
        int step = state.step;
        boolean last = step >= total;
        boolean epochEnd = plan.endsEpoch(step - 1) || last;
        if (step % when.loggingSteps().in(total) == 0 || step == 1 && when.loggingFirstStep()) {
            log(entry());
            state.loggedLoss += state.lossSinceLog;
            state.lossSinceLog = 0;
            state.loggedStep = step;
            state.groupsSinceLog = 0;
            state.sumsSinceLog.clear();
        }
        int evalSteps = when.evaluationSteps().in(total);
        boolean evaluate =
                switch (when.evalStrategy()) {
                    case NO -> false;
                    case STEPS -> step % evalSteps == 0 || last;
                    case EPOCH -> epochEnd;
                };
        if (evaluate && evaluation != null) {
            log(evaluation.run(state.numTokens));
        }
        boolean save =
                switch (when.saveStrategy()) {
                    case NO -> false;
                    case STEPS -> step % when.saveSteps().in(total) == 0 || last;
                    case EPOCH -> epochEnd;
                };
        if (save) {
            saver.save(state);
        }
        return save;
    }

    private Map<String, @Nullable Object> entry() {
        Map<String, @Nullable Object> entry = new LinkedHashMap<>();
        entry.put("loss", state.lossSinceLog / (state.step - state.loggedStep));
        entry.put("grad_norm", state.gradientNorm);
        entry.put("learning_rate", state.learningRate);
        state.sumsSinceLog.forEach((key, sum) -> entry.put(
                key, key.equals(Objective.NUM_TOKENS) ? (double) state.numTokens : sum / state.groupsSinceLog));
        return entry;
    }

    private void log(Map<String, @Nullable Object> entry) {
        entry.put("epoch", plan.epochAfter(state.step - 1));
        entry.put("step", state.step);
        metrics.append(entry);
        listener.logged(entry);
    }

    private void finish(double seconds, int steps) {
        double samples = config.batches().maxSteps() > 0
                ? (double) plan.totalSteps()
                        * config.batches().perDeviceTrainBatchSize()
                        * config.batches().gradientAccumulationSteps()
                : items.size() * config.batches().numTrainEpochs();
        Map<String, @Nullable Object> entry = new LinkedHashMap<>();
        entry.put("train_runtime", Rounding.decimals(seconds, 4));
        entry.put("train_samples_per_second", Rounding.decimals(samples * steps / plan.totalSteps() / seconds, 3));
        entry.put("train_steps_per_second", Rounding.decimals(steps / seconds, 3));
        entry.put("total_flos", state.totalFlos);
        entry.put("train_loss", (state.loggedLoss + state.lossSinceLog) / plan.totalSteps());
        log(entry);
    }

    /** Entries so far, oldest first. */
    List<Map<String, @Nullable Object>> history() {
        return new ArrayList<>(metrics.history());
    }
}
