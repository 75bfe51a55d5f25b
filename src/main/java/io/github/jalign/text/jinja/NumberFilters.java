package io.github.jalign.text.jinja;

import static io.github.jalign.text.jinja.Operation.define;

import io.github.jalign.text.jinja.Operation.Given;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Filters that make numbers. */
final class NumberFilters {
    static final Map<String, Operation> TABLE = Operation.table(
            define("abs", "/", (run, v, g) -> abs(v)),
            define("int", "default? base?", NumberFilters::integer),
            define("float", "default?", (run, v, g) -> {
                Double real = parsed(v);
                return real == null ? g.or(0, new Value.Real(0)) : new Value.Real(real);
            }),
            define("round", "precision? method?", (run, v, g) -> round(v, g)),
            define("sum", "attribute? start?", NumberFilters::sum));

    private NumberFilters() {}

    private static Value abs(Value value) {
        return switch (value) {
            case Value.Real real -> new Value.Real(Math.abs(real.value()));
            case Value.Int number -> Value.of(number.value().abs());
            case Value.Bool bool -> Value.of(Python.integer(bool));
            default -> throw Refusal.operation("bad operand type for abs(): '" + Python.type(value) + "'", "a number");
        };
    }

    /** As {@code int(value)}, else {@code int(float(value))}, else the default. */
    private static Value integer(Run run, Value value, Given given) {
        Value otherwise = given.or(0, Value.of(0));
        if (value instanceof Text text) {
            run.budget.text(text.string().length());
            BigInteger parsed = parsed(text.string(), given.integer(1, 10));
            if (parsed != null) {
                return Value.of(parsed);
            }
        }
        if (value instanceof Value.Int || value instanceof Value.Bool) {
            return Value.of(Python.integer(value));
        }
        Double real = parsed(value);
        if (real == null || Double.isNaN(real)) {
            return otherwise;
        }
        if (Double.isInfinite(real)) {
            if (value instanceof Value.Real) {
                throw Refusal.operation("cannot convert float infinity to integer", "a finite number");
            }
            return otherwise;
        }
        return Value.of(new BigDecimal(real).toBigInteger());
    }

    /** Python's {@code int(text, base)}; null where it raises ValueError. */
    private static @Nullable BigInteger parsed(String text, int base) {
        String digits = text.strip().replaceAll("(?<=[0-9a-zA-Z])_(?=[0-9a-zA-Z])", "");
        boolean negative = digits.startsWith("-");
        if (negative || digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        int radix = base;
        if (digits.length() > 2 && digits.charAt(0) == '0') {
            int prefix = switch (digits.charAt(1)) {
                case 'x', 'X' -> 16;
                case 'o', 'O' -> 8;
                case 'b', 'B' -> 2;
                default -> 0;
            };
            if (prefix != 0 && (base == prefix || base == 0)) {
                digits = digits.substring(2);
                radix = prefix;
            }
        }
        radix = radix == 0 ? 10 : radix;
        if (radix < 2 || radix > 36 || digits.isEmpty() || digits.length() > 4300) {
            return null;
        }
        for (int i = 0; i < digits.length(); i++) {
            if (Character.digit(digits.charAt(i), radix) < 0) {
                return null;
            }
        }
        BigInteger number = new BigInteger(digits, radix);
        return negative ? number.negate() : number;
    }

    /** Python's {@code float(value)}; null where it raises TypeError or ValueError. */
    private static @Nullable Double parsed(Value value) {
        return switch (value) {
            case Value.Undefined u -> throw u.refusal();
            case Value.Real real -> real.value();
            case Value.Int i -> Arithmetic.real(i);
            case Value.Bool b -> Arithmetic.real(b);
            case Text text -> parsed(text.string().strip());
            default -> null;
        };
    }

    private static @Nullable Double parsed(String text) {
        String unsigned = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
        switch (unsigned.toLowerCase(java.util.Locale.ROOT)) {
            case "inf", "infinity" -> {
                return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            }
            case "nan" -> {
                return Double.NaN;
            }
            default -> {
                String digits = text.replaceAll("(?<=[0-9])_(?=[0-9])", "");
                return digits.length() <= 4300 && digits.matches("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?")
                        ? Double.valueOf(digits)
                        : null;
            }
        }
    }

    /** For filters that call {@code float()} and let it fail. */
    static Value toFloat(Run run, Value value) {
        run.budget.step();
        Double real = parsed(value);
        if (real == null) {
            throw Refusal.operation("could not convert '" + Python.type(value) + "' to float", "a number");
        }
        return new Value.Real(real);
    }

    private static Value round(Value value, Given given) {
        int precision = Math.clamp(given.integer(0, 0), -400, 400);
        String method = given.get(1) == null ? "common" : given.text(1).string();
        if (!Arithmetic.isNumber(value)) {
            throw value instanceof Value.Undefined u
                    ? u.refusal()
                    : Refusal.operation("round of '" + Python.type(value) + "'", "a number");
        }
        if (method.equals("common")) {
            if (!(value instanceof Value.Real real)) {
                BigDecimal exact = new BigDecimal(Python.integer(value));
                return Value.of(exact.setScale(Math.min(0, precision), RoundingMode.HALF_EVEN).toBigInteger());
            }
            if (!Double.isFinite(real.value())) {
                return real;
            }
            double rounded = new BigDecimal(real.value()).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
            return new Value.Real(Math.copySign(rounded, real.value()));
        }
        double power = Math.pow(10, precision);
        double scaled = Arithmetic.real(value) * power;
        if (!Double.isFinite(scaled) || power == 0) {
            throw Refusal.operation("cannot round " + Printing.real(scaled), "a finite number");
        }
        return switch (method) {
            // Through an integer, which has no negative zero.
            case "ceil" -> new Value.Real(new BigDecimal(Math.ceil(scaled)).doubleValue() / power);
            case "floor" -> new Value.Real(new BigDecimal(Math.floor(scaled)).doubleValue() / power);
            default -> throw Refusal.operation("the rounding method '" + method + "'", "common, ceil or floor");
        };
    }

    private static Value sum(Run run, Value value, Given given) {
        Value attribute = given.or(0, Value.NONE);
        Value sum = given.or(1, Value.of(0));
        if (sum instanceof Text) {
            throw Refusal.operation("sum() can't sum strings", "numbers; '| join' joins strings");
        }
        Iterator<Value> items = Iteration.over(run, value);
        while (items.hasNext()) {
            Value item = items.next();
            if (!(attribute instanceof Value.None)) {
                item = SelectFilters.attribute(run, item, attribute, null);
            }
            sum = Arithmetic.apply(run, Arithmetic.Operator.ADD, sum, item);
        }
        return sum;
    }
}
