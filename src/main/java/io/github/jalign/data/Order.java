package io.github.jalign.data;

import java.util.Arrays;

/**
 * Permutations equal to the bit to the ones that TRL's stack draws: PyTorch's for the order of an epoch, numpy's for
 * shuffles and splits of a data set.
 */
public final class Order {
    private Order() {}

    /**
     * {@code torch.randperm(n, generator=torch.Generator().manual_seed(seed))} on the CPU, for n below 2³² / 20, where
     * PyTorch changes its method. accelerate's {@code SeedableRandomSampler} draws epoch e with {@code seed + e}.
     *
     * @param n at least 0
     * @param seed only its low 32 bits count, as in PyTorch
     */
    public static int[] torchPermutation(int n, long seed) {
        int[] order = identity(n);
        MersenneTwister random = new MersenneTwister((int) seed);
        for (int i = 0; i < n - 1; i++) {
            swap(order, i, i + (int) (Integer.toUnsignedLong(random.next32()) % (n - i)));
        }
        return order;
    }

    /**
     * {@code numpy.random.default_rng(seed).permutation(n)}, which {@code datasets} uses for {@code shuffle} and
     * {@code train_test_split}.
     *
     * @param n at least 0
     * @param seed at least 0; numpy refuses negative seeds
     */
    public static int[] numpyPermutation(int n, long seed) {
        if (seed < 0) {
            throw new IllegalArgumentException("numpy has no negative seeds: " + seed);
        }
        int[] order = identity(n);
        Pcg64 random = new Pcg64(seed);
        for (int i = n - 1; i > 0; i--) {
            int mask = -1 >>> Integer.numberOfLeadingZeros(i);
            int j;
            do {
                j = random.next32() & mask;
            } while (j > i);
            swap(order, i, j);
        }
        return order;
    }

    private static int[] identity(int n) {
        int[] order = new int[n];
        Arrays.setAll(order, i -> i);
        return order;
    }

    private static void swap(int[] order, int i, int j) {
        int t = order[i];
        order[i] = order[j];
        order[j] = t;
    }

    /** MT19937 (Matsumoto and Nishimura 1998), 32 bits a draw. */
    private static final class MersenneTwister {
        private static final int N = 624;
        private static final int M = 397;

        private final int[] state = new int[N];
        private int next = N;

        MersenneTwister(int seed) {
            state[0] = seed;
            for (int i = 1; i < N; i++) {
                state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
            }
        }

        int next32() {
            if (next == N) {
                for (int i = 0; i < N; i++) {
                    int y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7fffffff;
                    state[i] = state[(i + M) % N] ^ y >>> 1 ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
                }
                next = 0;
            }
            int y = state[next++];
            y ^= y >>> 11;
            y ^= y << 7 & 0x9d2c5680;
            y ^= y << 15 & 0xefc60000;
            return y ^ y >>> 18;
        }
    }

    /** PCG64 (XSL-RR 128/64) seeded by numpy's SeedSequence; 32-bit draws take the low half of a word first. */
    private static final class Pcg64 {
        private static final long MULTIPLIER_HIGH = 2549297995355413924L;
        private static final long MULTIPLIER_LOW = 4865540595714422341L;

        private long high;
        private long low;
        private final long incrementHigh;
        private final long incrementLow;
        private boolean buffered;
        private int buffer;

        Pcg64(long seed) {
            long[] words = seedSequence(seed);
            incrementHigh = words[2] << 1 | words[3] >>> 63;
            incrementLow = words[3] << 1 | 1;
            step();
            add(words[0], words[1]);
            step();
        }

        int next32() {
            if (buffered) {
                buffered = false;
                return buffer;
            }
            step();
            long word = Long.rotateRight(high ^ low, (int) (high >>> 58));
            buffer = (int) (word >>> 32);
            buffered = true;
            return (int) word;
        }

        private void step() {
            high = Math.unsignedMultiplyHigh(low, MULTIPLIER_LOW) + high * MULTIPLIER_LOW + low * MULTIPLIER_HIGH;
            low *= MULTIPLIER_LOW;
            add(incrementHigh, incrementLow);
        }

        private void add(long otherHigh, long otherLow) {
            low += otherLow;
            high += otherHigh + (Long.compareUnsigned(low, otherLow) < 0 ? 1 : 0);
        }

        /** Four 64-bit words from a seed of one or two 32-bit words. */
        private static long[] seedSequence(long seed) {
            int[] pool = new int[4];
            int[] entropy = {(int) seed, (int) (seed >>> 32), 0, 0};
            int constant = 0x43b0d7e5;
            for (int i = 0; i < pool.length; i++) {
                pool[i] = hash(entropy[i], constant, constant *= 0x931e8875);
            }
            for (int from = 0; from < pool.length; from++) {
                for (int to = 0; to < pool.length; to++) {
                    if (from != to) {
                        int mixed = 0xca01f9dd * pool[to]
                                - 0x4973f715 * hash(pool[from], constant, constant *= 0x931e8875);
                        pool[to] = mixed ^ mixed >>> 16;
                    }
                }
            }
            long[] words = new long[4];
            constant = 0x8b51f9dd;
            for (int i = 0; i < 8; i++) {
                int word = hash(pool[i % 4], constant, constant *= 0x58f38ded);
                words[i / 2] |= Integer.toUnsignedLong(word) << 32 * (i % 2);
            }
            return words;
        }

        private static int hash(int value, int constant, int nextConstant) {
            int hashed = (value ^ constant) * nextConstant;
            return hashed ^ hashed >>> 16;
        }
    }
}
