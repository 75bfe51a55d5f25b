package io.github.jalign.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;

/** Python's {@code format % values}. */
final class Percent {
    private final Run run;
    private final Text format;
    private final String source;
    private final Value values;
    private final Text.Builder out = new Text.Builder();
    private int at;
    /** The next positional value. */
    private int next;

    private Percent(Run run, Text format, Value values) {
        this.run = run;
        this.format = format;
        this.source = format.string();
        this.values = values;
    }

    static Text format(Run run, Text format, Value values) {
        return format.like(new Percent(run, format, values).format());
    }

    private Text format() {
        run.budget.text(source.length());
        while (at < source.length()) {
            int percent = source.indexOf('%', at);
            int end = percent < 0 ? source.length() : percent;
            out.append(format, at, end);
            at = end;
            if (percent >= 0) {
                at++;
                conversion();
            }
        }
        if (next < positionals()) {
            throw Refusal.operation("not all arguments converted during string formatting", "as many '%' as values");
        }
        return out.build();
    }

    /** How many values must be used: what has items of its own, other than a tuple, may stay unused, as in Python. */
    private int positionals() {
        return switch (values) {
            case Value.Tuple tuple -> tuple.items().size();
            case Value.Listing l -> 0;
            case Value.Range r -> 0;
            case Value.Undefined u -> 0;
            case Dict d -> 0;
            default -> 1;
        };
    }

    private void conversion() {
        Value named = null;
        if (peek() == '(') {
            int close = closing();
            if (!(values instanceof Dict dict)) {
                throw Refusal.operation("format requires a mapping", "a dict after '%'");
            }
            String key = source.substring(at + 1, close);
            named = dict.get(key);
            if (named == null) {
                throw Refusal.operation("KeyError: '" + key + "'", "a dict with that key");
            }
            at = close + 1;
        }
        int flags = at;
        while ("-+ 0#".indexOf(peek()) >= 0) {
            at++;
        }
        String flag = source.substring(flags, at);
        int width = number();
        boolean left = flag.contains("-") || width < 0;
        int precision = -1;
        if (peek() == '.') {
            at++;
            precision = Math.max(0, number());
        }
        while ("hlL".indexOf(peek()) >= 0) {
            at++;
        }
        char type = peek();
        at++;
        if (type == '%') {
            out.literal("%");
            return;
        }
        Value value = named == null ? positional() : named;
        Text text = converted(type, value, flag, precision, left ? 0 : Math.abs(width));
        int padding = Math.abs(width) - text.length();
        run.budget.text(Math.max(0, padding) + (long) text.string().length());
        out.literal(" ".repeat(left ? 0 : Math.max(0, padding)));
        out.append(text);
        out.literal(" ".repeat(left ? Math.max(0, padding) : 0));
    }

    private char peek() {
        if (at >= source.length()) {
            throw Refusal.operation("incomplete format", "a letter after '%'; '%%' for the sign itself");
        }
        return source.charAt(at);
    }

    private int closing() {
        int depth = 0;
        for (int i = at; i < source.length(); i++) {
            depth += source.charAt(i) == '(' ? 1 : source.charAt(i) == ')' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        throw Refusal.operation("incomplete format key", "'%(name)s'");
    }

    private int number() {
        if (peek() == '*') {
            at++;
            return Python.index(positional());
        }
        int n = 0;
        while (peek() >= '0' && peek() <= '9') {
            n = Math.min(Limits.OUTPUT + 1, 10 * n + (peek() - '0'));
            at++;
        }
        return n;
    }

    private Value positional() {
        List<Value> items = values instanceof Value.Tuple tuple ? tuple.items() : List.of(values);
        if (next >= items.size()) {
            throw Refusal.operation("not enough arguments for format string", "as many values as '%'");
        }
        return items.get(next++);
    }

    private Text converted(char type, Value value, String flag, int precision, int width) {
        return switch (type) {
            case 's' -> cut(format.isMarkup() ? Html.escape(run, Printing.soft(run, value)) : Printing.str(run, value), precision);
            case 'r' -> cut(format.isMarkup() ? Html.escape(run, Printing.repr(run, value)) : Printing.repr(run, value), precision);
            case 'a' -> cut(ascii(Printing.repr(run, value)), precision);
            case 'c' -> character(value);
            case 'd', 'i', 'u' -> signed(whole(value), 10, "", flag, precision, width);
            case 'x' -> signed(exact(value), 16, "0x", flag, precision, width);
            case 'X' -> upper(signed(exact(value), 16, "0x", flag, precision, width));
            case 'o' -> signed(exact(value), 8, "0o", flag, precision, width);
            case 'f', 'F', 'e', 'E', 'g', 'G' -> real(type, value, flag, precision, width);
            default -> throw Refusal.operation(
                    "unsupported format character '" + type + "'", "one of d i u x X o f F e E g G c s r a");
        };
    }

    private static Text cut(Text text, int precision) {
        return precision < 0 || precision >= text.length() ? text : text.slice(0, text.offset(precision));
    }

    private static Text ascii(Text text) {
        StringBuilder out = new StringBuilder();
        text.string().codePoints().forEach(c -> out.append(
                c < 0x7f ? Character.toString(c)
                        : c < 0x100 ? "\\x%02x".formatted(c)
                        : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c)));
        return text.derived(out.toString());
    }

