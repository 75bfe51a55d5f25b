package io.github.jalign.ops.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Workload;
import io.github.jalign.ops.reference.ReferenceOps;
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
 * One operator on the reference, and on the CPU with 1, 2 and 3 threads and as many shapes of tiles, from the same values.
 * Every CPU run must end with equal bits in every tensor; the caller bounds their distance from the reference. Matrices
 * lie between other values, which no run may change.
 */
final class Trial {
    /** Half the distance from 1 to the next float: the relative error of one rounding. */
    static final double U = 0x1p-24;

    private static final double GAP = -7;
    private static final List<MicroKernel> KERNELS = List.of(new Kernel12x2(), new Kernel4x4(), new Kernel4x2());

    /** Steps of rounding in a sum of {@code n} terms along the lanes of vectors, then of the lanes and of what is left. */
    static double depth(int n) {
        return n / Lanes.COUNT + Math.log(Lanes.COUNT) / Math.log(2) + n % Lanes.COUNT + 1;
    }

    @FunctionalInterface
    interface Program {
        void run(Ops ops, Function<String, Tensor> tensors);
    }

    /** What error element (r, c) may have. */
    @FunctionalInterface
    interface Bound {
        double of(int r, int c);
    }

    private record Floats(int rows, int cols, int before, int after, double[] values) {}

    private final Random random;
    private final Map<String, Floats> floats = new LinkedHashMap<>();
    private final Map<String, int[]> ids = new LinkedHashMap<>();
    private final Map<String, Double> numbers = new LinkedHashMap<>();
    private Map<String, double[]> expected = Map.of();
    private Map<String, double[]> actual = Map.of();

    Trial(long seed) {
        random = new Random(seed);
    }

    private static <V> V named(Map<String, V> map, String name) {
        return Objects.requireNonNull(map.get(name), name);
    }

    Random random() {
        return random;
    }

    /** A tensor of normally distributed values. */
    Trial normal(String name, int rows, int cols, double deviation) {
        return values(name, rows, cols, () -> random.nextGaussian() * deviation);
    }

    Trial values(String name, int rows, int cols, DoubleSupplier value) {
        int gap = rows > 1 ? random.nextInt(3) : 0;
        int before = gap == 2 ? 3 : 0;
        int after = gap == 0 ? 0 : 5;
        double[] all = new double[rows * cols];
        Arrays.setAll(all, i -> (float) value.getAsDouble());
        floats.put(name, new Floats(rows, cols, before, after, all));
        return this;
    }

    Trial ids(String name, int... values) {
        ids.put(name, values);
        return this;
    }

    boolean has(String name) {
        return floats.containsKey(name);
    }

    double value(String name, int r, int c) {
        Floats f = named(floats, name);
        return f.values[r * f.cols + c];
    }

    /** For results that are not tensors. */
    void number(Ops ops, double value) {
        numbers.put(ops.name(), value);
    }

    double number(String ops) {
        return named(numbers, ops);
    }

    Trial run(Program program) {
        try (Ops ops = new ReferenceOps()) {
            expected = run(ops, program);
        }
        for (int threads = 1; threads <= 3; threads++) {
            try (Ops ops = new CpuOps(threads, KERNELS.get(threads - 1))) {
                Map<String, double[]> result = run(ops, program);
                if (threads > 1) {
                    for (String name : floats.keySet()) {
                        assertArrayEquals(named(actual, name), named(result, name), name + " with " + threads + " threads");
                    }
                }
                actual = result;
            }
        }
        return this;
    }

    private Map<String, double[]> run(Ops ops, Program program) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, TensorArena> arenas = new LinkedHashMap<>();
        floats.forEach((name, f) -> {
            int width = f.before + f.cols + f.after;
            TensorArena arena = ops.allocate(name, List.of(new TensorSpec(name, ops.dtype(), f.rows, width)));
            double[] padded = new double[f.rows * width];
            Arrays.fill(padded, GAP);
            for (int r = 0; r < f.rows; r++) {
                System.arraycopy(f.values, r * f.cols, padded, r * width + f.before, f.cols);
            }
            ops.write(arena.get(name), padded);
            arenas.put(name, arena);
            tensors.put(name, arena.get(name).columns(f.before, f.cols));
        });
        ids.forEach((name, values) -> {
            TensorArena arena = ops.allocate(name, List.of(new TensorSpec(name, DType.I32, 1, values.length)));
            ops.write(arena.get(name), values);
            tensors.put(name, arena.get(name));
        });
        ops.reserve(new Workload(600, 600, 12, 12, 128, 1024, 576, 1024, 64, true));
        program.run(ops, tensors::get);
        Map<String, double[]> results = new LinkedHashMap<>();
        floats.forEach((name, f) -> results.put(name, inner(name, f, ops.read(named(arenas, name).get(name)))));
        return results;
    }

    private static double[] inner(String name, Floats f, double[] padded) {
        int width = f.before + f.cols + f.after;
        double[] values = new double[f.rows * f.cols];
        for (int r = 0; r < f.rows; r++) {
            for (int c = 0; c < width; c++) {
                double value = padded[r * width + c];
                if (c >= f.before && c < f.before + f.cols) {
                    values[r * f.cols + c - f.before] = value;
                } else {
                    assertTrue(value == GAP, name + ": the gap in row " + r + " now holds " + value);
                }
            }
        }
        return values;
    }

    double expected(String name, int r, int c) {
        return named(expected, name)[r * named(floats, name).cols + c];
    }

    double actual(String name, int r, int c) {
        return named(actual, name)[r * named(floats, name).cols + c];
    }

    /** |actual - expected| ≤ bound, element by element. */
    Trial within(String name, Bound bound) {
        Floats f = named(floats, name);
        for (int i = 0; i < f.values.length; i++) {
            int r = i / f.cols;
            int c = i % f.cols;
            double error = Math.abs(actual(name, r, c) - expected(name, r, c));
            double limit = bound.of(r, c);
            assertTrue(
                    error <= limit,
                    () -> "%s[%d, %d] is %s, not %s: off by %s, allowed %s"
                            .formatted(name, r, c, actual(name, r, c), expected(name, r, c), error, limit));
        }
        return this;
    }

    /** The reference's value rounded once. */
    Trial rounded(String name) {
        return within(name, (r, c) -> Math.abs((float) expected(name, r, c) - expected(name, r, c)));
    }
}
