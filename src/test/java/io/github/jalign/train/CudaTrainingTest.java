package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.Shared;
import io.github.jalign.data.Pack;
import io.github.jalign.loss.Sft;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.loss.WeightedSum;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.cuda.Emulator;
import io.github.jalign.optim.AdamW;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** DPO steps on the CUDA backend: against the CPU's, against themselves, and what they leave behind. */
@Tag("emulator")
final class CudaTrainingTest {
    private static final String MODEL = "golden/tiny/llama-gqa-untied";
    private static final double BETA = 0.1;
    private static final double RATE = 1e-3;

    @AfterEach
    void eager() {
        Emulator.configure("LAZY", 0);
        assertEquals(0, Emulator.live().deviceBytes());
        assertEquals(0, Emulator.live().pinnedBytes());
        assertEquals(0, Emulator.live().streams());
        assertEquals(0, Emulator.live().graphs());
        assertEquals(0, Emulator.live().modules());
    }

    /** A tiny model under training, its reference being the weights it began with. */
    private static final class Run implements AutoCloseable {
        final GoldenTiny tiny;
        final Ops ops;
        final Engine engine;
        final Objective objective;
        final AdamW optimizer;
        int step;

        Run(Backend backend) {
            tiny = new GoldenTiny(Shared.data(MODEL), backend, 1);
            ops = tiny.ops();
            engine = tiny.engine();
            tiny.load("reference.safetensors");
            ReferenceLogps reference = new ReferenceLogps(tiny.logps());
            tiny.load("model.safetensors");
            objective = new DpoObjective(tiny.items(), reference, new Sigmoid(BETA), BETA);
            optimizer = engine.optimizer(new AdamW.Settings(0.9, 0.999, 1e-8, 0.1));
        }

        /** @return loss and gradient norm */
        double[] step() {
            List<List<Integer>> groups = List.of(List.of(0, 1), List.of(2, 3));
            Objective.Window window = objective.open(groups);
            optimizer.clearGradients();
            List<Runnable> later = new ArrayList<>();
            Batch.of(groups, tiny.items(), 70).forEachPack(tiny.items(), (pack, numbers, groupOf) -> {
                if (engine.pairLoss().isPresent()) {
                    var pairs = window.pairs(pack, numbers, groupOf).orElseThrow();
                    var results = engine.step(pack, engine.pairLoss().orElseThrow(), pairs);
                    later.add(() -> window.take(pack, numbers, groupOf, results.get()));
                } else {
                    engine.backward(pack, window.add(pack, numbers, groupOf, engine.forward(pack)));
                }
            });
            double norm = optimizer.gradientNorm();
            later.forEach(Runnable::run);
            optimizer.step(++step, RATE, AdamW.clippingFactor(norm, 1));
            engine.model().refresh();
            return new double[] {Arrays.stream(window.losses()).sum(), norm};
        }

        List<TensorArena> state() {
            return List.of(
                    engine.weights(),
                    engine.firstMoment().arena(),
                    engine.secondMoment().arena());
        }

        double[] read(TensorArena arena) {
            return ops.read(arena.flat());
        }

        void become(Run other) {
            for (int i = 0; i < state().size(); i++) {
                Tensor to = state().get(i).flat();
                ops.write(to, other.read(other.state().get(i)));
            }
            engine.model().refresh();
        }

        @Override
        public void close() {
            tiny.close();
        }
    }

