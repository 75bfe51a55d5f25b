package io.github.jalign.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import io.github.jalign.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FloatFormatsTest {

    /** A 16-bit format by its definition: a sign, {@code exponentBits}, and the rest fraction. */
    private enum Half {
        F16(DType.F16, 5),
        BF16(DType.BF16, 8);

        final DType type;
        final int fractionBits;
        final int bias;
        final int infinity;

        Half(DType type, int exponentBits) {
            this.type = type;
            this.fractionBits = 15 - exponentBits;
            this.bias = (1 << (exponentBits - 1)) - 1;
            this.infinity = ((1 << exponentBits) - 1) << fractionBits;
        }

        /** The value of 16 bits, by the definition. */
        double decode(int bits) {
            double sign = bits < 0x8000 ? 1 : -1;
            int magnitude = bits & 0x7fff;
            int exponent = magnitude >> fractionBits;
            int fraction = magnitude & ((1 << fractionBits) - 1);
            if (magnitude > infinity) {
                return Double.NaN;
            }
            if (magnitude == infinity) {
                return sign * Double.POSITIVE_INFINITY;
            }
            return exponent == 0
                    ? sign * Math.scalb((double) fraction, 1 - bias - fractionBits)
                    : sign * Math.scalb((double) (fraction + (1 << fractionBits)), exponent - bias - fractionBits);
        }

        /** The value that the next step after the largest finite one would have; rounding pretends it is infinity. */
        double decodeUnbounded(int magnitude) {
            return magnitude == infinity ? Math.scalb(1.0, bias + 1) : decode(magnitude);
        }

        /** The nearest of all values, found by looking at two neighbours exactly; ties to the even bits. */
        int encode(double value) {
            int sign = Math.copySign(1, value) < 0 ? 0x8000 : 0;
            double size = Math.abs(value);
            if (size >= decodeUnbounded(infinity)) {
                return sign | infinity;
            }
            int low = 0;
            int high = infinity;
            while (high - low > 1) {
                int middle = (low + high) / 2;
                if (decodeUnbounded(middle) <= size) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            BigDecimal exact = new BigDecimal(size);
            BigDecimal below = exact.subtract(new BigDecimal(decodeUnbounded(low)));
            BigDecimal above = new BigDecimal(decodeUnbounded(high)).subtract(exact);
            int order = below.compareTo(above);
            boolean takeLow = order < 0 || order == 0 && low % 2 == 0;
            return sign | (takeLow ? low : high);
        }
    }

    @ParameterizedTest
    @EnumSource
    void all65536ValuesAreReadExactlyIntoFloats(Half half) {
        float[] floats = new float[65536];
        FloatFormats.convert(half.type, allBits(), DType.F32, MemorySegment.ofArray(floats));
        for (int bits = 0; bits < 65536; bits++) {
            assertSameValue((float) half.decode(bits), floats[bits], half, bits);
        }
    }

    @ParameterizedTest
    @EnumSource
    void all65536ValuesAreReadExactlyIntoDoubles(Half half) {
        double[] doubles = new double[65536];
        FloatFormats.convert(half.type, allBits(), DType.F64, MemorySegment.ofArray(doubles));
        for (int bits = 0; bits < 65536; bits++) {
            assertSameValue(half.decode(bits), doubles[bits], half, bits);
        }
    }

    @ParameterizedTest
    @EnumSource
    void all65536ValuesSurviveTheWayThroughFloatsAndDoubles(Half half) {
        for (DType wide : new DType[] {DType.F32, DType.F64}) {
            MemorySegment there = MemorySegment.ofArray(new double[65536]).asSlice(0, 65536L * wide.bytes());
            short[] back = new short[65536];
            FloatFormats.convert(half.type, allBits(), wide, there);
            assertEquals(-1, FloatFormats.convert(wide, there, half.type, MemorySegment.ofArray(back)));
            for (int bits = 0; bits < 65536; bits++) {
                if (Double.isNaN(half.decode(bits))) {
                    assertTrue(Double.isNaN(half.decode(back[bits] & 0xffff)), wide + " " + Integer.toHexString(bits));
                    assertEquals(bits & 0x8000, back[bits] & 0x8000, "the sign of a NaN is kept");
                } else {
                    assertEquals((short) bits, back[bits], wide + " " + Integer.toHexString(bits));
                }
            }
        }
    }

    /** Between each value and the next: both ends, the tie, and the nearest numbers on each side of all three. */
    @ParameterizedTest
    @EnumSource
    void floatsAroundEveryValueAndEveryTieAreRoundedToNearestEven(Half half) {
        float[] values = new float[9 * 2];
        for (int low = 0; low < half.infinity; low++) {
            float a = (float) half.decodeUnbounded(low);
            double end = half.decodeUnbounded(low + 1); // 2^128 after the largest BF16, no float
            float b = (float) Math.min(end, Float.MAX_VALUE);
            float tie = (float) ((a + end) / 2);
            int n = 0;
            for (float v : new float[] {a, tie, b}) {
                for (float w : new float[] {Math.nextDown(v), v, Math.nextUp(v)}) {
                    if (Float.isFinite(w)) {
                        values[n++] = w;
                        values[n++] = -w;
                    }
                }
            }
            assertRounded(half, DType.F32, values, n);
        }
    }

    /** As with floats; the numbers next to a tie are much nearer to it, which rounding twice gets wrong. */
    @ParameterizedTest
    @EnumSource
    void doublesAroundEveryValueAndEveryTieAreRoundedOnce(Half half) {
        double[] values = new double[9 * 2];
        for (int low = 0; low < half.infinity; low++) {
            double a = half.decodeUnbounded(low);
            double b = half.decodeUnbounded(low + 1);
            int n = 0;
            for (double v : new double[] {a, (a + b) / 2, b}) {
                for (double w : new double[] {Math.nextDown(v), v, Math.nextUp(v)}) {
                    values[n++] = w;
                    values[n++] = -w;
                }
            }
            assertRounded(half, DType.F64, values, n);
        }
    }

    @ParameterizedTest
    @EnumSource
    void randomBitPatternsAreRoundedToNearest(Half half) {
        SplittableRandom random = new SplittableRandom(20260301);
        for (int round = 0; round < 20_000; round++) {
            float[] floats = new float[3];
            double[] doubles = new double[3];
            for (int i = 0; i < 3; i++) {
                floats[i] = Float.intBitsToFloat(random.nextInt() & 0xbfffffff); // finite: the top exponent bit is 0
                doubles[i] = floats[i] * (1 + random.nextDouble());
            }
            assertRounded(half, DType.F32, floats, 3);
            assertRounded(half, DType.F64, doubles, 3);
        }
    }

    @Test
    void doublesAreNarrowedAsTheLanguageDoesIt() {
        double[] values = {
            0.1, -0.0, Double.MIN_VALUE, 1e-40, Math.nextUp(1 + 0x1p-24), Double.NaN, Double.NEGATIVE_INFINITY
        };
        float[] floats = new float[values.length];
        FloatFormats.convert(DType.F64, MemorySegment.ofArray(values), DType.F32, MemorySegment.ofArray(floats));
        for (int i = 0; i < values.length; i++) {
            assertEquals(Float.floatToIntBits((float) values[i]), Float.floatToIntBits(floats[i]), "" + values[i]);
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "7", "1023", "1024", "1025", "4099"})
    void everyPairOfTypesConvertsEveryElementOfAnyCount(int count) {
        DType[] types = {DType.F64, DType.F32, DType.F16, DType.BF16};
        for (DType from : types) {
            for (DType to : types) {
                MemorySegment doubles = MemorySegment.ofArray(new double[count]);
                for (int i = 0; i < count; i++) {
                    doubles.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i, i % 255 - 127);
                }
                MemorySegment source = odd(count * from.bytes());
                MemorySegment target = odd(count * to.bytes());
                MemorySegment back = odd(count * Double.BYTES);
                FloatFormats.convert(DType.F64, doubles, from, source);
                assertEquals(-1, FloatFormats.convert(from, source, to, target));
                FloatFormats.convert(to, target, DType.F64, back);
                assertEquals(-1, doubles.mismatch(back), from + " to " + to);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "F32, F16, 65519.996, 65520",
        "F64, F16, 65519.99999999999, 65520",
        "F64, BF16, 3.3961775292304597e38, 3.39617752923046e38",
        "F64, F32, 3.4028235677973362e38, 3.4028235677973366e38",
        "BF16, F16, 65280, 65536",
    })
    void aFiniteValueThatWouldBecomeInfiniteIsPointedAt(DType from, DType to, double fits, double overflows) {
        double[] values = new double[3000];
        values[7] = Double.POSITIVE_INFINITY; // is infinite already
        values[8] = Double.NaN;
        values[2500] = fits;
        MemorySegment source = MemorySegment.ofArray(new double[3000]).asSlice(0, 3000L * from.bytes());
        MemorySegment target = MemorySegment.ofArray(new double[3000]).asSlice(0, 3000L * to.bytes());
        FloatFormats.convert(DType.F64, MemorySegment.ofArray(values), from, source);
        assertEquals(-1, FloatFormats.convert(from, source, to, target));
        for (double sign : new double[] {1, -1}) {
            values[2500] = sign * overflows;
            FloatFormats.convert(DType.F64, MemorySegment.ofArray(values), from, source);
            assertEquals(2500, FloatFormats.convert(from, source, to, target));
        }
    }

    @Test
    void theOverflowingValueIsNamed() {
        JalignException e = FloatFormats.tooLarge(
                "tensor \"a\"", DType.F32, MemorySegment.ofArray(new float[] {0, 70000}), 1, DType.F16);
        assertEquals(
                """
                tensor "a": every finite value must stay finite as F16
                  found     70000.0 at index 1
                  expected  at most 65504 in size
                  do        choose bfloat16 or float32""",
                e.getMessage());
        assertEquals(JalignException.Kind.NUMERIC, e.kind());
    }

    @Test
    void integersAreNoFloats() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> FloatFormats.convert(
                        DType.I64, MemorySegment.ofArray(new long[1]), DType.F32, MemorySegment.ofArray(new float[1])));
        assertEquals("no type of numbers with a fraction: I64", e.getMessage());
    }

    private static void assertRounded(Half half, DType from, float[] values, int n) {
        double[] doubles = new double[n];
        for (int i = 0; i < n; i++) {
            doubles[i] = values[i];
        }
        assertRounded(half, from, MemorySegment.ofArray(values).asSlice(0, (long) n * Float.BYTES), doubles);
    }

    private static void assertRounded(Half half, DType from, double[] values, int n) {
        double[] doubles = java.util.Arrays.copyOf(values, n);
        assertRounded(half, from, MemorySegment.ofArray(doubles), doubles);
    }

    /** Each value alone after the first overflow, which ends a conversion. */
    private static void assertRounded(Half half, DType from, MemorySegment source, double[] values) {
        short[] result = new short[values.length];
        FloatFormats.convert(from, source, half.type, MemorySegment.ofArray(result));
        for (int i = 0; i < values.length; i++) {
            int expected = half.encode(values[i]);
            if ((short) expected != result[i]) {
                assertEquals(
                        Integer.toHexString(expected), Integer.toHexString(result[i] & 0xffff), half + " " + values[i]);
            }
        }
    }

    private static void assertSameValue(double expected, double actual, Half half, int bits) {
        if (Double.doubleToLongBits(expected) != Double.doubleToLongBits(actual)) {
            assertEquals(expected, actual, half + " " + Integer.toHexString(bits));
        }
    }

    private static MemorySegment allBits() {
        short[] bits = new short[65536];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (short) i;
        }
        return MemorySegment.ofArray(bits);
    }

    /** Bytes at an odd address, as a tensor in an unaligned file. */
    private static MemorySegment odd(int bytes) {
        return MemorySegment.ofArray(new byte[bytes + 1]).asSlice(1);
    }
}
