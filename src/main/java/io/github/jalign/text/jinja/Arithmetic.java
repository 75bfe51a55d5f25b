package io.github.jalign.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;

/** Python's {@code + - * / // % **} and signs. */
final class Arithmetic {
    /** The operators by their sign. */
    enum Operator {
        ADD("+"),
        SUBTRACT("-"),
        MULTIPLY("*"),
        DIVIDE("/"),
        FLOOR_DIVIDE("//"),
        MODULO("%"),
        POWER("**");

        final String sign;

        Operator(String sign) {
            this.sign = sign;
        }
    }

    private Arithmetic() {}

    static Value apply(Run run, Operator operator, Value a, Value b) {
        if (operator == Operator.MODULO && a instanceof Text format) {
            return Percent.format(run, format, b);
        }
        if (a instanceof Value.Undefined u) {
            throw u.refusal();
        }
        if (b instanceof Value.Undefined u) {
            throw u.refusal();
        }
        if (isNumber(a) && isNumber(b)) {
            return a instanceof Value.Real || b instanceof Value.Real
                    ? new Value.Real(reals(operator, real(a), real(b)))
                    : integers(operator, Python.integer(a), Python.integer(b));
        }
        if (operator == Operator.ADD) {
            if (a instanceof Text t && b instanceof Text u) {
                run.budget.text((long) t.string().length() + u.string().length());
                return t.isMarkup() || u.isMarkup()
                        ? Html.escape(run, t).plus(Html.escape(run, u)).asMarkup()
                        : t.plus(u);
            }
            if (a instanceof Value.Listing l && b instanceof Value.Listing m) {
                return new Value.Listing(joined(run, l.items(), m.items()));
            }
            if (a instanceof Value.Tuple l && b instanceof Value.Tuple m) {
                return new Value.Tuple(joined(run, l.items(), m.items()));
            }
        }
        if (operator == Operator.MULTIPLY) {
            if (isInteger(b) && (a instanceof Text || a instanceof Value.Items)) {
                return repeated(run, a, Python.index(b));
            }
            if (isInteger(a) && (b instanceof Text || b instanceof Value.Items)) {
                return repeated(run, b, Python.index(a));
            }
        }
        throw Refusal.operation(
                "unsupported operand type(s) for %s: '%s' and '%s'"
                        .formatted(operator.sign, Python.type(a), Python.type(b)),
                operator == Operator.ADD ? "two numbers, two strings or two lists; '~' joins any two values" : "numbers");
    }

    static Value negative(Value a) {
        return switch (a) {
            case Value.Real real -> new Value.Real(-real.value());
            case Value.Undefined u -> throw u.refusal();
            default -> {
                requireNumber("-", a);
                yield Value.of(Python.integer(a).negate());
            }
        };
    }

    static Value positive(Value a) {
        return switch (a) {
            case Value.Real real -> real;
            case Value.Undefined u -> throw u.refusal();
            default -> {
                requireNumber("+", a);
                yield Value.of(Python.integer(a));
            }
        };
    }

    private static void requireNumber(String sign, Value a) {
        if (!isNumber(a)) {
            throw Refusal.operation("bad operand type for unary %s: '%s'".formatted(sign, Python.type(a)), "a number");
        }
    }

    private static boolean isInteger(Value v) {
        return v instanceof Value.Int || v instanceof Value.Bool;
    }

    static boolean isNumber(Value v) {
        return isInteger(v) || v instanceof Value.Real;
    }

    /** A number as a float. */
    static double real(Value v) {
        if (v instanceof Value.Real r) {
            return r.value();
        }
        double d = Python.integer(v).doubleValue();
        if (Double.isInfinite(d)) {
            throw Refusal.operation("int too large to convert to float", "a number below 1.8e308");
        }
        return d;
    }

    private static Value integers(Operator operator, BigInteger a, BigInteger b) {
        return switch (operator) {
            case ADD -> Value.of(a.add(b));
            case SUBTRACT -> Value.of(a.subtract(b));
            case MULTIPLY -> Value.of(a.multiply(b)); // of two that are within the limit
            case DIVIDE -> {
                requireNotZero(b.signum() == 0);
                yield new Value.Real(quotient(a, b));
            }
            case FLOOR_DIVIDE -> {
                requireNotZero(b.signum() == 0);
                BigInteger[] q = a.divideAndRemainder(b);
                boolean below = q[1].signum() != 0 && q[1].signum() != b.signum();
                yield Value.of(below ? q[0].subtract(BigInteger.ONE) : q[0]);
            }
            case MODULO -> {
                requireNotZero(b.signum() == 0);
                BigInteger r = a.remainder(b);
                yield Value.of(r.signum() != 0 && r.signum() != b.signum() ? r.add(b) : r);
            }
            case POWER -> power(a, b);
        };
    }

