package io.github.jalign.benchmarks;

import io.github.jalign.data.Completion;
import io.github.jalign.data.Item;
import io.github.jalign.data.Pack;
import io.github.jalign.data.RowId;
import io.github.jalign.errors.JalignException;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.train.RandomDpo;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Whole DPO steps of models with random weights on random tokens, by the trainer's own loop: forward, loss, backward,
 * clipping, AdamW, reference computed before. Useful operations of a pair are what it takes at least, whoever does it:
 * three passes over prompt, chosen and rejected once each, the head on completions only.
 */
final class StepTimings {
    private static final double SPREAD = 0.02;

    private final Normals normals;
    private final Shapes shapes;
    private final TimingLog log;

    StepTimings(Normals normals, Shapes shapes, TimingLog log) {
        this.normals = normals;
        this.shapes = shapes;
        this.log = log;
    }

    void run() {
        Shapes.Steps steps = shapes.steps();
        for (String model : steps.models()) {
            run(model, steps.fixedName(), steps.fixed());
            run(model, "ragged", steps.ragged());
        }
    }

    private void run(String name, String lengthsName, List<List<Integer>> lengths) {
        int longest = lengths.stream().mapToInt(l -> l.get(0) + Math.max(l.get(1), l.get(2))).max().orElseThrow();
        ModelConfig model = shapes.model(name, longest);
        String shape = name + ", " + lengthsName;
        List<Item> items = items(lengths, model.vocabularySize());
        RandomDpo.Result result;
        try {
            result = RandomDpo.run(model, items, shapes.steps().group(), 1 + shapes.steps().timed(), this::fill);
        } catch (JalignException e) {
            if (e.kind() != JalignException.Kind.MEMORY) {
                throw e;
            }
            log.add(Timing.skipped("steps", shape, "step", e.brief()));
            return;
        }
        // The policy is the reference in the first step; and steps on the same pairs must lower their loss.
        double error = result.lastLoss() < result.firstLoss()
                ? Math.abs(result.firstLoss() - Math.log(2))
                : Double.POSITIVE_INFINITY;
        double useful = items.stream().mapToDouble(item -> useful(item, model)).sum();
        log.add(Timing.of("steps", shape, "step", Stopwatch.median(result.seconds()), useful, "flop", error)
                .ofPairs(items.size())
                .needing(result.peakBytes())
                .within(1e-6));
    }

    private static double useful(Item item, ModelConfig c) {
        long layers = c.layers().size();
        double matrices = (double) c.hiddenSize() * (c.packedWidth() + c.queryWidth() + 3.0 * c.intermediateSize());
        Pack pack = Pack.of(List.of(item));
        return 6 * layers * matrices * pack.tokens().length
                + 14.0 * layers * pack.segments().attended() * c.queryWidth()
                + 6.0 * pack.rows().length * c.hiddenSize() * c.vocabularySize();
    }

    private static List<Item> items(List<List<Integer>> lengths, int vocabulary) {
        SplittableRandom random = new SplittableRandom(1);
        List<Item> items = new ArrayList<>();
        for (List<Integer> l : lengths) {
            List<int[]> parts = l.stream().map(n -> random.ints(n, 0, vocabulary).toArray()).toList();
            items.add(new Item(
                    new RowId("random", items.size() + 1),
                    parts.get(0),
                    List.of(new Completion(parts.get(1), null), new Completion(parts.get(2), null))));
        }
        return items;
    }

    private void fill(Ops ops, TensorArena weights) {
        normals.fill(ops, weights.flat(), 1, SPREAD);
        for (Tensor tensor : weights.tensors().values()) {
            if (tensor.name().contains("norm")) {
                ops.fill(tensor, 1);
            }
        }
    }
}
