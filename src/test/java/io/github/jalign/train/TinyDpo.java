package io.github.jalign.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.Shared;
import io.github.jalign.loss.Sigmoid;
import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.optim.AdamW;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** DPO steps of a tiny golden model on one backend, against the model's own reference. */
final class TinyDpo implements AutoCloseable {
    static final double BETA = 0.1;
    static final double RATE = 1e-3;

    private static final String MODEL = "golden/tiny/llama-gqa-untied";

    private final GoldenTiny tiny;
    private final Ops ops;
    private final Engine engine;
    private final Objective objective;
    private final AdamW optimizer;
    private int step;

    TinyDpo(Backend backend) {
        tiny = new GoldenTiny(Shared.data(MODEL), backend, 1);
        ops = tiny.ops();
        engine = tiny.engine();
        tiny.load("reference.safetensors");
        ReferenceLogps reference = new ReferenceLogps(tiny.logps());
        tiny.load("model.safetensors");
        objective = new DpoObjective(tiny.items(), reference, new Sigmoid(BETA), BETA);
        optimizer = engine.optimizer(new AdamW.Settings(0.9, 0.999, 1e-8, 0.1));
    }

    GoldenTiny tiny() {
        return tiny;
    }

    Ops ops() {
        return ops;
    }

    Engine engine() {
        return engine;
    }

    AdamW optimizer() {
        return optimizer;
    }

    /** @return loss and gradient norm */
    double[] step() {
        List<List<Integer>> groups = List.of(List.of(0, 1), List.of(2, 3));
        Objective.Window window = objective.open(groups);
        optimizer.clearGradients();
        List<Runnable> later = new ArrayList<>();
        for (Batch.Packed packed : Batch.of(groups, tiny.items(), 70).packs(tiny.items())) {
            if (engine.pairLoss().isPresent()) {
                var pairs = window.pairs(packed).orElseThrow();
                var results = engine.step(packed.pack(), engine.pairLoss().orElseThrow(), pairs);
                later.add(() -> window.take(packed, results.get()));
            } else {
                engine.backward(packed.pack(), window.add(packed, engine.forward(packed.pack())));
            }
        }
        double norm = optimizer.gradientNorm();
        later.forEach(Runnable::run);
        optimizer.step(++step, RATE, AdamW.clippingFactor(norm, 1));
        engine.model().refresh();
        return new double[] {Arrays.stream(window.losses()).sum(), norm};
    }

    /** Weights and moments. */
    private List<TensorArena> state() {
        return List.of(engine.weights(), engine.firstMoment().arena(), engine.secondMoment().arena());
    }

    double[] read(TensorArena arena) {
        return ops.read(arena.flat());
    }

    /** Takes weights and moments from another backend. */
    void become(TinyDpo other) {
        for (int i = 0; i < state().size(); i++) {
            Tensor to = state().get(i).flat();
            ops.write(to, other.read(other.state().get(i)));
        }
        engine.model().refresh();
    }

    /** Losses, norms, weights and moments of a fresh run. */
    static List<double[]> twoSteps(Backend backend) {
        try (TinyDpo run = new TinyDpo(backend)) {
            List<double[]> results = new ArrayList<>();
            results.add(run.step());
            results.add(run.step());
            run.state().forEach(arena -> results.add(run.read(arena)));
            return results;
        }
    }

    static void assertSameBits(List<double[]> expected, List<double[]> found) {
        assertEquals(expected.size(), found.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), found.get(i), "result " + i);
        }
    }

    @Override
    public void close() {
        tiny.close();
    }
}
