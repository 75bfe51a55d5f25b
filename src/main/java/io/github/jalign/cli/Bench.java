package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import io.github.jalign.json.Json;
import io.github.jalign.recipe.Recipe;
import io.github.jalign.train.DpoConfig;
import io.github.jalign.train.DpoTrainer;
import io.github.jalign.train.MemoryPlan;
import io.github.jalign.train.Progress;
import io.github.jalign.train.TrainListener;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code jalign bench}: a DPO run whose steps are timed. */
@Command(
        name = "bench",
        description = "Runs dpo with the same words and prints one line of JSON: pairs and tokens a second, peak memory,"
                + " machine. The first step, in which code is compiled, does not count.",
        customSynopsis = "jalign bench RECIPE.yaml [--KEY=VALUE ...]",
        mixinStandardHelpOptions = true)
final class Bench implements Callable<Integer> {
    @Mixin
    private final RecipeWords words = new RecipeWords();

    @Override
    public Integer call() {
        long idleBytes = Machine.residentBytes();
        Recipe<DpoConfig> recipe = Recipe.dpo(words.words());
        Stopwatch watch = new Stopwatch(idleBytes);
        DpoTrainer.run(recipe.config(), recipe.resolved(), watch);
        PrintWriter out = words.out();
        out.println(Json.write(watch.result(recipe.config())));
        out.flush();
        return 0;
    }

    /** Notes when each step ended. */
    private static final class Stopwatch implements TrainListener {
        private final List<Progress> steps = new ArrayList<>();
        /** Resident before anything is read: the JVM by itself. */
        private final long idleBytes;

        private long plannedBytes;
        private double referenceSeconds;
        private long began = System.nanoTime();

        Stopwatch(long idleBytes) {
            this.idleBytes = idleBytes;
        }

        @Override
        public void planned(MemoryPlan memory) {
            plannedBytes = memory.bytes();
        }

        @Override
        public void scored(String split, int done, int rows) {
            referenceSeconds = (System.nanoTime() - began) / 1e9;
        }

        @Override
        public void started(List<String> lines) {
            began = System.nanoTime();
        }

        @Override
        public void stepped(Progress progress) {
            steps.add(progress);
        }

        Map<String, @Nullable Object> result(DpoConfig config) {
            if (steps.size() < 2) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        "bench",
                        "the first step does not count, so there must be another",
                        steps.size() + " steps",
                        "2 or more",
                        "raise max_steps");
            }
            Progress first = steps.getFirst();
            Progress last = steps.getLast();
            double seconds = last.seconds() - first.seconds();
            int pairs = (steps.size() - 1)
                    * config.run().batches().perDeviceTrainBatchSize()
                    * config.run().batches().gradientAccumulationSteps();
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("model", config.run().modelNameOrPath());
            json.put("pairs_per_second", pairs / seconds);
            json.put("tokens_per_second", (last.tokens() - first.tokens()) / seconds);
            json.put("seconds_per_step", seconds / (steps.size() - 1));
            json.put("steps", steps.size());
            json.put("reference_seconds", referenceSeconds);
            json.put("last_loss", last.loss());
            json.put("peak_resident_bytes", Machine.peakResidentBytes());
            json.put("idle_resident_bytes", idleBytes);
            json.put("planned_bytes", plannedBytes);
            json.put("machine", Machine.description());
            json.put("java", System.getProperty("java.vm.version"));
            return json;
        }
    }
}
