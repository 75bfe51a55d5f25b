package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.data.Pack;
import io.github.jalign.loss.Sft;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.loss.WeightedSum;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.cuda.Emulator;
import io.github.jalign.optim.AdamW;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** DPO steps on the CUDA backend: against the CPU's, against themselves, and what they leave behind. */
@Tag("emulator")
@Tag("gpu")
final class CudaTrainingTest {
    @AfterEach
    void nothingIsLeft() {
        Emulator.assertNothingLeft();
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
        try (TinyDpo cpu = new TinyDpo(Backend.CPU);
                TinyDpo cuda = new TinyDpo(backend)) {
            double fallen = 0;
            for (int step = 0; step < 20; step++) {
                cuda.become(cpu);
                double[] expected = cpu.step();
                double[] found = cuda.step();
                String at = "step " + step;
                assertEquals(expected[0], found[0], loss, at);
                assertEquals(expected[1], found[1], norm * Math.max(1, expected[1]), at);
                double[] weights = cpu.read(cpu.engine().weights());
                double[] other = cuda.read(cuda.engine().weights());
                // AdamW moves a weight by at most lr/(1 - β1) whatever its gradient: twice that when signs differ.
                assertArrayEquals(weights, other, 2 * TinyDpo.RATE / (1 - 0.9), at);
                fallen = step == 0 ? expected[0] : fallen;
                assertTrue(step < 19 || expected[0] < 0.9 * fallen, "the loss falls");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"CUDA", "CUDA_FLOAT32"})
    void aRunRepeatedGivesTheSameBits(Backend backend) {
        List<double[]> first = TinyDpo.twoSteps(backend);
        for (int repetition = 0; repetition < 3; repetition++) {
            TinyDpo.assertSameBits(first, TinyDpo.twoSteps(backend));
        }
    }

    /** The device's losses of pairs are the host's, from the same statistics: float64 sums of the same float32 numbers. */
    @Test
    void pairLossOfTheDeviceIsTheHosts() {
        try (TinyDpo run = new TinyDpo(Backend.CUDA_FLOAT32)) {
            List<List<Integer>> groups = List.of(List.of(0, 1, 2), List.of(3));
            var loss = new WeightedSum(List.of(
                    new WeightedSum.Term(new Sigmoid(TinyDpo.BETA), 0.8), new WeightedSum.Term(new Sft(), 0.25)));
            run.tiny().load("reference.safetensors");
            ReferenceLogps reference = new ReferenceLogps(run.tiny().logps());
            run.tiny().load("model.safetensors");
            Objective objective = new DpoObjective(run.tiny().items(), reference, loss, TinyDpo.BETA);
            Objective.Window host = objective.open(groups);
            Objective.Window device = objective.open(groups);
            Pack pack = Pack.of(run.tiny().items());
            var packed = new Batch.Packed(pack, List.of(0, 1, 2, 3), List.of(0, 0, 0, 1));
            double[] g = host.add(packed, run.engine().forward(pack));
            run.optimizer().clearGradients();
            run.engine().backward(pack, g);
            double[] expected = run.read(run.engine().gradients().arena());
            run.optimizer().clearGradients();
            var results = run.engine().step(
                    pack, run.engine().pairLoss().orElseThrow(), device.pairs(packed).orElseThrow());
            device.take(packed, results.get());
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
            assertArrayEquals(expected, run.read(run.engine().gradients().arena()), 1e-6 * largest);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Backend.class, names = {"CUDA", "CUDA_FLOAT32"})
    void plannedBytesAreTheDevicesPeak(Backend backend) {
        try (TinyDpo run = new TinyDpo(backend)) {
            run.step();
            MemoryPlan plan = MemoryPlan.of(
                    backend, 1, run.engine().model().config(), new Engine.Sizes(128, 128, 64), false, Long.MAX_VALUE);
            assertEquals(plan.bytes(), run.ops().peakBytes());
        }
    }
}
