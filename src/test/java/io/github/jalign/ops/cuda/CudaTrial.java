package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Workload;
import io.github.jalign.ops.reference.ReferenceOps;
import io.github.jalign.tensor.BFloat16;
import io.github.jalign.tensor.DType;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;
import io.github.jalign.tensor.TensorSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

/**
 * Operators on the reference and on the emulated GPU, from the same values: those of activations are rounded to the
 * dtype first. Matrices may lie between other values, which no run may change.
 */
final class CudaTrial {
    private static final double GAP = -7;

    @FunctionalInterface
    interface Program {
        void run(Ops ops, Function<String, Tensor> tensors);
    }

    /** What error element (r, c) may have. */
    @FunctionalInterface
    interface Bound {
        double of(int r, int c);
    }

    private record Floats(boolean wide, int rows, int cols, int before, int after, double[] values) {
        int width() {
            return before + cols + after;
        }
    }

    private final DType dtype;
    private final AttentionTiles.Products products;
    private final Random random;
    private final Map<String, Floats> floats = new LinkedHashMap<>();
    private final Map<String, int[]> ids = new LinkedHashMap<>();
    private Map<String, double[]> expected = Map.of();
    private Map<String, double[]> actual = Map.of();

    CudaTrial(DType dtype, long seed) {
        this(dtype, AttentionTiles.Products.MMA, seed);
    }

    CudaTrial(DType dtype, AttentionTiles.Products products, long seed) {
        this.dtype = dtype;
        this.products = products;
        this.random = new Random(seed);
    }

    private static <V> V named(Map<String, V> map, String name) {
        return Objects.requireNonNull(map.get(name), name);
    }

    /** Half the distance from 1 to the next number: 2^-8 in bfloat16, and what bounds call 0 in float32. */
    static double unit(DType dtype) {
        return dtype == DType.BF16 ? 0x1p-8 : 0;
    }

    /** Normally distributed activations, without neighbours. */
    CudaTrial normal(String name, int rows, int cols) {
        return between(name, rows, cols, 0, 0, random::nextGaussian);
    }

    /** Activations with {@code before} and {@code after} elements of other tensors beside each row. */
    CudaTrial between(String name, int rows, int cols, int before, int after, DoubleSupplier value) {
        double[] all = new double[rows * cols];
        Arrays.setAll(all, i -> {
            float x = (float) value.getAsDouble();
            return dtype == DType.BF16 ? BFloat16.toFloat(BFloat16.round(x)) : x;
        });
        floats.put(name, new Floats(false, rows, cols, before, after, all));
        return this;
    }

    Random random() {
        return random;
    }

    /** A result in float32. */
    CudaTrial wide(String name, int rows, int cols) {
        floats.put(name, new Floats(true, rows, cols, 0, 0, new double[rows * cols]));
        return this;
    }

    /** Parameters, statistics or logits: float32 in either dtype. */
    CudaTrial wide(String name, int rows, int cols, DoubleSupplier value) {
        double[] all = new double[rows * cols];
        Arrays.setAll(all, i -> (float) value.getAsDouble());
        floats.put(name, new Floats(true, rows, cols, 0, 0, all));
        return this;
    }

    CudaTrial ids(String name, int... values) {
        ids.put(name, values);
        return this;
    }

    double value(String name, int r, int c) {
        Floats f = named(floats, name);
        return f.values[r * f.cols + c];
    }

    double expected(String name, int r, int c) {
        return named(expected, name)[r * named(floats, name).cols + c];
    }

    double actual(String name, int r, int c) {
        return named(actual, name)[r * named(floats, name).cols + c];
    }

    /** On the reference, and twice on a GPU that is open: the bits must be the same. */
    CudaTrial runTwice(Ops gpu, Workload load, Program program) {
        try (Ops ops = new ReferenceOps()) {
            expected = run(ops, load, program);
        }
        return runTwiceOnGpuOnly(gpu, load, program);
    }

    /** The same on a GPU of its own. */
    CudaTrial runTwice(Workload load, Program program) {
        try (Ops gpu = new CudaOps(dtype, device -> products)) {
            return runTwice(gpu, load, program);
        }
    }

    CudaTrial runTwiceOnGpuOnly(Ops gpu, Workload load, Program program) {
        actual = run(gpu, load, program);
        Map<String, double[]> again = run(gpu, load, program);
        actual.forEach((name, values) -> assertArrayEquals(values, again.get(name), name + " when run again"));
        return this;
    }

    CudaTrial runOnGpuOnly(Workload load, Program program) {
        try (Ops ops = new CudaOps(dtype, device -> products)) {
            actual = run(ops, load, program);
        }
        return this;
    }

    private Map<String, double[]> run(Ops ops, Workload load, Program program) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, TensorArena> arenas = new LinkedHashMap<>();
        floats.forEach((name, f) -> {
            DType type = f.wide ? ops.accumulationDtype() : ops.dtype();
            TensorArena arena = ops.allocate(name, List.of(new TensorSpec(name, type, f.rows, f.width())));
            double[] padded = new double[f.rows * f.width()];
            Arrays.fill(padded, GAP);
            for (int r = 0; r < f.rows; r++) {
                System.arraycopy(f.values, r * f.cols, padded, r * f.width() + f.before, f.cols);
            }
            ops.write(arena.get(name), padded);
            arenas.put(name, arena);
            tensors.put(name, arena.get(name).columns(f.before, f.cols));
        });
        ids.forEach((name, values) -> {
            TensorArena arena = ops.allocate(name, List.of(new TensorSpec(name, DType.I32, 1, values.length)));
            ops.write(arena.get(name), values);
            arenas.put(name, arena);
            tensors.put(name, arena.get(name));
        });
        ops.reserve(load);
        program.run(ops, name -> named(tensors, name));
        Map<String, double[]> results = new LinkedHashMap<>();
        floats.forEach((name, f) -> results.put(name, inner(name, f, ops.read(named(arenas, name).get(name)))));
        arenas.values().forEach(TensorArena::close);
        return results;
    }

    private static double[] inner(String name, Floats f, double[] padded) {
        double[] values = new double[f.rows * f.cols];
        for (int r = 0; r < f.rows; r++) {
            for (int c = 0; c < f.width(); c++) {
                double value = padded[r * f.width() + c];
                if (c >= f.before && c < f.before + f.cols) {
                    values[r * f.cols + c - f.before] = value;
                } else {
                    assertEquals(GAP, value, name + ": what lies beside row " + r);
                }
            }
        }
        return values;
    }

    /** |actual - expected| ≤ bound, element by element. */
    CudaTrial within(String name, Bound bound) {
        Floats f = named(floats, name);
        for (int r = 0; r < f.rows; r++) {
            for (int c = 0; c < f.cols; c++) {
                double error = Math.abs(actual(name, r, c) - expected(name, r, c));
                double limit = bound.of(r, c);
                assertTrue(
                        error <= limit,
                        "%s[%d, %d] is %s, not %s: off by %s, allowed %s"
                                .formatted(name, r, c, actual(name, r, c), expected(name, r, c), error, limit));
            }
        }
        return this;
    }
}
