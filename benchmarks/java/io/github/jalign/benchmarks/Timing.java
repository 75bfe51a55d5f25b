package io.github.jalign.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of results. Group, shape and pass together are what was done; {@code how} says by whom. A peer's line is
 * another program's, so its work is taken from jalign's line of the same name.
 *
 * @param how {@code jalign}, or the name of what it is compared with
 * @param seconds of one run
 * @param work useful operations or bytes of one run, 0 in a peer's line
 * @param unit {@code flop}, {@code byte} or {@code launch}
 * @param pairs preference pairs of one run, 0 where it has none
 * @param memory bytes of device memory that it needs, 0 where nobody asks
 * @param error how far a checked result was from what it should be, relative to that
 * @param bound what the error may be
 * @param skipped why there is no time, or null
 */
record Timing(
        String group,
        String shape,
        String pass,
        String how,
        double seconds,
        double work,
        String unit,
        int pairs,
        long memory,
        double error,
        double bound,
        @Nullable String skipped) {
    /** The one that others are compared with. */
    static final String JALIGN = "jalign";

    /** Not more than eight roundings to bfloat16 lie between what is read and any result that is checked. */
    static final double BFLOAT16 = 8 * 0x1p-9;

    static Timing of(String group, String shape, String pass, double seconds, double work, String unit, double error) {
        return new Timing(group, shape, pass, JALIGN, seconds, work, unit, 0, 0, error, BFLOAT16, null);
    }

    static Timing skipped(String group, String shape, String pass, String reason) {
        return new Timing(group, shape, pass, JALIGN, 0, 0, "", 0, 0, 0, 0, reason);
    }

    Timing how(String name) {
        return new Timing(group, shape, pass, name, seconds, work, unit, pairs, memory, error, bound, skipped);
    }

    Timing within(double other) {
        return new Timing(group, shape, pass, how, seconds, work, unit, pairs, memory, error, other, skipped);
    }

    Timing needing(long bytes) {
        return new Timing(group, shape, pass, how, seconds, work, unit, pairs, bytes, error, bound, skipped);
    }

    Timing ofPairs(int count) {
        return new Timing(group, shape, pass, how, seconds, work, unit, count, memory, error, bound, skipped);
    }

    /** Whether the result was not what it should be; so is a time of 0. */
    boolean wrong() {
        return skipped == null && !(error <= bound && seconds > 0);
    }

    /** What was done. */
    String name() {
        return group + " | " + shape + " | " + pass;
    }

    Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("program", JALIGN);
        json.put("group", group);
        json.put("shape", shape);
        json.put("pass", pass);
        json.put("how", how);
        if (skipped != null) {
            json.put("skipped", skipped);
            return json;
        }
        json.put("seconds", seconds);
        json.put("work", work);
        json.put("unit", unit);
        json.put("pairs", pairs);
        json.put("memory", memory);
        json.put("error", error);
        json.put("bound", bound);
        return json;
    }

    static Timing fromJson(Map<String, @Nullable Object> json) {
        return new Timing(
                text(json, "group"),
                text(json, "shape"),
                text(json, "pass"),
                text(json, "how"),
                number(json, "seconds"),
                number(json, "work"),
                json.get("unit") instanceof String s ? s : "",
                (int) number(json, "pairs"),
                (long) number(json, "memory"),
                number(json, "error"),
                number(json, "bound"),
                json.get("skipped") instanceof String s ? s : null);
    }

    private static String text(Map<String, @Nullable Object> json, String key) {
        if (json.get(key) instanceof String s) {
            return s;
        }
        throw new IllegalArgumentException("a line of timings has no " + key + ": " + json);
    }

    private static double number(Map<String, @Nullable Object> json, String key) {
        return json.get(key) instanceof Number n ? n.doubleValue() : 0;
    }
}
