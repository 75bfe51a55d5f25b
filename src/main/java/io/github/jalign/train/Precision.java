package io.github.jalign.train;

/** The floating-point formats a user can ask for, in the words of transformers' {@code dtype}. */
public enum Precision implements Spelled {
    FLOAT32,
    BFLOAT16,
    FLOAT16
}
