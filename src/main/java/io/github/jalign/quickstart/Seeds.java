package io.github.jalign.quickstart;

import java.util.Random;

/** Random numbers that are the same on every machine and JDK: {@link Random}'s algorithm is part of its contract. */
final class Seeds {
    private Seeds() {}

    /** @param purpose gives draws for different purposes different numbers under one seed */
    static Random random(long seed, String purpose) {
        // spreads neighbouring seeds, whose first draws would otherwise resemble each other
        return new Random((seed + 1) * 0x9E3779B97F4A7C15L ^ purpose.hashCode() * 0xD1B54A32D192ED03L);
    }
}
