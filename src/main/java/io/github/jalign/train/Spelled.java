package io.github.jalign.train;

import java.util.Locale;

/** A choice that recipes write as a word: the enum's name in lower case unless it says otherwise. */
public interface Spelled {
    String name();

    default String spelling() {
        return name().toLowerCase(Locale.ROOT);
    }
}
