package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.jalign.errors.JalignException;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code kernels/conformance} against plain definitions, on the emulator and on a GPU alike. */
@Tag("emulator")
@Tag("checked")
@Tag("gpu")
final class ConformanceTest {
    private static final int LANES = 32;
    private static final double ULP = 0x1p-23;

    private Driver driver;
    private Modules modules;
    private Launch launch;
    private DeviceArrays arrays;

    @BeforeEach
    void open() {
        driver = Driver.open();
        modules = new Modules(driver);
        launch = new Launch(driver);
        arrays = new DeviceArrays(driver);
    }

    @AfterEach
    void close() {
        arrays.close();
        modules.close();
        driver.close();
        Emulator.assertNothingReported();
    }

    private void run(String kernel, int grid, int threads, long... addresses) {
        launch.with();
        for (long address : addresses) {
            launch.address(address);
        }
        launch.run(modules.kernel("conformance", kernel), grid, threads);
    }

    private void run(String kernel, int grid, int threads, int n, long... addresses) {
        launch.with();
        for (long address : addresses) {
            launch.address(address);
        }
        launch.size(n).run(modules.kernel("conformance", kernel), grid, threads);
    }

    @Test
    void mmaOfIntegersIsExact() {
        Random random = new Random(1);
        checkMma(() -> random.nextInt(17) - 8, 0);
    }

    /** Products are exact; each of 16 additions to C loses less than an ulp of the sum of magnitudes, rounded or cut. */
    @Test
    void mmaRoundsSums() {
        Random random = new Random(2);
        checkMma(() -> bf16ToFloat(toBf16((float) random.nextGaussian())), 17 * ULP);
    }

    private interface Values {
        float next();
    }

    private void checkMma(Values values, double tolerance) {
        float[][] a = matrix(16, 16, values);
        float[][] b = matrix(16, 8, values);
        float[][] c = matrix(16, 8, values);
        int[] aFragments = new int[LANES * 4];
        int[] bFragments = new int[LANES * 2];
        float[] cFragments = new float[LANES * 4];
        for (int lane = 0; lane < LANES; lane++) {
            int group = lane / 4;
            int pair = lane % 4 * 2;
            for (int i = 0; i < 4; i++) {
                int row = group + i % 2 * 8;
                int col = pair + i / 2 * 8;
                aFragments[lane * 4 + i] = pack(a[row][col], a[row][col + 1]);
                cFragments[lane * 4 + i] = c[group + i / 2 * 8][pair + i % 2];
            }
            for (int i = 0; i < 2; i++) {
                int row = pair + i * 8;
                bFragments[lane * 2 + i] = pack(b[row][group], b[row + 1][group]);
            }
        }
        long d = arrays.unwritten(4 * LANES * 4);
        run("mma", 1, LANES, arrays.of(aFragments), arrays.of(bFragments), arrays.of(cFragments), d);
        float[] found = arrays.floats(d, LANES * 4);
        for (int lane = 0; lane < LANES; lane++) {
            for (int i = 0; i < 4; i++) {
                int row = lane / 4 + i / 2 * 8;
                int col = lane % 4 * 2 + i % 2;
                double sum = c[row][col];
                double magnitude = Math.abs(sum);
                for (int k = 0; k < 16; k++) {
                    double product = (double) a[row][k] * b[k][col];
                    sum += product;
                    magnitude += Math.abs(product);
                }
                assertEquals(sum, found[lane * 4 + i], tolerance * magnitude, "element " + row + ", " + col);
            }
        }
    }

