package io.github.jalign.model;

import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;

/**
 * Cosine and sine of every rotary angle, one row a position: [P, N] with N = rotaryDim / 2. Angles are taken in float64
 * and rounded once.
 */
public final class Rope {
    private final Tensor cos;
    private final Tensor sin;

    /** @param positions P, the longest sequence that will come */
    public Rope(Ops ops, ModelConfig config, int positions) {
        int half = config.rotaryDim() / 2;
        TensorArena arena = ops.allocate(
                "rotary tables",
                List.of(
                        new TensorSpec("cos", ops.accumulationDtype(), positions, half),
                        new TensorSpec("sin", ops.accumulationDtype(), positions, half)));
        this.cos = arena.get("cos");
        this.sin = arena.get("sin");
        double[] c = new double[positions * half];
        double[] s = new double[positions * half];
        for (int i = 0; i < half; i++) {
            double frequency =
                    config.ropeScaling().scale(Math.pow(config.ropeTheta(), -2.0 * i / config.rotaryDim()));
            for (int p = 0; p < positions; p++) {
                c[p * half + i] = Math.cos(p * frequency);
                s[p * half + i] = Math.sin(p * frequency);
            }
        }
        ops.write(cos, c);
        ops.write(sin, s);
    }

    public Tensor cos() {
        return cos;
    }

    public Tensor sin() {
        return sin;
    }
}
