package io.github.jalign.ops.reference;

import static io.github.jalign.ops.reference.At.accumulate;
import static io.github.jalign.ops.reference.At.get;
import static io.github.jalign.ops.reference.At.id;
import static io.github.jalign.ops.reference.At.set;

import io.github.jalign.ops.AdamWStep;
import io.github.jalign.ops.Arenas;
import io.github.jalign.ops.AttentionShape;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import io.github.jalign.ops.Weight;
import io.github.jalign.ops.Workload;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;

/** The definition of every operator: float64, one thread, loops that follow the formula in {@link Ops}. */
public final class ReferenceOps implements Ops {
    private final Arenas arenas = Arenas.onHost();

    /** The reference needs no workspace. */
    public static List<TensorSpec> workspace(Workload load) {
        return List.of();
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String description() {
        return "reference: float64 loops, one thread";
    }

    @Override
    public DType dtype() {
        return DType.F64;
    }

    @Override
    public DType accumulationDtype() {
        return DType.F64;
    }

    @Override
    public TensorArena allocate(String purpose, List<TensorSpec> specs) {
        return arenas.allocate(purpose, specs);
    }

    @Override
    public void reserve(Workload load) {}

    @Override
    public long allocatedBytes() {
        return arenas.allocated();
    }

    @Override
    public long peakBytes() {
        return arenas.peak();
    }

    @Override
    public void upload(Tensor destination, Consumer<MemorySegment> writer) {
        writer.accept(destination.hostBytes());
    }

    @Override
    public MemorySegment download(Tensor source) {
        return source.hostBytes().asReadOnly();
    }

    @Override
    public Weight weight(Tensor w) {
        return new ReferenceWeight(w);
    }

    @Override
    public void fill(Tensor x, double value) {
        for (int r = 0; r < x.rows(); r++) {
            for (int c = 0; c < x.cols(); c++) {
                set(x, r, c, value);
            }
        }
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        for (int r = 0; r < x.rows(); r++) {
            for (int c = 0; c < x.cols(); c++) {
                set(y, r, c, get(x, r, c));
            }
        }
    }

    @Override
    public double sumOfSquares(Tensor x) {
        double sum = 0;
        for (int r = 0; r < x.rows(); r++) {
            for (int c = 0; c < x.cols(); c++) {
                sum += get(x, r, c) * get(x, r, c);
            }
        }
        return sum;
    }

    @Override
    public void adamW(Tensor w, Tensor g, Tensor m, Tensor v, AdamWStep step) {
        for (int r = 0; r < w.rows(); r++) {
            for (int c = 0; c < w.cols(); c++) {
                double gradient = get(g, r, c) * step.gradientScale();
                double first = step.beta1() * get(m, r, c) + (1 - step.beta1()) * gradient;
                double second = step.beta2() * get(v, r, c) + (1 - step.beta2()) * gradient * gradient;
                double decayed = get(w, r, c) * (1 - step.learningRate() * step.weightDecay());
                double denominator = Math.sqrt(second) / Math.sqrt(step.biasCorrection2()) + step.epsilon();
                set(m, r, c, first);
                set(v, r, c, second);
                set(w, r, c, decayed - step.learningRate() / step.biasCorrection1() * first / denominator);
            }
        }
    }

    @Override
    public void embed(Tensor table, Tensor ids, Tensor out) {
        gather(table, ids, out);
    }

    @Override
    public void gatherRows(Tensor x, Tensor rows, Tensor out) {
        gather(x, rows, out);
    }

    private static void gather(Tensor from, Tensor rows, Tensor out) {
        for (int t = 0; t < out.rows(); t++) {
            for (int d = 0; d < out.cols(); d++) {
                set(out, t, d, get(from, id(rows, t), d));
            }
        }
    }

    @Override
    public void embedBackward(Tensor dout, Tensor ids, int paddingId, Tensor dtable) {
        for (int t = 0; t < dout.rows(); t++) {
            if (id(ids, t) != paddingId) {
                for (int d = 0; d < dout.cols(); d++) {
                    accumulate(dtable, id(ids, t), d, get(dout, t, d));
                }
            }
        }
    }

    @Override
    public void scatterRows(Tensor dout, Tensor rows, Tensor dx) {
        embedBackward(dout, rows, -1, dx);
    }

    @Override
    public void addBias(Tensor y, Tensor bias) {
        for (int t = 0; t < y.rows(); t++) {
            for (int n = 0; n < y.cols(); n++) {
                accumulate(y, t, n, get(bias, 0, n));
            }
        }
    }

    @Override
    public void biasBackward(Tensor dy, Tensor dbias) {
        for (int n = 0; n < dy.cols(); n++) {
            for (int t = 0; t < dy.rows(); t++) {
                accumulate(dbias, 0, n, get(dy, t, n));
            }
        }
    }

    @Override
    public void add(Tensor x, Tensor y, Tensor z) {
        for (int t = 0; t < x.rows(); t++) {
            for (int d = 0; d < x.cols(); d++) {
                set(z, t, d, get(x, t, d) + get(y, t, d));
            }
        }
    }

    @Override
    public void addRmsNorm(Tensor x, Tensor delta, Tensor weight, double eps, Tensor sum, Tensor out, Tensor rstd) {
        add(x, delta, sum);
        rmsNorm(sum, weight, eps, out, rstd);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double eps, Tensor out, Tensor rstd) {
        for (int t = 0; t < x.rows(); t++) {
            double squares = 0;
            for (int d = 0; d < x.cols(); d++) {
                squares += get(x, t, d) * get(x, t, d);
            }
            set(rstd, 0, t, 1 / Math.sqrt(squares / x.cols() + eps));
        }
        rmsNormAgain(x, weight, rstd, out);
    }

    @Override
    public void rmsNormAgain(Tensor x, Tensor weight, Tensor rstd, Tensor out) {
        for (int t = 0; t < x.rows(); t++) {
            for (int d = 0; d < x.cols(); d++) {
                set(out, t, d, get(x, t, d) * get(rstd, 0, t) * get(weight, 0, d));
            }
        }
    }

    @Override
    public void rmsNormBackward(Tensor dout, Tensor x, Tensor weight, Tensor rstd, Tensor dx, Tensor dweight) {
        for (int t = 0; t < x.rows(); t++) {
            double scale = get(rstd, 0, t);
            double mean = 0;
            for (int d = 0; d < x.cols(); d++) {
                mean += get(dout, t, d) * get(weight, 0, d) * get(x, t, d) * scale / x.cols();
            }
            for (int d = 0; d < x.cols(); d++) {
                double normed = get(x, t, d) * scale;
                accumulate(dx, t, d, scale * (get(dout, t, d) * get(weight, 0, d) - normed * mean));
                accumulate(dweight, 0, d, get(dout, t, d) * normed);
            }
        }
    }

    @Override
    public void rope(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        rotate(x, positions, cos, sin, heads, headDim, 1);
    }

    @Override
    public void ropeBackward(Tensor dx, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim) {
        rotate(dx, positions, cos, sin, heads, headDim, -1);
    }

    private static void rotate(Tensor x, Tensor positions, Tensor cos, Tensor sin, int heads, int headDim, int direction) {
        int half = cos.cols();
        for (int t = 0; t < x.rows(); t++) {
            int p = id(positions, t);
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < half; i++) {
                    double a = get(x, t, h * headDim + i);
                    double b = get(x, t, h * headDim + half + i);
                    double c = get(cos, p, i);
                    double s = get(sin, p, i) * direction;
                    set(x, t, h * headDim + i, a * c - b * s);
                    set(x, t, h * headDim + half + i, b * c + a * s);
                }
            }
        }
    }

    @Override
    public void attention(Tensor qkv, Segments segments, AttentionShape shape, Tensor out, Tensor lse) {
        ReferenceAttention.forward(qkv, segments, shape, out, lse);
    }

    @Override
    public void attentionBackward(
            Tensor dout, Tensor qkv, Tensor out, Tensor lse, Segments segments, AttentionShape shape, Tensor dqkv) {
        ReferenceAttention.backward(dout, qkv, out, lse, segments, shape, dqkv);
    }

    @Override
    public void swiglu(Tensor gateUp, Tensor out) {
        int width = out.cols();
        for (int t = 0; t < out.rows(); t++) {
            for (int f = 0; f < width; f++) {
                double gate = get(gateUp, t, f);
                set(out, t, f, gate * sigmoid(gate) * get(gateUp, t, width + f));
            }
        }
    }

    /** With s = σ(gate): dgate = dout·up·s·(1 + gate·(1 - s)), dup = dout·gate·s. */
    @Override
    public void swigluBackward(Tensor dout, Tensor gateUp, Tensor dgateUp) {
        int width = dout.cols();
        for (int t = 0; t < dout.rows(); t++) {
            for (int f = 0; f < width; f++) {
                double gate = get(gateUp, t, f);
                double up = get(gateUp, t, width + f);
                double s = sigmoid(gate);
                double d = get(dout, t, f);
                set(dgateUp, t, f, d * up * s * (1 + gate * (1 - s)));
                set(dgateUp, t, width + f, d * gate * s);
            }
        }
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    @Override
    public void logSoftmax(Tensor logits, Tensor targets, Tensor statistics) {
        ReferenceHead.forward(logits, targets, statistics);
    }

    @Override
    public Tensor logSoftmaxBackward(Tensor logits, Tensor targets, Tensor statistics, Tensor g) {
        ReferenceHead.backward(logits, targets, statistics, g);
        return logits;
    }

    @Override
    public void appendToCache(Tensor qkv, AttentionShape shape, Tensor slots, Tensor keys, Tensor values) {
        ReferenceAttention.append(qkv, shape, slots, keys, values);
    }

    @Override
    public void attentionCached(Tensor qkv, Tensor keys, Tensor values, Tensor slots, AttentionShape shape, Tensor out) {
        ReferenceAttention.cached(qkv, keys, values, slots, shape, out);
    }

    @Override
    public void close() {
        arenas.close();
    }
}
