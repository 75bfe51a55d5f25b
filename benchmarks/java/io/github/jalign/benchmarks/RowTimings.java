package io.github.jalign.benchmarks;

import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import java.util.Arrays;
import java.util.Collections;

/**
 * What is bound by memory: residual and RMSNorm, SwiGLU, rotary positions. Useful bytes are those of each tensor that must
 * be read or written, once. Memories are taken in turn, so that none is still in the L2 cache when it comes again.
 */
final class RowTimings {
    private static final double EPS = 1e-5;

    private final Device device;
    private final Ops ops;
    private final Normals normals;
    private final int tokens;

    RowTimings(Device device) {
        this.device = device;
        this.ops = device.ops();
        this.normals = device.normals();
        this.tokens = device.shapes().tokens();
    }

    void run() {
        int widest = Collections.max(device.shapes().normWidths());
        ops.reserve(new Workload(tokens, 1, 1, 1, 2, widest, widest, 1, 1, true));
        for (int d : device.shapes().normWidths()) {
            norm(d);
            normBackward(d);
        }
        device.shapes().swigluWidths().forEach(this::swiglu);
        device.shapes().rotated().forEach(this::rope);
    }

    /** Rows whose results are looked at. */
    private int[] sampled() {
        return new int[] {0, tokens / 2 + 1, tokens - 1};
    }

    private interface Expected {
        double[] row(int row);
    }

    private double worst(Tensor x, Expected expected) {
        return Arrays.stream(sampled())
                .mapToDouble(row -> Device.error(ops.read(x.rows(row, 1)), expected.row(row)))
                .max()
                .orElseThrow();
    }

    private long bytes(long elements) {
        return elements * ops.dtype().bytes();
    }

    private void add(String group, String name, String pass, double seconds, long moved, double error) {
        device.log().add(Timing.of(group, name, pass, seconds, moved, "byte", error));
    }

    private void norm(int d) {
        long moved = bytes(4L * tokens * d);
        int turns = device.turns(moved);
        int rows = turns * tokens;
        try (TensorArena narrow = device.allocate(
                        device.narrow("x", rows, d),
                        device.narrow("delta", rows, d),
                        device.narrow("sum", rows, d),
                        device.narrow("out", rows, d));
                TensorArena wide = device.allocate(device.wide("weight", 1, d), device.wide("rstd", 1, rows))) {
            Normals.Known x = normals.fill(ops, narrow.get("x"), 1, 1);
            Normals.Known delta = normals.fill(ops, narrow.get("delta"), 2, 1);
            Normals.Known weight = normals.fill(ops, wide.get("weight"), 3, 1);
            double seconds = device.watch().seconds(i -> {
                int at = i % turns * tokens;
                ops.addRmsNorm(
                        x.tensor().rows(at, tokens),
                        delta.tensor().rows(at, tokens),
                        weight.tensor(),
                        EPS,
                        narrow.get("sum").rows(at, tokens),
                        narrow.get("out").rows(at, tokens),
                        wide.get("rstd").columns(at, tokens));
            });
            double error = worst(narrow.get("out"), row -> {
                double[] sum = x.row(row);
                double[] added = delta.row(row);
                Arrays.setAll(sum, c -> sum[c] + added[c]);
                double rstd = rstd(sum);
                double[] w = weight.row(0);
                double[] out = new double[d];
                Arrays.setAll(out, c -> sum[c] * rstd * w[c]);
                return out;
            });
            add("norm", tokens + " x " + d, "add and norm", seconds, moved, error);
        }
    }

    private static double rstd(double[] x) {
        return 1 / Math.sqrt(Arrays.stream(x).map(v -> v * v).sum() / x.length + EPS);
    }

    private void normBackward(int d) {
        long moved = bytes(4L * tokens * d);
        int turns = device.turns(moved);
        int rows = turns * tokens;
        try (TensorArena narrow = device.allocate(
                        device.narrow("x", rows, d),
                        device.narrow("dout", rows, d),
                        device.narrow("dx", rows, d),
                        device.narrow("out", tokens, d));
                TensorArena wide = device.allocate(
                        device.wide("weight", 1, d), device.wide("dweight", 1, d), device.wide("rstd", 1, rows))) {
            Normals.Known x = normals.fill(ops, narrow.get("x"), 1, 1);
            Normals.Known dout = normals.fill(ops, narrow.get("dout"), 2, 1);
            Normals.Known dx = normals.fill(ops, narrow.get("dx"), 3, 1);
            Normals.Known weight = normals.fill(ops, wide.get("weight"), 4, 1);
            Tensor rstds = wide.get("rstd");
            for (int at = 0; at < rows; at += tokens) {
                ops.rmsNorm(
                        x.tensor().rows(at, tokens), weight.tensor(), EPS, narrow.get("out"), rstds.columns(at, tokens));
            }
            FromRow backward = at -> ops.rmsNormBackward(
                    dout.tensor().rows(at, tokens),
                    x.tensor().rows(at, tokens),
                    weight.tensor(),
                    rstds.columns(at, tokens),
                    dx.tensor().rows(at, tokens),
                    wide.get("dweight"));
            // It adds to dx and dweight: what is looked at is the first run.
            backward.run(0);
            double[] w = weight.row(0);
            double[] dw = new double[d];
            for (int row = 0; row < tokens; row++) {
                double[] in = x.row(row);
                double[] g = dout.row(row);
                double rstd = rstd(in);
                for (int c = 0; c < d; c++) {
                    dw[c] += g[c] * in[c] * rstd;
                }
            }
            double error = Math.max(
                    Device.error(ops.read(wide.get("dweight")), dw),
                    worst(dx.tensor(), row -> gradient(x.row(row), dout.row(row), w, dx.row(row))));
            double seconds = device.watch().seconds(i -> backward.run(i % turns * tokens));
            add("norm", tokens + " x " + d, "backward", seconds, moved, error);
        }
    }

