package io.github.jalign.recipe;

import io.github.jalign.train.Resume;
import io.github.jalign.train.Spelled;
import io.github.jalign.train.StepCount;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a key's value must be, and how to read it.
 *
 * @param expected completes "expected …" in messages and stands in the help
 * @param structured whether several words, or YAML in brackets, may follow the key on the command line
 * @param alone what the key means on the command line without a value; null when it needs one
 * @param later words that TRL knows and jalign does not build yet
 * @param reader gives the value, or null when it is of another type
 */
record Type(
        String expected,
        boolean structured,
        @Nullable String alone,
        List<String> later,
        Reader reader) {

    /** Reads a value that is not null. */
    interface Reader {
        @Nullable Object read(Value value);
    }

    private static final Pattern NUMBER = Pattern.compile("[-+]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][-+]?\\d+)?");
    private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*((?i)[KMGT]i?B|B)?");

    private static Type scalar(String expected, Reader reader) {
        return new Type(expected, false, null, List.of(), reader);
    }

    /** Whether all of a value's words are known, though not all are built. */
    boolean knowsLater(Value value) {
        if (value instanceof Value.Items items) {
            return items.values().stream().allMatch(v -> reader.read(v) != null || knowsLater(v));
        }
        return value.text() != null && later.contains(value.text());
    }

    /** Whether names may be set below the key, as in {@code --a.b=c}. */
    boolean nested() {
        return structured && reader.read(new Value.Fields(Map.of())) != null;
    }

    /** The same type in words that fit a key better. */
    Type named(String words) {
        return new Type(words, structured, alone, later, reader);
    }

    static Type text(String expected) {
        return scalar(expected, Value::text);
    }

    static Type path(String expected) {
        return scalar(expected, Type::readPath);
    }

    private static @Nullable String readPath(Value value) {
        String text = value.text();
        return text == null || text.isBlank() || text.indexOf('\0') >= 0 ? null : text;
    }

    static Type flag() {
        return new Type("true or false", false, "true", List.of(), Type::readFlag);
    }

    private static @Nullable Object readFlag(Value value) {
        if (value.text() == null) {
            return null;
        }
        // The words that transformers' argument parser takes.
        return switch (value.text().toLowerCase(Locale.ROOT)) {
            case "true", "yes", "t", "y", "1" -> true;
            case "false", "no", "f", "n", "0" -> false;
            default -> null;
        };
    }

    static Type whole(int least) {
        return scalar("a whole number, at least " + least, v -> {
            double number = number(v);
            boolean fits = number == Math.rint(number) && number >= least && number <= Integer.MAX_VALUE;
            return fits ? (Object) (int) number : null;
        });
    }

    /** A whole number from 0 to 2⁵³. */
    static Type seed() {
        return scalar("a whole number, at least 0", v -> {
            double number = number(v);
            boolean fits = number == Math.rint(number) && number >= 0 && number <= 1L << 53;
            return fits ? (Object) (long) number : null;
        });
    }

    static Type real(int least) {
        return scalar("a number, at least " + least, v -> {
            double number = number(v);
            return number >= least ? (Object) number : null;
        });
    }

    static Type anyReal() {
        return scalar("a number", v -> {
            double number = number(v);
            return Double.isNaN(number) ? null : (Object) number;
        });
    }

    static Type positive() {
        return scalar("a number above 0", v -> {
            double number = number(v);
            return number > 0 ? (Object) number : null;
        });
    }

    /** A number in [0, 1). */
    static Type ratio() {
        return scalar("a number from 0 up to but not including 1", v -> {
            double number = number(v);
            return number >= 0 && number < 1 ? (Object) number : null;
        });
    }

    /** @param least the smallest whole number allowed, 0 or 1; ratios are above 0 when it is 1 */
    static Type steps(int least) {
        String zero = least == 0 ? "" : ", above 0";
        return scalar("a whole number of steps, or a ratio of the run's steps below 1" + zero, v -> {
            double number = number(v);
            boolean ratio = number < 1 && (least == 0 ? number >= 0 : number > 0);
            boolean whole = number >= 1 && number == Math.rint(number) && number <= Integer.MAX_VALUE;
            return ratio || whole ? new StepCount(number) : null;
        });
    }

    /** A finite number, or NaN, which no comparison accepts, for anything else. */
    private static double number(Value value) {
        String text = value.text();
        if (text == null || !NUMBER.matcher(text).matches()) {
            return Double.NaN;
        }
        double number = Double.parseDouble(text);
        return Double.isInfinite(number) ? Double.NaN : number;
    }

    /** One of an enum's words; {@code later} words are known too. */
    static Type choice(List<String> later, Enum<?>... values) {
        String expected = Arrays.stream(values).map(Type::spelling).collect(Collectors.joining(", "));
        return new Type("one of " + expected, false, null, later, v -> Arrays.stream(values)
                .filter(value -> spelling(value).equals(v.text()))
                .findFirst()
                .orElse(null));
    }

    /** The word that recipes write for an enum's value. */
    static String spelling(Enum<?> value) {
        return value instanceof Spelled s ? s.spelling() : value.name().toLowerCase(Locale.ROOT);
    }

    static Type word(List<String> later, String... words) {
        return new Type("one of " + String.join(", ", words), false, null, later, v -> Arrays.stream(words)
                .filter(word -> word.equals(v.text()))
                .findFirst()
                .orElse(null));
    }

    /** A list; a single value is a list of one. */
    static Type items(String expected, Type item) {
        return new Type(expected, true, null, item.later(), v -> {
            List<Value> values = v instanceof Value.Items items ? items.values() : List.of(v);
            List<Object> list = new ArrayList<>();
            for (Value each : values) {
                @Nullable Object read = item.reader().read(each);
                if (read == null) {
                    return null;
                }
                list.add(read);
            }
            return List.copyOf(list);
        });
    }

    static Type mapping() {
        return new Type("a mapping of names to values", true, null, List.of(), v ->
                v instanceof Value.Fields ? plain(v) : null);
    }

    /** Names to single words, at least one. */
    static Type names(String expected) {
        return new Type(expected, true, null, List.of(), v -> {
            if (!(v instanceof Value.Fields fields)) {
                return null;
            }
            Map<String, String> names = new LinkedHashMap<>();
            fields.values().forEach((name, value) -> {
                @Nullable String word = readPath(value);
                if (word != null) {
                    names.put(name, word);
                }
            });
            return names.size() == fields.values().size() ? names : null;
        });
    }

    /** Whatever stands there, for keys that decide by more than a type. */
    static Type anything(String expected) {
        return new Type(expected, true, "true", List.of(), Type::plain);
    }

    /** Text, lists and maps, as they were written. */
    private static Object plain(Value value) {
        return switch (value) {
            case Value.Scalar s -> s.text();
            case Value.Items items -> items.values().stream().map(Type::plain).toList();
            case Value.Fields fields -> {
                Map<String, Object> map = new LinkedHashMap<>();
                fields.values().forEach((k, v) -> map.put(k, plain(v)));
                yield map;
            }
        };
    }

    static Type date() {
        return scalar("a day as year-month-day, for example 2026-01-31", v -> {
            try {
                return v.text() == null ? null : LocalDate.parse(v.text());
            } catch (DateTimeException notADate) {
                return null; // the caller reports what it found
            }
        });
    }

    /** Bytes, as a count or with a unit. */
    static Type size() {
        return scalar("a number of bytes, or a size such as 6GB or 6GiB", v -> {
            Matcher m = SIZE.matcher(v.text() == null ? "" : v.text());
            if (!m.matches()) {
                return null;
            }
            String unit = m.group(2) == null ? "B" : m.group(2).toUpperCase(Locale.ROOT);
            int power = "BKMGT".indexOf(unit.charAt(0));
            double bytes = Double.parseDouble(m.group(1)) * Math.pow(unit.contains("I") ? 1024 : 1000, power);
            return bytes >= 1 && bytes < 1L << 53 ? (Object) (long) bytes : null;
        });
    }

    static Type resume() {
        return new Type("true, false, or a checkpoint folder", false, "true", List.of(), v -> {
            @Nullable Object flag = readFlag(v);
            if (flag != null) {
                return (boolean) flag ? new Resume.FromLatest() : new Resume.FromStart();
            }
            @Nullable String path = readPath(v);
            return path == null ? null : new Resume.From(Path.of(path));
        });
    }
}
