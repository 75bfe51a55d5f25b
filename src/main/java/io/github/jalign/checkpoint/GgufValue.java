package io.github.jalign.checkpoint;

import java.util.List;

/** A value to be written under a key of a GGUF file, in the types that llama.cpp's readers ask for. */
public sealed interface GgufValue {
    /** UINT32. */
    record Whole(int value) implements GgufValue {}

    /** FLOAT32. */
    record Real(float value) implements GgufValue {}

    /** BOOL. */
    record Flag(boolean value) implements GgufValue {}

    /** STRING. */
    record Text(String value) implements GgufValue {}

    /** An array of STRING. */
    record Texts(List<String> values) implements GgufValue {
        public Texts {
            values = List.copyOf(values);
        }
    }

    /** An array of INT32. */
    record Wholes(List<Integer> values) implements GgufValue {
        public Wholes {
            values = List.copyOf(values);
        }
    }

    /** An array of FLOAT32. */
    record Reals(List<Float> values) implements GgufValue {
        public Reals {
            values = List.copyOf(values);
        }
    }
}