    private static double quotient(BigInteger a, BigInteger b) {
        if (a.bitLength() <= 53 && b.bitLength() <= 53) {
            return a.doubleValue() / b.doubleValue();
        }
        double q = new BigDecimal(a).divide(new BigDecimal(b), MathContext.DECIMAL128).doubleValue();
        if (Double.isInfinite(q)) {
            throw Refusal.operation("integer division result too large for a float", "a quotient below 1.8e308");
        }
        return q;
    }

    private static Value power(BigInteger a, BigInteger b) {
        if (b.signum() < 0) {
            return new Value.Real(reals(Operator.POWER, a.doubleValue(), b.doubleValue()));
        }
        boolean small = a.abs().compareTo(BigInteger.ONE) <= 0;
        if (small) {
            return Value.of(b.signum() == 0 || !b.testBit(0) ? a.pow(b.signum() == 0 ? 0 : 2) : a);
        }
        // a^b has at least (bits(a) − 1)·b bits.
        if (BigInteger.valueOf(a.bitLength() - 1L).multiply(b).bitLength() > 31
                || (a.bitLength() - 1L) * b.longValueExact() > Limits.INTEGER_BITS) {
            throw Refusal.limit(
                    "an integer may have " + Limits.INTEGER_BITS + " bits",
                    "a power of more",
                    "at most " + Limits.INTEGER_BITS);
        }
        return Value.of(a.pow(b.intValueExact()));
    }

    private static double reals(Operator operator, double a, double b) {
        return switch (operator) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case DIVIDE -> {
                requireNotZero(b == 0);
                yield a / b;
            }
            case FLOOR_DIVIDE -> {
                requireNotZero(b == 0);
                yield floorDivide(a, b);
            }
            case MODULO -> {
                requireNotZero(b == 0);
                yield modulo(a, b);
            }
            case POWER -> {
                requireNotZero(a == 0 && b < 0);
                if (a < 0 && Double.isFinite(a) && Double.isFinite(b) && b != Math.rint(b)) {
                    throw Refusal.operation("a negative number to a fractional power", "a real result");
                }
                yield Math.pow(a, b);
            }
        };
    }

    /** CPython's float_divmod (Objects/floatobject.c). */
    private static double floorDivide(double a, double b) {
        double remainder = a % b;
        double quotient = (a - remainder) / b;
        if (remainder != 0 && b < 0 != remainder < 0) {
            quotient -= 1;
        }
        if (quotient == 0) {
            return Math.copySign(0.0, a / b);
        }
        double floor = Math.floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static double modulo(double a, double b) {
        double remainder = a % b;
        if (remainder == 0) {
            return Math.copySign(0.0, b);
        }
        return b < 0 != remainder < 0 ? remainder + b : remainder;
    }

    private static void requireNotZero(boolean zero) {
        if (zero) {
            throw Refusal.operation("division by zero", "a divisor other than zero");
        }
    }

    private static List<Value> joined(Run run, List<Value> a, List<Value> b) {
        run.budget.charge((long) a.size() + b.size());
        List<Value> joined = new ArrayList<>(a);
        joined.addAll(b);
        return joined;
    }

    private static Value repeated(Run run, Value a, int times) {
        int n = Math.max(0, times);
        if (a instanceof Text text) {
            run.budget.text((long) text.string().length() * n);
            Text.Builder out = new Text.Builder();
            for (int i = 0; i < n && !text.isEmpty(); i++) {
                run.budget.step();
                out.append(text);
            }
            return text.like(out.build());
        }
        List<Value> items = ((Value.Items) a).items();
        run.budget.charge((long) items.size() * n);
        List<Value> out = new ArrayList<>();
        for (int i = 0; i < n && !items.isEmpty(); i++) {
            out.addAll(items);
        }
        return a instanceof Value.Tuple ? new Value.Tuple(out) : new Value.Listing(out);
    }
}
