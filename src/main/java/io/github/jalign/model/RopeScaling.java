package io.github.jalign.model;

/**
 * How the rotary frequencies f_i = theta^(-2i/N) are changed for longer contexts (transformers 5,
 * modeling_rope_utils.py).
 */
public sealed interface RopeScaling {
    double scale(double frequency);

    /** {@code rope_type: default}. */
    record Unscaled() implements RopeScaling {
        @Override
        public double scale(double frequency) {
            return frequency;
        }
    }

    /** {@code rope_type: linear}: f / factor. */
    record Linear(double factor) implements RopeScaling {
        @Override
        public double scale(double frequency) {
            return frequency / factor;
        }
    }

    /** {@code rope_type: llama3}: short waves stay, long waves are divided by factor, those between are mixed. */
    record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalLength)
            implements RopeScaling {
        @Override
        public double scale(double frequency) {
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
}
