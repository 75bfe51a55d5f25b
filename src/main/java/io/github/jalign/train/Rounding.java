package io.github.jalign.train;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Times in logs are rounded as transformers does. */
final class Rounding {
    private Rounding() {}

    static double decimals(double value, int places) {
        return BigDecimal.valueOf(value).setScale(places, RoundingMode.HALF_EVEN).doubleValue();
    }
}
