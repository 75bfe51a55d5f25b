package io.github.jalign.benchmarks;

import io.github.jalign.model.ModelConfig;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Weight;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import java.util.Random;

/**
 * The four matrices of a layer, each as a forward product, its gradient by the input and, added up in float32, by the
 * weights: 2·T·N·K useful operations each.
 */
final class ProductTimings {
    private static final int SAMPLES = 64;

    private final Device device;

    ProductTimings(Device device) {
        this.device = device;
    }

    void run(String model) {
        ModelConfig c = device.shapes().model(model, 1);
        product(model + " qkv", c.packedWidth(), c.hiddenSize());
        product(model + " o", c.hiddenSize(), c.queryWidth());
        product(model + " gate and up", 2 * c.intermediateSize(), c.hiddenSize());
        product(model + " down", c.hiddenSize(), c.intermediateSize());
    }

    private interface Sum {
        /** @return element (row, column) as it should be */
        double at(int row, int column);
    }

    private double error(Tensor result, Sum sum) {
        Random random = new Random(1);
        double[] actual = new double[SAMPLES];
        double[] expected = new double[SAMPLES];
        for (int s = 0; s < SAMPLES; s++) {
            int row = random.nextInt(result.rows());
            int column = random.nextInt(result.cols());
            expected[s] = sum.at(row, column);
            actual[s] = device.ops().read(result.rows(row, 1).columns(column, 1))[0];
        }
        return Device.error(actual, expected);
    }

    private void product(String what, int n, int k) {
        int t = device.shapes().tokens();
        Ops ops = device.ops();
        ops.reserve(new Workload(t, 1, 1, 1, 2, Math.max(n, k), k, 1, 1, true));
        try (TensorArena narrow = device.allocate(
                        device.narrow("x", t, k), device.narrow("y", t, n), device.narrow("dy", t, n), device.narrow("dx", t, k));
                TensorArena weights = device.allocate(device.wide("w", n, k));
                TensorArena gradients = device.allocate(device.wide("dw", n, k))) {
            Normals.Known x = device.normals().fill(ops, narrow.get("x"), 1, 1);
            Normals.Known dy = device.normals().fill(ops, narrow.get("dy"), 2, 1);
            Normals.Known w = device.normals().fill(ops, weights.get("w"), 3, 0.02);
            Weight weight = ops.weight(w.tensor());
            weight.refresh();
            String shape = what + ", " + t + " x " + n + " x " + k;
            double useful = 2.0 * t * n * k;
            double forward = device.watch().seconds(i -> weight.linear(x.tensor(), narrow.get("y"), false));
            double error = error(narrow.get("y"), (row, column) -> {
                double sum = 0;
                for (int i = 0; i < k; i++) {
                    sum += x.at(row, i) * w.at(column, i);
                }
                return sum;
            });
            device.log().add(Timing.of("products", shape, "forward", forward, useful, "flop", error));
            double dx = device.watch().seconds(i -> weight.linearDx(dy.tensor(), narrow.get("dx"), false));
            error = error(narrow.get("dx"), (row, column) -> {
                double sum = 0;
                for (int i = 0; i < n; i++) {
                    sum += dy.at(row, i) * w.at(i, column);
                }
                return sum;
            });
            device.log().add(Timing.of("products", shape, "dx", dx, useful, "flop", error));
            // It adds to dw: what is looked at is the first run.
            weight.linearDw(dy.tensor(), x.tensor(), gradients.get("dw"));
            error = error(gradients.get("dw"), (row, column) -> {
                double sum = 0;
                for (int i = 0; i < t; i++) {
                    sum += dy.at(i, row) * x.at(i, column);
                }
                return sum;
            });
            double dw = device.watch().seconds(i -> weight.linearDw(dy.tensor(), x.tensor(), gradients.get("dw")));
            device.log().add(Timing.of("products", shape, "dw", dw, useful, "flop", error));
        }
    }
}