    /** Sums of up to 128 products of -1, 0 and 1 are exact in bfloat16, and so is everything here. */
    @ParameterizedTest
    @CsvSource({"64, 64", "64, 128", "128, 64", "128, 128"})
    void wgmmaFindsItsOperandsByTheirDescriptors(int w, int n) {
        assumeTrue(driver.device().capability() == 90, "wgmma is compute capability 9.0's alone");
        int rows = 64;
        Random random = new Random(3);
        float[][] a = matrix(rows, w, () -> random.nextInt(3) - 1);
        float[][] b = matrix(n, w, () -> random.nextInt(3) - 1);
        long s = arrays.unwritten(4L * rows * n);
        long o = arrays.unwritten(4L * rows * w);
        launch.with()
                .address(arrays.of(bf16(a)))
                .address(arrays.of(bf16(b)))
                .address(s)
                .address(o)
                .run(modules.kernel("conformance", "wgmma_" + w + "_" + n), 1, 1, 1, 128, 2 * (rows + n) * w);
        float[] scores = new float[rows * n];
        float[] sums = new float[rows * w];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < n; j++) {
                for (int k = 0; k < w; k++) {
                    scores[i * n + j] += a[i][k] * b[j][k];
                }
                for (int k = 0; k < w; k++) {
                    sums[i * w + k] += scores[i * n + j] * b[j][k];
                }
            }
        }
        assertArrayEquals(scores, arrays.floats(s, rows * n));
        assertArrayEquals(sums, arrays.floats(o, rows * w));
    }

    private static short[] bf16(float[][] matrix) {
        int width = matrix[0].length;
        short[] bits = new short[matrix.length * width];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = toBf16(matrix[i / width][i % width]);
        }
        return bits;
    }

    private static float[][] matrix(int rows, int cols, Values values) {
        float[][] matrix = new float[rows][cols];
        for (float[] row : matrix) {
            for (int j = 0; j < cols; j++) {
                row[j] = values.next();
            }
        }
        return matrix;
    }

    @Test
    void matricesAreLoadedRowByRow() {
        short[] elements = new short[LANES * 8];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = (short) (i * 251);
        }
        int[] rows = new int[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            rows[lane] = lane * 13 % LANES;
        }
        int[] expected = new int[256];
        for (int lane = 0; lane < LANES; lane++) {
            int g = lane / 4;
            int c = lane % 4 * 2;
            for (int m = 0; m < 4; m++) {
                expected[lane * 4 + m] = pair(
                        elements[rows[m * 8 + g] * 8 + c], elements[rows[m * 8 + g] * 8 + c + 1]);
                expected[128 + lane * 4 + m] = pair(
                        elements[rows[m * 8 + c] * 8 + g], elements[rows[m * 8 + c + 1] * 8 + g]);
            }
        }
        long out = arrays.unwritten(4 * 256);
        run("load_matrices", 1, LANES, arrays.of(elements), arrays.of(rows), out);
        assertArrayEquals(expected, arrays.ints(out, 256));
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 16, 8})
    void shuffles(int width) {
        int[] expected = new int[4 * LANES * LANES];
        for (int argument = 0; argument < LANES; argument++) {
            for (int lane = 0; lane < LANES; lane++) {
                int at = argument * LANES + lane;
                int segment = lane / width * width;
                expected[at] = segment + argument % width;
                expected[at + 1024] = lane - argument < segment ? lane : lane - argument;
                expected[at + 2048] = lane + argument >= segment + width ? lane : lane + argument;
                expected[at + 3072] = (lane ^ argument) >= segment + width ? lane : lane ^ argument;
            }
        }
        long out = arrays.unwritten(4L * expected.length);
        run("shuffle", 1, LANES, width, out);
        assertArrayEquals(expected, arrays.ints(out, expected.length));
    }

    @Test
    void votes() {
        int threads = 4 * LANES;
        int[] predicate = new int[threads];
        for (int t = 0; t < threads; t++) { // none, some, all but one, all
            predicate[t] = switch (t / LANES) {
                case 0 -> 0;
                case 1 -> t % 3 == 0 ? 7 : 0;
                case 2 -> t % LANES == 30 ? 0 : -1;
                default -> 1;
            };
        }
        int[] expected = new int[4 * threads];
        for (int t = 0; t < threads; t++) {
            int ballot = 0;
            for (int lane = 0; lane < LANES; lane++) {
                ballot |= predicate[t / LANES * LANES + lane] != 0 ? 1 << lane : 0;
            }
            expected[t] = ballot;
            expected[threads + t] = ballot != 0 ? 1 : 0;
            expected[2 * threads + t] = ballot == -1 ? 1 : 0;
            expected[3 * threads + t] = t % 2 == 1 ? t ^ 2 : t ^ 4;
        }
        long out = arrays.unwritten(4L * expected.length);
        run("vote", 1, threads, arrays.of(predicate), out);
        assertArrayEquals(expected, arrays.ints(out, expected.length));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 77, 96})
    void barriersCount(int set) {
        int threads = 96;
        int[] predicate = new int[threads];
        for (int t = 0; t < set; t++) {
            predicate[(t * 5) % threads] = 1 + t;
        }
        int[] expected = new int[3 * threads];
        Arrays.fill(expected, 0, threads, set);
        Arrays.fill(expected, threads, 2 * threads, set > 0 ? 1 : 0);
        Arrays.fill(expected, 2 * threads, 3 * threads, set == threads ? 1 : 0);
        long out = arrays.unwritten(4L * expected.length);
        run("count_at_barrier", 1, threads, arrays.of(predicate), out);
        assertArrayEquals(expected, arrays.ints(out, expected.length));
    }

    @Test
    void floatsAreRoundedToNearestEven() {
        Random random = new Random(3);
        float[] x = new float[1 << 14];
        for (int i = 0; i < x.length; i++) {
            int upper = random.nextInt(1 << 16) << 16;
            x[i] = Float.intBitsToFloat(switch (i % 4) { // between two bf16, half way, beside half way, anywhere
                case 0 -> upper | 0x8000;
                case 1 -> upper | 0x7fff;
                case 2 -> upper | 0x8001;
                default -> random.nextInt();
            });
        }
        float[] special = {0f, -0f, Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE, Float.NaN,
            Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.intBitsToFloat(0x7f800001)};
        System.arraycopy(special, 0, x, 0, special.length);
        int n = x.length;
        short[] alone = new short[n];
        int[] pairs = new int[n];
        for (int i = 0; i < n; i++) {
            alone[i] = toBf16(x[i]);
            pairs[i] = pair(toBf16(x[i]), toBf16(x[n - 1 - i]));
        }
        long aloneOut = arrays.unwritten(2L * n);
        long pairsOut = arrays.unwritten(4L * n);
        run("to_bf16", 3, 96, n, arrays.of(x), aloneOut, pairsOut);
        assertArrayEquals(alone, arrays.shorts(aloneOut, n));
        assertArrayEquals(pairs, arrays.ints(pairsOut, n));
    }

    @Test
    void everyBf16IsAFloat() {
        int n = 1 << 16;
        short[] x = new short[n];
        int[] expected = new int[n];
        for (int i = 0; i < n; i++) {
            x[i] = (short) i;
            expected[i] = i << 16;
        }
        long alone = arrays.unwritten(4L * n);
        long half = arrays.unwritten(4L * n);
        run("from_bf16", 4, 128, n, arrays.of(x), alone, half);
        assertArrayEquals(expected, arrays.ints(alone, n));
        assertArrayEquals(expected, arrays.ints(half, n));
    }

    @Test
    void copiesFillUpWithZeros() {
        int[] from = new int[LANES * 4];
        for (int i = 0; i < from.length; i++) {
            from[i] = 0x01020304 + i * 0x01010101;
        }
        int[] bytes = new int[LANES];
        for (int t = 0; t < LANES; t++) {
            bytes[t] = t % 17;
        }
        int[] expected = new int[128 + LANES];
        for (int t = 0; t < LANES; t++) {
            int read = 31 - t;
            for (int i = 0; i < 4; i++) {
                expected[t * 4 + i] = first(from[read * 4 + i], bytes[read] - 4 * i);
            }
            expected[128 + t] = first(from[read * 4], bytes[read]);
        }
        long out = arrays.unwritten(4L * expected.length);
        run("copy", 1, LANES, arrays.of(from), arrays.of(bytes), out);
        assertArrayEquals(expected, arrays.ints(out, expected.length));
    }

    /** The first bytes of a little-endian word, then zeros. */
    private static int first(int word, int bytes) {
        return bytes <= 0 ? 0 : bytes >= 4 ? word : word & ((1 << 8 * bytes) - 1);
    }

    @Test
    void arithmeticIsRoundedOnce() {
        Random random = new Random(4);
        int n = 4099;
        float[] x = new float[n];
        float[] y = new float[n];
        float[] z = new float[n];
        for (int i = 0; i < n; i++) { // i % 5 = 0: a subnormal half; the sum x·y + z cancels where i % 3 = 0
            x[i] = i % 5 == 0 ? Float.MIN_NORMAL * (1 + random.nextFloat()) : (float) random.nextGaussian();
            y[i] = (float) (random.nextGaussian() + 2.5);
            z[i] = i % 3 == 0 ? -x[i] * y[i] : (float) random.nextGaussian();
        }
        float[] expected = new float[6 * n];
        for (int i = 0; i < n; i++) {
            expected[i] = Math.fma(x[i], y[i], z[i]);
            expected[n + i] = x[i] / y[i];
            expected[2 * n + i] = (float) Math.sqrt(Math.abs(x[i]));
            expected[3 * n + i] = x[i] * y[i];
            expected[4 * n + i] = x[i] + z[i];
            expected[5 * n + i] = x[i] * 0.5f;
        }
        long out = arrays.unwritten(4L * expected.length);
        run("arithmetic", 5, 64, n, arrays.of(x), arrays.of(y), arrays.of(z), out);
        assertArrayEquals(expected, arrays.floats(out, expected.length));
    }

    @Test
    void approximationsKeepTheirBounds() {
        int n = 8191;
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (i - n / 2 + 0.37f) * (80f / (n / 2));
        }
        long out = arrays.unwritten(4L * 5 * n);
        run("approximate", 6, 64, n, arrays.of(x), out);
        float[] found = arrays.floats(out, 5 * n);
        for (int i = 0; i < n; i++) {
            double v = x[i];
            // PTX ISA, ex2.approx and lg2.approx: relative errors of 2^-22; near 1 the logarithm's is absolute.
            check("2^x", v, w -> Math.pow(2, w), found[i], 2 * ULP, 0);
            double log = Math.abs(v) > 0.5 && Math.abs(v) < 2 ? 2 * ULP : 0;
            check("log2|x|", v, w -> Math.log(Math.abs(w)) / Math.log(2), found[n + i], 2 * ULP, log);
            // CUDA C++ Programming Guide, "Mathematical Functions": expf 2 ulp, __expf 2 + 1.173 |x|, rsqrtf 2.
            check("expf", v, Math::exp, found[2 * n + i], 2 * ULP, 0);
            check("__expf", v, Math::exp, found[3 * n + i], (2 + Math.floor(Math.abs(1.173 * v))) * ULP, 0);
            check("rsqrtf", v, w -> 1 / Math.sqrt(Math.abs(w)), found[4 * n + i], 2 * ULP, 0);
        }
    }

    private static void check(
            String name, double x, DoubleUnaryOperator function, float found, double relative, double absolute) {
        double expected = function.applyAsDouble(x);
        assertEquals(expected, found, relative * Math.abs(expected) + absolute, () -> name + " of " + x);
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 256, 1024})
    void reductionsOfIntegers(int threads) {
        int blocks = 3;
        float[] x = new float[blocks * threads];
        for (int i = 0; i < x.length; i++) {
            x[i] = i * 37 % 251 - 120;
        }
        float[] expected = new float[3 * blocks];
        for (int b = 0; b < blocks; b++) {
            int end = (b + 1) * threads;
            expected[3 * b + 1] = Float.NEGATIVE_INFINITY;
            for (int i = b * threads; i < end; i++) {
                if (i >= end - LANES) {
                    expected[3 * b] += x[i];
                    expected[3 * b + 1] = Math.max(expected[3 * b + 1], x[i]);
                }
                expected[3 * b + 2] += x[i];
            }
        }
        long out = arrays.unwritten(4L * expected.length);
        run("reductions", blocks, threads, arrays.of(x), out);
        assertArrayEquals(expected, arrays.floats(out, expected.length));
    }

    @Test
    void indicesRunFromXToZ() {
        int[] grid = {3, 2, 2};
        int threads = 5 * 3 * 7;
        int n = grid[0] * grid[1] * grid[2] * threads;
        long out = arrays.unwritten(4L * n);
        long unaligned = arrays.unwritten(4L * n);
        launch.with().address(out).address(unaligned)
                .run(modules.kernel("conformance", "indices"), grid[0], grid[1], grid[2], threads, 4 * threads);
        int[] expected = new int[n];
        Arrays.setAll(expected, i -> i);
        assertArrayEquals(expected, arrays.ints(out, n));
        assertArrayEquals(new int[n], arrays.ints(unaligned, n));
    }

    @Test
    void integerAtomics() {
        int n = 9 * 160;
        long sum = arrays.of(new int[1]);
        long most = arrays.of(new int[1]);
        run("atomics", 9, 160, sum, most);
        assertEquals(n * (n - 1) / 2, arrays.ints(sum, 1)[0]);
        assertEquals(1008, arrays.ints(most, 1)[0]);
    }

    @Test
    void refusedLaunchLeavesNoTrace() {
        JalignException tooLarge = assertThrows(
                JalignException.class,
                () -> run("atomics", 1, 1025, arrays.of(new int[1]), arrays.of(new int[1])));
        assertTrue(tooLarge.getMessage().contains("1 CUDA_ERROR_INVALID_VALUE"), tooLarge::getMessage);
        integerAtomics();
    }

    private static short toBf16(float x) {
        int bits = Float.floatToRawIntBits(x);
        return Float.isNaN(x) ? 0x7fff : (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    private static float bf16ToFloat(short x) {
        return Float.intBitsToFloat(x << 16);
    }

    private static int pair(short low, short high) {
        return low & 0xffff | high << 16;
    }

    private static int pack(float low, float high) {
        return pair(toBf16(low), toBf16(high));
    }
}
