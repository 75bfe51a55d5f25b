package io.github.jalign.ops.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every product against the definition of its bits, written as three loops. */
class GemmTest {
    private static final int[] SIZES = {1, 3, 4, 7, 8, 13, 31, 32, 33, 63, 127, 129, 576};
    private static final int CASES = 12;
    /** Enough for one panel of either factor and two blocks of depth, so that most products take several stages. */
    private static final int SMALL = 2 * Panels.BLOCK * 64;

    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(7);

    @AfterEach
    void free() {
        arena.close();
    }

    static List<MicroKernel> kernels() {
        return List.of(new Kernel12x2(), new Kernel4x4(), new Kernel4x2());
    }

    /** The three products, and for each which index of its factors runs along the sum. */
    enum Form {
        FORWARD,
        DX,
        DW;

        void run(Gemm gemm, int t, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
            switch (this) {
                case FORWARD -> gemm.forward(t, n, k, a, b, c, accumulate);
                case DX -> gemm.dx(t, n, k, a, b, c, accumulate);
                case DW -> gemm.dw(t, n, k, a, b, c, accumulate);
            }
        }

        int rows(int t, int n) {
            return this == DW ? n : t;
        }

        int columns(int n, int k) {
            return this == FORWARD ? n : k;
        }

        int depth(int t, int n, int k) {
            return switch (this) {
                case FORWARD -> k;
                case DX -> n;
                case DW -> t;
            };
        }

        /** Factor a of row i at step s. */
        float a(Matrix a, int i, int s) {
            return this == DW ? get(a, s, i) : get(a, i, s);
        }

        float b(Matrix b, int j, int s) {
            return this == FORWARD ? get(b, j, s) : get(b, s, j);
        }

        Matrix a(GemmTest test, int t, int n, int k) {
            return this == FORWARD ? test.matrix(t, k) : test.matrix(t, n);
        }

        Matrix b(GemmTest test, int t, int n, int k) {
            return this == DW ? test.matrix(t, k) : test.matrix(n, k);
        }
    }

    private static float get(Matrix m, int row, int column) {
        return m.memory().get(ValueLayout.JAVA_FLOAT, m.at(row, column));
    }

    /** Random values between other values, which a product must leave alone. */
    private Matrix matrix(int rows, int columns) {
        int stride = columns + random.nextInt(3) * 5;
        int offset = random.nextInt(4);
        MemorySegment memory = arena.allocate(4L * (offset + (long) rows * stride + 3), 64);
        for (long i = 0; i < memory.byteSize() / 4; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
        }
        return new Matrix(memory, offset, stride);
    }

    private Matrix copy(Matrix m) {
        MemorySegment memory = arena.allocate(m.memory().byteSize(), 64);
        memory.copyFrom(m.memory());
        return new Matrix(memory, m.offset(), m.stride());
    }

    /** The definition: blocks of the depth summed by fused multiply-adds from zero, then added in order. */
    private static float element(Form form, Matrix a, Matrix b, int i, int j, int depth, float start, boolean accumulate) {
        float c = start;
        for (int from = 0; from < depth; from += Panels.BLOCK) {
            float sum = 0;
            for (int s = from; s < Math.min(depth, from + Panels.BLOCK); s++) {
                sum = Math.fma(form.a(a, i, s), form.b(b, j, s), sum);
            }
            c = accumulate || from > 0 ? c + sum : sum;
        }
        return c;
    }

    private Matrix expected(Form form, int t, int n, int k, Matrix a, Matrix b, Matrix before, boolean accumulate) {
        Matrix c = copy(before);
        for (int i = 0; i < form.rows(t, n); i++) {
            for (int j = 0; j < form.columns(n, k); j++) {
                float value = element(form, a, b, i, j, form.depth(t, n, k), get(before, i, j), accumulate);
                c.memory().set(ValueLayout.JAVA_FLOAT, c.at(i, j), value);
            }
        }
        return c;
    }

    private static void assertSameBits(Matrix expected, Matrix actual, String what) {
        long at = expected.memory().mismatch(actual.memory());
        if (at >= 0) {
            fail(what + ": byte " + at + " of " + expected.memory().byteSize());
        }
    }

    private int size() {
        return SIZES[random.nextInt(SIZES.length)];
    }

