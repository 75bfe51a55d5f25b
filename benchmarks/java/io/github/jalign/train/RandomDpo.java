package io.github.jalign.train;

import io.github.jalign.data.Item;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.TensorArena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** A DPO run on the GPU without files: {@link StepLoop} as the trainers run it, on weights made in place. */
public final class RandomDpo {
    private static final double BETA = 0.1;

    private RandomDpo() {}

    /**
     * What was seen.
     *
     * @param seconds of each step but the first
     * @param peakBytes of device memory
     */
    public record Result(double[] seconds, double firstLoss, double lastLoss, long peakBytes) {}

    /**
     * Trains all items in every step, planned as a run on real files would be.
     *
     * @param group items of a loss group
     * @param steps at least 2
     * @param fill writes the weights' arena
     */
    public static Result run(
            ModelConfig model, List<Item> items, int group, int steps, BiConsumer<Ops, TensorArena> fill) {
        RunConfig config = config(items.size(), group, steps);
        List<Progress> seen = new ArrayList<>();
        TrainListener listener = new TrainListener() {
            @Override
            public void stepped(Progress progress) {
                seen.add(progress);
            }
        };
        Devices.Planned planned = Devices.plan(
                Devices.backend(config.compute(), listener), config.compute(), model, Devices.Demand.of(items, null),
                listener);
        Path log = temporary();
        try (Ops ops = planned.backend().open(0);
                MetricsFile metrics = new MetricsFile(log, 0)) {
            Engine engine = new Engine(ops, model, planned.sizes(), planned.memory().recompute());
            fill.accept(ops, engine.weights());
            engine.model().refresh();
            int pack = planned.sizes().tokens();
            ReferenceLogps reference = ReferenceCache.compute(engine, items, pack, done -> {});
            Objective objective = new DpoObjective(items, reference, new Sigmoid(BETA), BETA);
            StepPlan plan = new StepPlan(items.size(), config.batches(), config.seed());
            new StepLoop(
                            config, plan, engine, items, objective, null, metrics,
                            state -> {
                                throw new IllegalStateException("nothing is saved");
                            },
                            listener, pack, new TrainState())
                    .run();
            double[] seconds = new double[steps - 1];
            for (int i = 1; i < steps; i++) {
                seconds[i - 1] = seen.get(i).seconds() - seen.get(i - 1).seconds();
            }
            return new Result(seconds, seen.getFirst().loss(), seen.getLast().loss(), ops.peakBytes());
        } finally {
            delete(log);
        }
    }

    private static RunConfig config(int items, int group, int steps) {
        return new RunConfig(
                "random", null, Path.of("."), new Dialect(Compat.TRL_1, "it is the default"), 42, null, null,
                new Compute(Device.CUDA, Precision.BFLOAT16, Precision.FLOAT32, 0, null, null),
                new Batches(group, group, items / group, true, steps, 1),
                new Optimizer(1e-5, SchedulerType.CONSTANT, new StepCount(0), 0.01, 0.9, 0.999, 1e-8, 1),
                new Reporting(
                        new StepCount(1000), false, EvalStrategy.NO, null, SaveStrategy.NO, new StepCount(1000), null),
                new Resume.FromStart());
    }

    private static Path temporary() {
        try {
            return Files.createTempFile("jalign-timings", ".jsonl");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
