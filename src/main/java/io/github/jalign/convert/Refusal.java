package io.github.jalign.convert;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.JalignException.Kind;

/** What cannot be converted, in five parts. */
final class Refusal {
    private Refusal() {}

    static JalignException of(String where, String rule, String found, String expected, String action) {
        return new JalignException(Kind.INPUT, where, rule, found, expected, action);
    }
}
