package io.github.jalign.model;

import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.List;

/**
 * Cosine and sine of every rotary angle, with N = rotaryDim / 2 columns and one row a position; where longer sequences
 * have other frequencies ({@link RopeScaling#switchLength}), as many rows follow for those: [P or 2P, N]. Angles are taken
 * in float64 and rounded once.
 */
public final class Rope {
    private final Tensor cos;
    private final Tensor sin;
    private final int positions;
    private final int switchLength;

    /** @param positions P, the longest sequence that will come */
    public Rope(Ops ops, ModelConfig config, int positions) {
        RopeScaling scaling = config.ropeScaling();
        this.positions = positions;
        this.switchLength = scaling.switchLength();
        int tables = positions > switchLength ? 2 : 1;
        int half = config.rotaryDim() / 2;
        int rows = tables * positions;
        TensorArena arena = ops.allocate(
                "rotary tables",
                List.of(
                        new TensorSpec("cos", ops.accumulationDtype(), rows, half),
                        new TensorSpec("sin", ops.accumulationDtype(), rows, half)));
        this.cos = arena.get("cos");
        this.sin = arena.get("sin");
        double[] c = new double[rows * half];
        double[] s = new double[rows * half];
        for (int i = 0; i < half; i++) {
            double plain = Math.pow(config.ropeTheta(), -2.0 * i / config.rotaryDim());
            for (int table = 0; table < tables; table++) {
                double frequency = scaling.scale(i, plain, table == 1);
                for (int p = 0; p < positions; p++) {
                    int at = (table * positions + p) * half + i;
                    c[at] = scaling.attentionFactor() * Math.cos(p * frequency);
                    s[at] = scaling.attentionFactor() * Math.sin(p * frequency);
                }
            }
        }
        ops.write(cos, c);
        ops.write(sin, s);
    }

    /** Whether a sequence of so many tokens has the frequencies of longer ones. */
    boolean longer(int length) {
        return length > switchLength;
    }

    /** The tables' rows of {@code count} tokens from a position on. */
    int[] rows(int from, int count, boolean longer) {
        int[] rows = new int[count];
        for (int t = 0; t < count; t++) {
            rows[t] = (longer ? positions : 0) + from + t;
        }
        return rows;
    }

    /**
     * The tables' rows of a pack's tokens: [T].
     *
     * @throws IllegalArgumentException for a prompt before completions on both sides of the switch
     */
    int[] rows(Segments segments) {
        int[] rows = segments.positions();
        boolean[] longer = new boolean[segments.count()];
        boolean[] decided = new boolean[segments.count()];
        // Children stand behind their parent and decide for it.
        for (int s = segments.count() - 1; s >= 0; s--) {
            boolean own = longer(segments.parentLength(s) + segments.length(s));
            if (!decided[s]) {
                longer[s] = own;
            }
            if (segments.hasParent(s)) {
                int parent = segments.parent(s);
                if (decided[parent] && longer[parent] != own) {
                    throw new IllegalArgumentException("segment " + parent + " would need two kinds of positions");
                }
                longer[parent] = own;
                decided[parent] = true;
            }
        }
        for (int s = 0; s < segments.count(); s++) {
            for (int t = segments.start(s); longer[s] && t < segments.end(s); t++) {
                rows[t] += positions;
            }
        }
        return rows;
    }

    public Tensor cos() {
        return cos;
    }

    public Tensor sin() {
        return sin;
    }
}
