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

    /** What cosines and sines are multiplied by. */
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
     * divided by factor, those between are mixed by their index.
     */
    record Yarn(double factor, double attentionFactor, double low, double high) implements RopeScaling {
        /** In place of no distance at all between low and high. */
        private static final double LEAST_DISTANCE = 0.001;

        /**
         * @param rotaryDim N
         * @param betaFast turns within the original length from which on a frequency stays
         * @param betaSlow turns up to which it is divided
         * @param truncate whether low and high are whole indices
         */
        static Yarn of(
                double factor,
                double attentionFactor,
                double betaFast,
                double betaSlow,
                boolean truncate,
                int originalLength,
                int rotaryDim,
                double theta) {
            double low = index(betaFast, originalLength, rotaryDim, theta);
            double high = index(betaSlow, originalLength, rotaryDim, theta);
            low = Math.max(truncate ? Math.floor(low) : low, 0);
            high = Math.min(truncate ? Math.ceil(high) : high, rotaryDim - 1);
            return new Yarn(factor, attentionFactor, low, low == high ? high + LEAST_DISTANCE : high);
        }

        /** The index, not rounded, whose frequency turns so often within the original length. */
        private static double index(double turns, int originalLength, int rotaryDim, double theta) {
            return rotaryDim * Math.log(originalLength / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
        }

        @Override
        public double scale(int i, double frequency, boolean longer) {
            double ramp = Math.clamp((i - low) / (high - low), 0, 1);
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