    /**
     * Each step begins from the CPU's weights and moments. Float32: a loss near ln 2 from sums of log-probs near -100,
     * each off by 3e-6 relative ({@link GoldenTiny#FLOAT32}), times β: 4 · 100 · 3e-6 · 0.1 = 1.2e-4; the norm adds a
     * backward pass, 1e-4 relative. Bfloat16: the same with the bounds of {@link GoldenTiny#BFLOAT16}.
     */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"CUDA", "CUDA_FLOAT32"})
    void twentyStepsFromIdenticalWeights(Backend backend) {
        double loss = backend == Backend.CUDA ? 5e-2 : 1.2e-4;
        double norm = backend == Backend.CUDA ? 6e-2 : 2e-4;
        try (Run cpu = new Run(Backend.CPU);
                Run cuda = new Run(backend)) {
            double fallen = 0;
            for (int step = 0; step < 20; step++) {
                cuda.become(cpu);
                double[] expected = cpu.step();
                double[] found = cuda.step();
                String at = "step " + step;
                assertEquals(expected[0], found[0], loss, at);
                assertEquals(expected[1], found[1], norm * Math.max(1, expected[1]), at);
                double[] weights = cpu.read(cpu.engine.weights());
                double[] other = cuda.read(cuda.engine.weights());
                // AdamW moves a weight by at most lr/(1 - β1) whatever its gradient: twice that when signs differ.
                assertArrayEquals(weights, other, 2 * RATE / (1 - 0.9), at);
                fallen = step == 0 ? expected[0] : fallen;
                assertTrue(step < 19 || expected[0] < 0.9 * fallen, "the loss falls");
            }
        }
    }

    /** Nothing may lean on a stream that runs at once: with one that runs nothing before it is waited for, equal bits. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"CUDA", "CUDA_FLOAT32"})
    void lazyStreamsGiveTheSameBits(Backend backend) {
        List<double[]> eager = twoSteps(backend);
        Emulator.configure("LAZY", 1);
        List<double[]> lazy = twoSteps(backend);
        for (int i = 0; i < eager.size(); i++) {
            assertArrayEquals(eager.get(i), lazy.get(i), "arena " + i);
        }
    }

    private static List<double[]> twoSteps(Backend backend) {
        try (Run run = new Run(backend)) {
            List<double[]> results = new ArrayList<>();
            results.add(run.step());
            results.add(run.step());
            run.state().forEach(arena -> results.add(run.read(arena)));
            return results;
        }
    }

    /** Blocks, warps and lanes in another order. */
    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"CUDA", "CUDA_FLOAT32"})
    void anyOrderOfBlocksGivesTheSameBits(Backend backend) {
        List<double[]> first = twoSteps(backend);
        Emulator.configure("SEED", 977);
        List<double[]> second = twoSteps(backend);
        Emulator.configure("SEED", 1);
        for (int i = 0; i < first.size(); i++) {
            assertArrayEquals(first.get(i), second.get(i), "arena " + i);
        }
    }

    /** The device's losses of pairs are the host's, from the same statistics: float64 sums of the same float32 numbers. */
    @Test
    void pairLossOfTheDeviceIsTheHosts() {
        try (Run run = new Run(Backend.CUDA_FLOAT32)) {
            List<List<Integer>> groups = List.of(List.of(0, 1, 2), List.of(3));
            var loss = new WeightedSum(List.of(
                    new WeightedSum.Term(new Sigmoid(BETA), 0.8), new WeightedSum.Term(new Sft(), 0.25)));
            run.tiny.load("reference.safetensors");
            ReferenceLogps reference = new ReferenceLogps(run.tiny.logps());
            run.tiny.load("model.safetensors");
            Objective objective = new DpoObjective(run.tiny.items(), reference, loss, BETA);
            Objective.Window host = objective.open(groups);
            Objective.Window device = objective.open(groups);
            List<Integer> all = IntStream.range(0, 4).boxed().toList();
            List<Integer> groupOf = List.of(0, 0, 0, 1);
            Pack pack = Pack.of(run.tiny.items());
            double[] g = host.add(pack, all, groupOf, run.engine.forward(pack));
            run.optimizer.clearGradients();
            run.engine.backward(pack, g);
            double[] expected = run.read(run.engine.gradients().arena());
            run.optimizer.clearGradients();
            var results = run.engine.step(
                    pack, run.engine.pairLoss().orElseThrow(), device.pairs(pack, all, groupOf).orElseThrow());
            device.take(pack, all, groupOf, results.get());
            assertArrayEquals(host.losses(), device.losses(), 1e-12);
            for (int i = 0; i < groups.size(); i++) {
                Map<String, Double> metrics = host.metrics().get(i);
                Map<String, Double> found = device.metrics().get(i);
                assertEquals(List.copyOf(metrics.keySet()), List.copyOf(found.keySet()));
                metrics.forEach((key, value) ->
                        assertEquals(value, found.get(key), 1e-12 * Math.max(1, Math.abs(value)), key));
            }
            // g is rounded to float32 on both ways; a tie may round apart, and a gradient is a sum of such products
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            assertArrayEquals(expected, run.read(run.engine.gradients().arena()), 1e-6 * largest);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"CUDA", "CUDA_FLOAT32"})
    void plannedBytesAreTheDevicesPeak(Backend backend) {
        try (Run run = new Run(backend)) {
            run.step();
            MemoryPlan plan = MemoryPlan.of(
                    backend, 1, run.engine.model().config(), new Engine.Sizes(128, 128, 64), false, Long.MAX_VALUE);
            assertEquals(plan.bytes(), run.ops.peakBytes());
            assertEquals(plan.bytes(), Emulator.live().deviceBytes());
        }
    }
}
