package io.github.jalign.benchmarks;

import io.github.jalign.model.CausalLm;
import io.github.jalign.model.Head;
import io.github.jalign.model.ModelConfig;
import io.github.jalign.model.Parameters;
import io.github.jalign.ops.HeadStatistics;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import java.util.Arrays;
import java.util.List;

/**
 * The fused head forward and backward: final norm, logits, statistics, their gradient and the two products that take it
 * to hidden states and matrix. Useful operations are those of three products, 6·C·V·D. Memory is what it needs beside
 * weights, gradients and hidden states.
 */
final class HeadTimings {
    private final Device device;

    HeadTimings(Device device) {
        this.device = device;
    }

    void run(int d, int vocabulary, int rows) {
        Ops ops = device.ops();
        ModelConfig like = device.shapes().model("tiny", 1);
        ModelConfig config = new ModelConfig(
                like.architecture(), vocabulary, d, 2, 1, 1, 2, 2, List.of(like.layers().getFirst()), 1e-5, 1e5,
                like.ropeScaling(), 1, true, false, false, -1, List.of());
        var specs = Parameters.specs(config, ops.accumulationDtype());
        Parameters weights = new Parameters(config, ops.allocate("weights", specs));
        Parameters gradients = new Parameters(config, ops.allocate("gradients", specs));
        Normals.Known w = device.normals().fill(ops, weights.head(), 1, 0.02);
        ops.fill(weights.finalNorm(), 1);
        CausalLm model = new CausalLm(ops, config, weights, 1);
        model.refresh();
        TensorArena states = device.allocate(device.narrow("hidden", rows, d), device.narrow("dhidden", rows, d));
        Normals.Known hidden = device.normals().fill(ops, states.get("hidden"), 2, 1);
        Tensor dhidden = states.get("dhidden");
        long before = ops.allocatedBytes();
        int chunk = Head.chunkRows(config, ops.accumulationDtype(), rows);
        ops.reserve(new Workload(rows, 1, 1, 1, 2, d, d, vocabulary, chunk, true));
        Head head = new Head(model, rows, true);
        long memory = ops.allocatedBytes() - before;

        int[] all = new int[rows];
        int[] targets = new int[rows];
        Arrays.setAll(all, i -> i);
        Arrays.setAll(targets, i -> (int) (i * 7_919L % vocabulary));
        double[] g = new double[rows];
        Arrays.setAll(g, i -> (i % 2 == 0 ? -1.0 : 1.0) / rows);
        head.run(hidden.tensor(), all, targets);
        head.backward(g, dhidden, gradients);
        double error = error(head, hidden, w, targets, g, gradients.head());
        double seconds = device.watch().seconds(i -> {
            head.run(hidden.tensor(), all, targets);
            head.backward(dhidden, gradients);
        });
        device.log().add(Timing.of(
                        "head", rows + " rows, " + d + " x " + vocabulary, "forward and backward", seconds,
                        6.0 * rows * vocabulary * d, "flop", error)
                .needing(memory));
    }

    /** The last row's log-prob, and the gradient of its target's row of the matrix. */
    private double error(Head head, Normals.Known hidden, Normals.Known w, int[] targets, double[] g, Tensor dw) {
        Ops ops = device.ops();
        double[] statistics = ops.read(head.statistics());
        int last = targets.length - 1;
        int token = targets[last];
        double[] lastRow = normed(hidden.row(last));
        double sum = 0;
        for (int v = 0; v < w.tensor().rows(); v++) {
            sum += Math.exp(dot(lastRow, w, v));
        }
        double logp = dot(lastRow, w, token) - Math.log(sum);
        double found = statistics[last * HeadStatistics.COLUMNS + HeadStatistics.LOGP];
        double worst = Math.abs(found - logp) / Math.abs(logp);
        double[] expected = new double[w.tensor().cols()];
        for (int row = 0; row < targets.length; row++) {
            double[] x = normed(hidden.row(row));
            double lse = statistics[row * HeadStatistics.COLUMNS + HeadStatistics.LOG_SUM_EXP];
            double slope = g[row] * ((targets[row] == token ? 1 : 0) - Math.exp(dot(x, w, token) - lse));
            for (int c = 0; c < x.length; c++) {
                expected[c] += slope * x[c];
            }
        }
        return Math.max(worst, Device.error(ops.read(dw.rows(token, 1)), expected));
    }

    private static double[] normed(double[] x) {
        double rstd = 1 / Math.sqrt(Arrays.stream(x).map(v -> v * v).sum() / x.length + 1e-5);
        return Arrays.stream(x).map(v -> v * rstd).toArray();
    }

    private static double dot(double[] x, Normals.Known w, int row) {
        double sum = 0;
        for (int c = 0; c < x.length; c++) {
            sum += x[c] * w.at(row, c);
        }
        return sum;
    }
}
