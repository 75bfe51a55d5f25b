package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Rows by split and slice, in the language of Hugging Face datasets 5 (arrow_reader.py): {@code train},
 * {@code train[:48]}, {@code train[10%:20%]}, {@code train[-10:]}, {@code a+b[5:]}. A boundary counts from the end when
 * negative and stops at the ends; a percentage is rounded to the closest row, half to even, or down to whole
 * hundredths of the split with {@code (pct1_dropremainder)}.
 */
record SplitExpression(List<Slice> slices) {
    private static final Pattern PLUS = Pattern.compile("\\s*\\+\\s*");
    private static final Pattern SLICE = Pattern.compile("(?<split>\\w+(?:\\.\\w+)*)"
            + "(?<slice>\\[(?:(?<from>-?[\\d_]+)(?<fromPercent>%)?)?:(?:(?<to>-?[\\d_]+)(?<toPercent>%)?)?])?"
            + "(?:\\((?<rounding>closest|pct1_dropremainder)\\))?");

    /**
     * Part of one split.
     *
     * @param from first row; null for the start
     * @param to the row after the last; null for the end
     * @param percent whether {@code from} and {@code to} are hundredths of the split
     * @param dropRemainder whether a hundredth is a whole number of rows
     */
    record Slice(String split, @Nullable Integer from, @Nullable Integer to, boolean percent, boolean dropRemainder) {
        /** The first row, counted from 0. */
        int first(int rows) {
            return from == null ? 0 : boundary(from, rows);
        }

        /** The row after the last; not below {@link #first}. */
        int end(int rows) {
            return to == null ? rows : Math.max(first(rows), boundary(to, rows));
        }

        private int boundary(int value, int rows) {
            long row = value;
            if (percent) {
                row = dropRemainder ? (long) value * (rows / 100) : (long) Math.rint((long) value * rows / 100.0);
            }
            return Math.clamp(row < 0 ? rows + row : row, 0, rows);
        }
    }

    /** @param key the recipe's key, for errors */
    static SplitExpression parse(String key, String text) {
        List<Slice> slices = new ArrayList<>();
        for (String part : PLUS.split(text.strip(), -1)) {
            Matcher m = SLICE.matcher(part);
            if (!m.matches()) {
                throw error(key, text);
            }
            boolean percent = m.group("fromPercent") != null || m.group("toPercent") != null;
            if (m.group("rounding") != null && !percent) {
                throw error(key, text);
            }
            Integer from = number(key, text, m.group("from"), percent);
            Integer to = number(key, text, m.group("to"), percent);
            slices.add(new Slice(
                    m.group("split"), from, to, percent, "pct1_dropremainder".equals(m.group("rounding"))));
        }
        return new SplitExpression(List.copyOf(slices));
    }

    private static @Nullable Integer number(String key, String text, @Nullable String digits, boolean percent) {
        if (digits == null) {
            return null;
        }
        try {
            int value = Integer.parseInt(digits.replace("_", ""));
            if (!percent || Math.abs(value) <= 100) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw error(key, text, e);
        }
        throw error(key, text);
    }

    private static JalignException error(String key, String text) {
        return error(key, text, null);
    }

    private static JalignException error(String key, String text, @Nullable Throwable cause) {
        return new JalignException(
                JalignException.Kind.USAGE,
                key,
                "rows are named by split and slice",
                "\"" + text + "\"",
                "for example train, train[:48], train[10%:20%], train[-10:] or train+test",
                "write " + key + " as one of these",
                cause);
    }
}
