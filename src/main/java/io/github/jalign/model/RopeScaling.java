package io.github.jalign.model;

import java.util.List;

/**
 * How the rotary frequencies f_i = theta^(-2i/N) are changed for longer contexts (transformers 5.23,
 * modeling_rope_utils.py).
 */
public sealed interface RopeScaling {
    /**
     * The frequency in place of f_i.
     *
     * @param frequency f_i
     * @param longer whether the sequence has more than {@link #switchLength} tokens
     */
    double scale(int i, double frequency, boolean longer);

    /** What cosines and sines are multiplied by: as the configuration gives it, or else the usual. */
    default double attentionFactor() {
        return 1;
    }

    /** The most tokens of a sequence with the frequencies of short ones. */
    default int switchLength() {
        return Integer.MAX_VALUE;
    }

    /** {@code rope_type: default}. */
    record Unscaled() implements RopeScaling {
        @Override
        public double scale(int i, double frequency, boolean longer) {
            return frequency;
        }
    }

    /** {@code rope_type: linear}: f / factor. */
    record Linear(double factor) implements RopeScaling {
        @Override
        public double scale(int i, double frequency, boolean longer) {
            return frequency / factor;
        }
    }

    /** {@code rope_type: llama3}: short waves stay, long waves are divided by factor, those between are mixed. */
    record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalLength)
            implements RopeScaling {
        @Override
        public double scale(int i, double frequency, boolean longer) {
            double wavelength = 2 * Math.PI / frequency;
            if (wavelength < originalLength / highFrequencyFactor) {
                return frequency;
            }
            if (wavelength > originalLength / lowFrequencyFactor) {
                return frequency / factor;
            }
            double smooth = (originalLength / wavelength - lowFrequencyFactor)
                    / (highFrequencyFactor - lowFrequencyFactor);
            return (1 - smooth) * frequency / factor + smooth * frequency;
        }
    }

    /**
     * {@code rope_type: yarn} (Peng et al. 2023): frequencies below index {@code low} stay, those above {@code high} are
     * divided by factor, those between are mixed by their index. Kept are the numbers that both indices follow from: a
     * GGUF file holds these.
     *
     * @param betaFast turns within the original length from which on a frequency stays
     * @param betaSlow turns up to which it is divided
     * @param truncate whether low and high are whole indices
     * @param rotaryDim N
     */
    record Yarn(
            double factor,
            double attentionFactor,
            int originalLength,
            double betaFast,
            double betaSlow,
            boolean truncate,
            int rotaryDim,
            double theta)
            implements RopeScaling {
        public static final double USUAL_BETA_FAST = 32;
        public static final double USUAL_BETA_SLOW = 1;

        /** In place of no distance at all between low and high. */
        private static final double LEAST_DISTANCE = 0.001;

        /**
         * The attention factor where none is given.
         *
         * @param mscale 1 unless the configuration says otherwise
         */
        public static double usualAttention(double factor, double mscale) {
            return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
        }

        /** Whether the betas are those of a configuration that has none. */
        public boolean usualBetas() {
            return betaFast == USUAL_BETA_FAST && betaSlow == USUAL_BETA_SLOW;
        }

        private double low() {
            double low = index(betaFast);
            return Math.max(truncate ? Math.floor(low) : low, 0);
        }

        private double high() {
            double high = index(betaSlow);
            return Math.min(truncate ? Math.ceil(high) : high, rotaryDim - 1);
        }

        /** The index, not rounded, whose frequency turns so often within the original length. */
        private double index(double turns) {
            return rotaryDim * Math.log(originalLength / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
        }

        @Override
        public double scale(int i, double frequency, boolean longer) {
            double low = low();
            double high = high();
            double end = low == high ? high + LEAST_DISTANCE : high;
            double ramp = Math.clamp((i - low) / (end - low), 0, 1);
            return frequency / factor * ramp + frequency * (1 - ramp);
        }
    }

    /**
     * {@code rope_type: longrope} (Ding et al. 2024): every frequency has a divisor, and another in sequences that are
     * longer than the original length.
     */
    record LongRope(List<Double> shortFactor, List<Double> longFactor, double attentionFactor, int originalLength)
            implements RopeScaling {
        public LongRope {
            shortFactor = List.copyOf(shortFactor);
            longFactor = List.copyOf(longFactor);
        }

        /**
         * The attention factor where none is given.
         *
         * @param factor by what the original length has grown
         */
        public static double usualAttention(double factor, int originalLength) {
            return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalLength));
        }

        @Override
        public double scale(int i, double frequency, boolean longer) {
            return frequency / (longer ? longFactor : shortFactor).get(i);
        }

        @Override
        public int switchLength() {
            return originalLength;
        }
    }
}
