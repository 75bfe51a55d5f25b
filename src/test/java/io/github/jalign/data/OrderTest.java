package io.github.jalign.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The expected values were drawn with PyTorch 2.15 and numpy 2.4. */
final class OrderTest {
    @Test
    void torchPermutationsEqualTorchRandperm() throws NoSuchAlgorithmException {
        assertArrayEquals(ints(2, 6, 1, 8, 4, 5, 0, 9, 3, 7), Order.torchPermutation(10, 42));
        assertArrayEquals(ints(8, 4, 9, 0, 5, 1, 6, 7, 2, 3), Order.torchPermutation(10, 43));
        assertArrayEquals(ints(4, 1, 7, 5, 3, 9, 0, 8, 6, 2), Order.torchPermutation(10, 0));
        assertArrayEquals(ints(1, 0), Order.torchPermutation(2, 5));
        assertEquals(
                "98a76d8e3fc8e8b429de104484cbd218c179524b077c0994c5e91aaeb7f175ac",
                sha256(Order.torchPermutation(1000, 42)));
        assertEquals(
                "25fdd6aa172590a8cb12ce5a84629bc0665dc6715002c0b0b4d6edbbad0ec482",
                sha256(Order.torchPermutation(63135, 42)));
    }

    @Test
    void torchSeedsCountByTheirLowHalf() throws NoSuchAlgorithmException {
        assertArrayEquals(ints(1, 4, 6, 2, 0, 5, 8, 7, 9, 3), Order.torchPermutation(10, -1));
        assertArrayEquals(ints(1, 4, 6, 2, 0, 5, 8, 7, 9, 3), Order.torchPermutation(10, Long.MAX_VALUE));
        assertEquals(
                "c8738542ab34cd69c6f779bd9a62843ea2b051cb8465a1ce136b09a5773b4e0b",
                sha256(Order.torchPermutation(63135, (1L << 40) + 5)));
    }

    @Test
    void numpyPermutationsEqualTheGeneratorsPermutation() throws NoSuchAlgorithmException {
        assertArrayEquals(ints(4, 6, 2, 7, 3, 5, 9, 0, 8, 1), Order.numpyPermutation(10, 0));
        assertArrayEquals(ints(5, 6, 0, 7, 3, 2, 4, 9, 1, 8), Order.numpyPermutation(10, 42));
        assertArrayEquals(ints(1, 0), Order.numpyPermutation(2, 3));
        assertEquals(
                "1b08c28e121b3817d7fec6f9f06837679e5419f1a5c658d4bb4e12ffef5ccbad",
                sha256(Order.numpyPermutation(1000, 1)));
        assertEquals(
                "1be81701c0d01c3d8c008d80e87c1a3b2322d4e609373c95f22e432bd0fe869d",
                sha256(Order.numpyPermutation(63135, 42)));
        assertEquals(
                "3d1105d4b75a375794d37791d2e73823a1260fbc5bdbccc46533eec21c3d7ddf",
                sha256(Order.numpyPermutation(63135, (1L << 40) + 5)));
    }

    @Test
    void numpyHasNoNegativeSeeds() {
        assertEquals(
                "numpy has no negative seeds: -1",
                assertThrows(IllegalArgumentException.class, () -> Order.numpyPermutation(3, -1))
                        .getMessage());
    }

    @Test
    void noneAndOneAreOrderedTrivially() {
        assertArrayEquals(ints(), Order.torchPermutation(0, 1));
        assertArrayEquals(ints(0), Order.torchPermutation(1, 3));
        assertArrayEquals(ints(), Order.numpyPermutation(0, 1));
        assertArrayEquals(ints(0), Order.numpyPermutation(1, 7));
    }

    private static int[] ints(int... values) {
        return values;
    }

    /** Of the permutation as big-endian 32-bit integers. */
    private static String sha256(int[] permutation) throws NoSuchAlgorithmException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * permutation.length);
        bytes.asIntBuffer().put(permutation);
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    }
}