    private interface FromRow {
        void run(int firstRow);
    }

    private static double[] gradient(double[] x, double[] dout, double[] weight, double[] before) {
        double rstd = rstd(x);
        double mean = 0;
        for (int c = 0; c < x.length; c++) {
            mean += dout[c] * weight[c] * x[c] * rstd / x.length;
        }
        double[] dx = before.clone();
        for (int c = 0; c < x.length; c++) {
            dx[c] += rstd * (dout[c] * weight[c] - x[c] * rstd * mean);
        }
        return dx;
    }

    private void swiglu(int f) {
        int turns = device.turns(bytes(3L * tokens * f));
        int rows = turns * tokens;
        String name = tokens + " x " + f;
        try (TensorArena narrow = device.allocate(
                device.narrow("gateUp", rows, 2 * f),
                device.narrow("dgateUp", rows, 2 * f),
                device.narrow("out", rows, f),
                device.narrow("dout", rows, f))) {
            Normals.Known gateUp = normals.fill(ops, narrow.get("gateUp"), 1, 1);
            Normals.Known dout = normals.fill(ops, narrow.get("dout"), 2, 1);
            double forward = device.watch().seconds(i -> {
                int at = i % turns * tokens;
                ops.swiglu(gateUp.tensor().rows(at, tokens), narrow.get("out").rows(at, tokens));
            });
            double error = worst(narrow.get("out"), row -> {
                double[] out = new double[f];
                Arrays.setAll(out, c -> {
                    double gate = gateUp.at(row, c);
                    return gate * sigmoid(gate) * gateUp.at(row, f + c);
                });
                return out;
            });
            add("swiglu", name, "forward", forward, bytes(3L * tokens * f), error);
            double backward = device.watch().seconds(i -> {
                int at = i % turns * tokens;
                ops.swigluBackward(
                        dout.tensor().rows(at, tokens),
                        gateUp.tensor().rows(at, tokens),
                        narrow.get("dgateUp").rows(at, tokens));
            });
            double backError = worst(narrow.get("dgateUp"), row -> {
                double[] expected = new double[2 * f];
                for (int c = 0; c < f; c++) {
                    double gate = gateUp.at(row, c);
                    double s = sigmoid(gate);
                    expected[c] = dout.at(row, c) * gateUp.at(row, f + c) * s * (1 + gate * (1 - s));
                    expected[f + c] = dout.at(row, c) * gate * s;
                }
                return expected;
            });
            add("swiglu", name, "backward", backward, bytes(5L * tokens * f), backError);
        }
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** In place, on queries and keys beside the values that are left alone. */
    private void rope(AttentionShape shape) {
        int heads = shape.heads() + shape.keyValueHeads();
        int e = shape.headDim();
        int half = e / 2;
        long moved = bytes(2L * tokens * heads * e);
        int turns = device.turns(moved);
        try (TensorArena narrow = device.allocate(device.narrow("qkv", turns * tokens, shape.packedWidth()));
                TensorArena tables = device.allocate(device.wide("cos", tokens, half), device.wide("sin", tokens, half));
                TensorArena ids = device.allocate(Device.ids("positions", tokens))) {
            Normals.Known qkv = normals.fill(ops, narrow.get("qkv"), 1, 1);
            double[] angles = new double[tokens * half];
            Arrays.setAll(angles, i -> i / half * Math.pow(1e5, -2.0 * (i % half) / e));
            ops.write(tables.get("cos"), Arrays.stream(angles).map(Math::cos).toArray());
            ops.write(tables.get("sin"), Arrays.stream(angles).map(Math::sin).toArray());
            int[] positions = new int[tokens];
            Arrays.setAll(positions, t -> t);
            ops.write(ids.get("positions"), positions);
            FromRow rope = at -> ops.rope(
                    qkv.tensor().rows(at, tokens), ids.get("positions"), tables.get("cos"), tables.get("sin"), heads, e);
            rope.run(0);
            double error = worst(qkv.tensor(), row -> {
                double[] x = qkv.row(row);
                double[] turned = x.clone();
                for (int c = 0; c < heads * e; c++) {
                    int i = c % e % half;
                    double sin = Math.sin(angles[row * half + i]) * (c % e < half ? -1 : 1);
                    int other = c % e < half ? c + half : c - half;
                    turned[c] = x[c] * Math.cos(angles[row * half + i]) + x[other] * sin;
                }
                return turned;
            });
            double seconds = device.watch().seconds(i -> rope.run(i % turns * tokens));
            String name = tokens + " x " + shape.heads() + "+" + shape.keyValueHeads() + " heads of " + e;
            add("rope", name, "forward", seconds, moved, error);
        }
    }
}
