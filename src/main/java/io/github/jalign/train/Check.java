package io.github.jalign.train;

import io.github.jalign.errors.JalignException;

/** The ranges of settings; {@code key} is the recipe's name of the setting. */
final class Check {
    private Check() {}

    static void atLeast(String key, long value, int least) {
        if (value < least) {
            throw outOfRange(key, String.valueOf(value), "a whole number, at least " + least);
        }
    }

    static void finite(String key, double value) {
        if (!Double.isFinite(value)) {
            throw outOfRange(key, String.valueOf(value), "a finite number");
        }
    }

    static void atLeast(String key, double value, int least) {
        if (!(value >= least) || value == Double.POSITIVE_INFINITY) {
            throw outOfRange(key, String.valueOf(value), "a finite number, at least " + least);
        }
    }

    static void above(String key, double value, int bound) {
        if (!(value > bound) || value == Double.POSITIVE_INFINITY) {
            throw outOfRange(key, String.valueOf(value), "a finite number above " + bound);
        }
    }

    static void ratio(String key, double value) {
        if (!(value >= 0 && value < 1)) {
            throw outOfRange(key, String.valueOf(value), "a number from 0 up to but not including 1");
        }
    }

    static void notBlank(String key, String value) {
        if (value.isBlank()) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    key,
                    "the setting must not be empty",
                    "\"" + value + "\"",
                    "a name or a path",
                    "give " + key + " a value");
        }
    }

    private static JalignException outOfRange(String key, String found, String expected) {
        return new JalignException(
                JalignException.Kind.USAGE,
                key,
                "the setting is out of range",
                found,
                expected,
                "set " + key + " to a value in that range");
    }
}