    private static Text upper(Text text) {
        return text.derived(text.string().toUpperCase(Locale.ROOT));
    }

    private static Text character(Value value) {
        if (value instanceof Text text && text.length() == 1) {
            return text;
        }
        int c = value instanceof Text ? -1 : Python.index(value);
        if (!Character.isValidCodePoint(c)) {
            throw Refusal.operation("%c requires int or char", "one character, or its number");
        }
        return Text.data(Character.toString(c));
    }

    private static BigInteger whole(Value value) {
        if (value instanceof Value.Real real) {
            if (!Double.isFinite(real.value())) {
                throw Refusal.operation("cannot convert " + Printing.real(real.value()) + " to an integer", "a finite number");
            }
            return new BigDecimal(real.value()).toBigInteger();
        }
        return exact(value);
    }

    private static BigInteger exact(Value value) {
        if (value instanceof Value.Int || value instanceof Value.Bool || value instanceof Value.Undefined) {
            return Python.integer(value);
        }
        throw Refusal.operation("%d format: a real number is required, not " + Python.type(value), "a number");
    }

    private Text signed(BigInteger number, int radix, String prefix, String flag, int precision, int width) {
        String digits = number.abs().toString(radix);
        run.budget.text(Math.max(precision, width));
        digits = "0".repeat(Math.max(0, precision - digits.length())) + digits;
        String head = sign(number.signum() < 0, flag) + (flag.contains("#") ? prefix : "");
        return Text.data(head + zeros(head, digits, flag, width) + digits);
    }

    private static String sign(boolean negative, String flag) {
        return negative ? "-" : flag.contains("+") ? "+" : flag.contains(" ") ? " " : "";
    }

    private static String zeros(String head, String digits, String flag, int width) {
        return flag.contains("0") ? "0".repeat(Math.max(0, width - head.length() - digits.length())) : "";
    }

    private Text real(char type, Value value, String flag, int precision, int width) {
        if (value instanceof Value.Undefined u) {
            throw u.refusal();
        }
        if (!Arithmetic.isNumber(value)) {
            throw Refusal.operation("must be real number, not " + Python.type(value), "a number");
        }
        double d = Arithmetic.real(value);
        int places = precision < 0 ? 6 : precision;
        run.budget.text((long) places + width + 400);
        String head = sign(d < 0 || 1 / d < 0, flag);
        String digits;
        if (!Double.isFinite(d)) {
            digits = Double.isNaN(d) ? "nan" : "inf";
            head = Double.isNaN(d) ? "" : head;
            flag = flag.replace("0", "");
        } else {
            BigDecimal exact = new BigDecimal(Math.abs(d));
            digits = switch (Character.toLowerCase(type)) {
                case 'f' -> fixed(exact, places) + (flag.contains("#") && places == 0 ? "." : "");
                case 'e' -> scientific(exact, places);
                default -> general(exact, Math.max(1, places), flag.contains("#"));
            };
        }
        digits = Character.isUpperCase(type) ? digits.toUpperCase(Locale.ROOT) : digits;
        return Text.data(head + zeros(head, digits, flag, width) + digits);
    }

    /** {@code %.Nf} of a number that is not negative. */
    static String fixed(BigDecimal exact, int places) {
        return exact.setScale(places, RoundingMode.HALF_EVEN).toPlainString();
    }

    private static String scientific(BigDecimal exact, int places) {
        if (exact.signum() == 0) {
            return (places == 0 ? "0" : "0." + "0".repeat(places)) + "e+00";
        }
        BigDecimal rounded = exact.round(new MathContext(places + 1, RoundingMode.HALF_EVEN));
        String digits = rounded.unscaledValue().toString();
        int exponent = rounded.precision() - rounded.scale() - 1;
        digits = digits.length() > places + 1 ? digits.substring(0, places + 1) : digits + "0".repeat(places + 1 - digits.length());
        return digits.charAt(0)
                + (places == 0 ? "" : "." + digits.substring(1))
                + (exponent < 0 ? "e-" : "e+")
                + "%02d".formatted(Math.abs(exponent));
    }

    private static String general(BigDecimal exact, int significant, boolean keepZeros) {
        BigDecimal rounded = exact.round(new MathContext(significant, RoundingMode.HALF_EVEN));
        int exponent = exact.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        boolean plain = exponent >= -4 && exponent < significant;
        String digits = plain ? fixed(exact, significant - 1 - exponent) : scientific(exact, significant - 1);
        if (keepZeros) {
            return digits;
        }
        int e = digits.indexOf('e');
        String mantissa = e < 0 ? digits : digits.substring(0, e);
        if (mantissa.indexOf('.') >= 0) {
            mantissa = mantissa.replaceAll("0+$", "").replaceAll("\\.$", "");
        }
        return mantissa + (e < 0 ? "" : digits.substring(e));
    }
}
