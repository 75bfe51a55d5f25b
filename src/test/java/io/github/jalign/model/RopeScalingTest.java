package io.github.jalign.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.jalign.ops.Backend;
import io.github.jalign.ops.Ops;
import io.github.jalign.ops.Segments;
import org.junit.jupiter.api.Test;

/** Frequencies as transformers 5.23 prints them (ROPE_INIT_FUNCTIONS, float32), for theta 10000 and 16 columns. */
class RopeScalingTest {
    private static final String LLAMA =
            "\"head_dim\": 16, \"max_position_embeddings\": 4096, \"rope_theta\": 10000.0, \"rope_scaling\": ";
    private static final String DIVISORS = "\"short_factor\": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7], "
            + "\"long_factor\": [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]";
    private static final double[] YARN = {
        1, 0.3162278, 0.08125, 0.01976424, 0.004375, 0.0007905695, 0.00025, 7.905695e-05
    };

    private static RopeScaling llama(String scaling) {
        return Configs.read("llama", LLAMA + "{" + scaling + "}").ropeScaling();
    }

    /** Seven digits were printed, and float32 computed them: 1e-6 of each. */
    private static void assertFrequencies(double attentionFactor, RopeScaling scaling, boolean longer, double... expected) {
        for (int i = 0; i < expected.length; i++) {
            double plain = Math.pow(10000, -2.0 * i / 16);
            assertEquals(expected[i], scaling.scale(i, plain, longer), 1e-6 * expected[i], "frequency " + i);
        }
        assertEquals(attentionFactor, scaling.attentionFactor(), 1e-9);
    }

    @Test
    void yarnKeepsShortWavesAndStretchesLongOnes() {
        String usual = "\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 1024";
        assertFrequencies(1.138629436, llama(usual), false, YARN);
        assertFrequencies(1.138629436, llama(usual), true, YARN);
        assertFrequencies(1.25, llama(usual + ", \"attention_factor\": 1.25"), false, YARN);
        assertFrequencies(
                1.138629436,
                llama(usual + ", \"truncate\": false, \"beta_fast\": 8, \"beta_slow\": 2"),
                false,
                1, 0.3162278, 0.1, 0.02409986, 0.0025, 0.0007905695, 0.00025, 7.905695e-05);
    }

    @Test
    void yarnsAttentionFactorFollowsItsFactorAndMscale() {
        assertFrequencies(
                1.15572199,
                llama("\"rope_type\": \"yarn\", \"factor\": 40.0, \"original_max_position_embeddings\": 1024, "
                        + "\"mscale\": 1.0, \"mscale_all_dim\": 0.5"),
                false,
                1, 0.3162278, 0.075625, 0.01620667, 0.0026875, 7.905695e-05, 2.5e-05, 7.905694e-06);
        assertFrequencies(
                1.207944154,
                llama("\"rope_type\": \"yarn\", \"factor\": null, \"original_max_position_embeddings\": 512"),
                false,
                1, 0.2470529, 0.05625, 0.01087033, 0.00125, 0.0003952847, 0.000125, 3.952847e-05);
        assertFrequencies(
                1.069314718,
                llama("\"rope_type\": \"yarn\", \"factor\": 2.0, \"original_max_position_embeddings\": 4"),
                false,
                1, 0.1581139, 0.05, 0.01581139, 0.005, 0.001581139, 0.0005, 0.0001581139);
    }

    @Test
    void longropeHasADivisorForEachFrequencyAndAnotherBeyondTheOriginalLength() {
        RopeScaling scaling =
                llama("\"rope_type\": \"longrope\", \"original_max_position_embeddings\": 1024, " + DIVISORS);
        assertEquals(1024, scaling.switchLength());
        assertFrequencies(
                1.095445115, scaling, false,
                1, 0.2874798, 0.08333334, 0.02432521, 0.007142857, 0.002108185, 0.000625, 0.0001860163);
        assertFrequencies(
                1.095445115, scaling, true,
                0.5, 0.1054092, 0.025, 0.006324556, 0.001666667, 0.000451754, 0.000125, 3.513642e-05);
        RopeScaling given = llama(
                "\"rope_type\": \"longrope\", \"factor\": 2.0, \"original_max_position_embeddings\": 1024, " + DIVISORS);
        assertEquals(1.048808848, given.attentionFactor(), 1e-9);
    }

    @Test
    void phi3NamesItsScalingInThreeWaysAndItsOriginalLengthBesideIt() {
        String sizes = "\"hidden_size\": 64, \"num_attention_heads\": 4, \"max_position_embeddings\": 16384, ";
        for (String type : new String[] {"su", "yarn", "longrope"}) {
            RopeScaling scaling = Configs.read(
                            "phi3",
                            sizes + "\"original_max_position_embeddings\": 2048, \"rope_scaling\": {\"type\": \"" + type
                                    + "\", \"original_max_position_embeddings\": 99, " + DIVISORS + "}")
                    .ropeScaling();
            assertEquals(2048, scaling.switchLength());
        }
        RopeScaling silent = Configs.read("phi3", sizes + "\"rope_scaling\": {\"type\": \"longrope\", " + DIVISORS + "}")
                .ropeScaling();
        assertEquals(4096, silent.switchLength()); // Phi3Config's own
        assertEquals(Math.sqrt(1 + Math.log(4) / Math.log(4096)), silent.attentionFactor());
    }

    @Test
    void aPacksSequencesChooseTheirRowsByTheirLengths() {
        ModelConfig config = Configs.read(
                "phi3",
                "\"original_max_position_embeddings\": 4, \"rope_scaling\": {\"type\": \"longrope\", "
                        + "\"short_factor\": [1.0, 1.0], \"long_factor\": [2.0, 2.0]}");
        try (Ops ops = Backend.REFERENCE.open(1)) {
            Rope rope = new Rope(ops, config, 10);
            assertArrayEquals(new int[] {0, 1, 2, 3, 10, 11, 12, 13, 14}, rope.rows(Segments.sequences(4, 5)));
            // [prompt 2][chosen 2][rejected 1]: four tokens at most
            Segments shorter = new Segments(new int[] {0, 2, 4}, new int[] {-1, 0, 0}, 5);
            assertArrayEquals(new int[] {0, 1, 2, 3, 2}, rope.rows(shorter));
            // [prompt 2][chosen 3][rejected 4]: five and six
            Segments longer = new Segments(new int[] {0, 2, 5}, new int[] {-1, 0, 0}, 9);
            assertArrayEquals(new int[] {10, 11, 12, 13, 14, 12, 13, 14, 15}, rope.rows(longer));
            Segments both = new Segments(new int[] {0, 2, 4}, new int[] {-1, 0, 0}, 7);
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> rope.rows(both));
            assertEquals("segment 0 would need two kinds of positions", e.getMessage());
            assertEquals(20, rope.cos().rows());
            assertEquals(4, new Rope(ops, config, 4).cos().rows());
        }
    }
}
