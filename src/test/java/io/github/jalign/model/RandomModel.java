package io.github.jalign.model;

import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Small models with random weights, one for each thing that a layer can do. */
public final class RandomModel {
    private RandomModel() {}

    /** Grouped queries, biases, a window on one layer and no rotation on another, a head wider than D/H, partial rotary. */
    public static ModelConfig everything() {
        return new ModelConfig(
                Architecture.LLAMA,
                17,
                6,
                7,
                4,
                2,
                4,
                2,
                List.of(new LayerSpec(0, true), new LayerSpec(3, true), new LayerSpec(0, false)),
                1e-5,
                100,
                new RopeScaling.Linear(2),
                64,
                false,
                true,
                true,
                -1,
                List.of(2));
    }

    /** Multi-head, tied, without biases. */
    public static ModelConfig tied() {
        return new ModelConfig(
                Architecture.LLAMA,
                13,
                8,
                5,
                2,
                2,
                4,
                4,
                List.of(new LayerSpec(0, true), new LayerSpec(0, true)),
                1e-5,
                10000,
                new RopeScaling.Unscaled(),
                64,
                true,
                false,
                false,
                -1,
                List.of(2));
    }

    /** Fills parameters with normal values of that spread; norms around 1. */
    public static void fill(Ops ops, Parameters parameters, double spread, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (Map.Entry<String, Tensor> e : parameters.named().entrySet()) {
            double[] values = new double[Math.toIntExact(e.getValue().elements())];
            for (int i = 0; i < values.length; i++) {
                values[i] = spread * random.nextGaussian() + (e.getKey().contains("norm") ? 1 : 0);
            }
            ops.write(e.getValue(), values);
        }
    }

    public static int[] tokens(int count, int vocabulary, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(random.nextInt(vocabulary));
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }
}
