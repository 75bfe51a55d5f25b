package io.github.jalign.benchmarks;

import io.github.jalign.ops.AdamWStep;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;

/**
 * One AdamW update with clipping's scale: 30 bytes a parameter, of which 14 are written: masters and both moments read and
 * written, gradients read, the bfloat16 copy written. The bound of its speed is a copy of as many bytes.
 */
final class AdamWTimings {
    private static final int WIDTH = 16;
    private static final int BYTES = 30;
    private static final AdamWStep STEP = new AdamWStep(1e-3, 0.9, 0.999, 1e-8, 0.1, 0.5, 3);

    private final Device device;

    AdamWTimings(Device device) {
        this.device = device;
    }

    void run() {
        int n = device.shapes().adamW();
        var ops = device.ops();
        String name = n + " parameters";
        ops.reserve(new Workload(1, 1, 1, 1, 2, 1, 1, 1, 1, true));
        try (TensorArena weights = device.allocate(device.wide("w", n / WIDTH, WIDTH));
                TensorArena others = device.allocate(
                        device.wide("g", n / WIDTH, WIDTH),
                        device.wide("m", n / WIDTH, WIDTH),
                        device.wide("v", n / WIDTH, WIDTH))) {
            Normals.Known w = device.normals().fill(ops, weights.get("w"), 1, 0.02);
            Normals.Known g = device.normals().fill(ops, others.get("g"), 2, 0.1);
            ops.weight(w.tensor()).refresh();
            Tensor m = others.get("m");
            Tensor v = others.get("v");
            ops.adamW(w.tensor(), g.tensor(), m, v, STEP);
            double error = error(w, g);
            double seconds = device.watch().seconds(i -> ops.adamW(w.tensor(), g.tensor(), m, v, STEP));
            // Float32: eight roundings at most.
            device.log().add(Timing.of("adamw", name, "update", seconds, (double) BYTES * n, "byte", error)
                    .within(8 * 0x1p-24));
        }
        int half = Math.toIntExact((long) BYTES / 2 * n / Float.BYTES / WIDTH);
        try (TensorArena both = device.allocate(device.wide("from", half, WIDTH), device.wide("to", half, WIDTH))) {
            Normals.Known from = device.normals().fill(ops, both.get("from"), 1, 1);
            double seconds = device.watch().seconds(i -> ops.copy(from.tensor(), both.get("to")));
            double error = Device.error(ops.read(both.get("to").rows(half - 1, 1)), from.row(half - 1));
            device.log().add(Timing.of("adamw", name, "update", seconds, (double) BYTES * n, "byte", error)
                    .how("copy of as many bytes by jalign")
                    .within(0));
        }
    }

    /** The first update's result, whose moments began at 0, in rows here and there. */
    private double error(Normals.Known w, Normals.Known g) {
        double worst = 0;
        int rows = w.tensor().rows();
        for (int row : new int[] {0, rows / 2, rows - 1}) {
            double[] expected = w.row(row);
            for (int c = 0; c < WIDTH; c++) {
                double gradient = STEP.gradientScale() * g.at(row, c);
                double m = (1 - STEP.beta1()) * gradient;
                double v = (1 - STEP.beta2()) * gradient * gradient;
                double root = Math.sqrt(v / STEP.biasCorrection2());
                expected[c] -= STEP.learningRate()
                        * (STEP.weightDecay() * expected[c] + m / STEP.biasCorrection1() / (root + STEP.epsilon()));
            }
            worst = Math.max(worst, Device.error(device.ops().read(w.tensor().rows(row, 1)), expected));
        }
        return worst;
    }
}