    @ParameterizedTest
    @EnumSource
    void everyTileStageAndThreadCountGivesTheDefinedBitsAndTouchesNothingElse(Form form) {
        for (int i = 0; i < CASES; i++) {
            int t = size();
            int n = size();
            int k = size();
            Matrix a = form.a(this, t, n, k);
            Matrix b = form.b(this, t, n, k);
            Matrix before = matrix(form.rows(t, n), form.columns(n, k));
            for (boolean accumulate : new boolean[] {false, true}) {
                Matrix expected = expected(form, t, n, k, a, b, before, accumulate);
                for (MicroKernel kernel : kernels()) {
                    for (int threads = 1; threads <= 3; threads++) {
                        int stage = threads == 2 ? SMALL : 1 << 20;
                        try (ThreadTeam team = new ThreadTeam(threads)) {
                            Matrix c = copy(before);
                            form.run(new Gemm(team, kernel, stage, stage), t, n, k, a, b, c, accumulate);
                            assertSameBits(
                                    expected,
                                    c,
                                    form + " " + t + " x " + n + " x " + k + " " + kernel + " " + threads + " threads");
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void aRowHasTheSameBitsAloneAndAmongOthers(MicroKernel kernel) {
        try (ThreadTeam team = new ThreadTeam(2)) {
            Gemm gemm = new Gemm(team, kernel);
            int t = 129;
            int n = 127;
            int k = 576;
            Matrix x = matrix(t, k);
            Matrix w = matrix(n, k);
            Matrix whole = matrix(t, n);
            gemm.forward(t, n, k, x, w, whole, false);
            for (int[] rows : new int[][] {{0, 1}, {5, 13}, {17, 63}, {100, 29}, {128, 1}}) {
                Matrix part = matrix(rows[1], n);
                Matrix from = new Matrix(x.memory(), x.offset() + rows[0] * x.stride(), x.stride());
                gemm.forward(rows[1], n, k, from, w, part, false);
                for (int i = 0; i < rows[1]; i++) {
                    for (int j = 0; j < n; j++) {
                        assertEquals(get(whole, rows[0] + i, j), get(part, i, j));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void errorStaysWithinTheBoundOfBlockedSums(Form form) {
        try (ThreadTeam team = new ThreadTeam(2)) {
            Gemm gemm = new Gemm(team, MicroKernel.preferred());
            for (int[] s : new int[][] {{33, 31, 576}, {576, 13, 33}, {7, 576, 8}}) {
                Matrix a = form.a(this, s[0], s[1], s[2]);
                Matrix b = form.b(this, s[0], s[1], s[2]);
                int rows = form.rows(s[0], s[1]);
                int columns = form.columns(s[1], s[2]);
                int depth = form.depth(s[0], s[1], s[2]);
                Matrix c = matrix(rows, columns);
                form.run(gemm, s[0], s[1], s[2], a, b, c, false);
                // A product meets at most min(depth, BLOCK) roundings within its block and one for each block after it;
                // (1 + u)^m - 1 <= 1.01 m u for m u < 0.01.
                double roundings = Math.min(depth, Panels.BLOCK) + (double) depth / Panels.BLOCK + 1;
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < columns; j++) {
                        double exact = 0;
                        double magnitude = 0;
                        for (int d = 0; d < depth; d++) {
                            double product = (double) form.a(a, i, d) * form.b(b, j, d);
                            exact += product;
                            magnitude += Math.abs(product);
                        }
                        double bound = 1.01 * roundings * 0x1p-24 * magnitude;
                        assertTrue(
                                Math.abs(get(c, i, j) - exact) <= bound,
                                () -> form + " is off by more than " + bound);
                    }
                }
            }
        }
    }

    @Test
    void decodingHasTheBitsOfTheBigProduct() {
        for (int[] s : new int[][] {{1, 8, 4}, {1, 9, 8}, {2, 13, 32}, {1, 129, 576}, {2, 576, 192}, {1, 127, 196}}) {
            int t = s[0];
            int n = s[1];
            int k = s[2];
            assertTrue(Gemv.fits(t, n, k));
            Matrix x = matrix(t, k);
            Matrix w = matrix(n, k);
            Matrix before = matrix(t, n);
            Matrix expected = expected(Form.FORWARD, t, n, k, x, w, before, false);
            for (int threads = 1; threads <= 3; threads++) {
                try (ThreadTeam team = new ThreadTeam(threads)) {
                    Matrix y = copy(before);
                    new Gemv(team).forward(t, n, k, x, w, y);
                    assertSameBits(expected, y, t + " x " + n + " x " + k);
                }
            }
        }
    }

    @Test
    void decodingSharesOneRowOfWeightsAmongManyTasks() {
        int n = 1003;
        int k = 576;
        Matrix x = matrix(1, k);
        Matrix w = matrix(n, k);
        Matrix before = matrix(1, n);
        Matrix expected = expected(Form.FORWARD, 1, n, k, x, w, before, false);
        try (ThreadTeam team = new ThreadTeam(3)) {
            Matrix y = copy(before);
            new Gemv(team).forward(1, n, k, x, w, y);
            assertSameBits(expected, y, "many tasks");
        }
    }
}
