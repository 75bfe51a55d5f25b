package io.github.jalign.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;

/** Python's {@code ==}, {@code <} and {@code in}. */
final class Comparison {
    private Comparison() {}

    static boolean equal(Run run, Value a, Value b) {
        run.budget.step();
        if (isNumber(a) && isNumber(b)) {
            return ordered(a, b) && compareNumbers(a, b) == 0;
        }
        run.budget.enter();
        boolean equal = switch (a) {
            case Text t -> b instanceof Text u && sameText(run, t, u);
            case Value.Listing l -> b instanceof Value.Listing m && sameItems(run, l.items(), m.items());
            case Value.Tuple l -> b instanceof Value.Tuple m && sameItems(run, l.items(), m.items());
            case Dict d -> b instanceof Dict e && sameEntries(run, d, e);
            case Value.Range r -> b instanceof Value.Range s && sameRange(r, s);
            case Value.None n -> b instanceof Value.None;
            case Value.Undefined u -> b instanceof Value.Undefined;
            case Value.View v -> b instanceof Value.View w
                    && v.kind() == w.kind()
                    && v.kind() != Value.View.Kind.VALUES
                    && sameView(run, v, w);
            case Operation.Bound m -> b instanceof Operation.Bound o
                    && m.operation().equals(o.operation())
                    && equal(run, m.self(), o.self());
            default -> a == b;
        };
        run.budget.leave();
        return equal;
    }

    private static boolean sameText(Run run, Text a, Text b) {
        run.budget.charge(Math.min(a.string().length(), b.string().length()) >> 6);
        return a.string().equals(b.string());
    }

    private static boolean sameItems(Run run, List<Value> a, List<Value> b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (a.get(i) != b.get(i) && !equal(run, a.get(i), b.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean sameEntries(Run run, Dict a, Dict b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (Dict.Entry entry : a.entries()) {
            Value other = b.get(entry.key());
            if (other == null || (other != entry.value() && !equal(run, entry.value(), other))) {
                return false;
            }
        }
        return true;
    }

    private static boolean sameView(Run run, Value.View a, Value.View b) {
        return a.kind() == Value.View.Kind.ITEMS
                ? sameEntries(run, a.dict(), b.dict())
                : a.dict().size() == b.dict().size()
                        && a.dict().entries().stream().allMatch(e -> b.dict().get(e.key()) != null);
    }

    private static boolean sameRange(Value.Range a, Value.Range b) {
        return a.length() == b.length()
                && (a.length() == 0 || a.start() == b.start())
                && (a.length() <= 1 || a.step() == b.step());
    }

    private static boolean isNumber(Value v) {
        return v instanceof Value.Int || v instanceof Value.Real || v instanceof Value.Bool;
    }

    /** NaN is neither less nor equal nor greater. */
    private static boolean ordered(Value a, Value b) {
        return !(a instanceof Value.Real r && Double.isNaN(r.value()))
                && !(b instanceof Value.Real s && Double.isNaN(s.value()));
    }

    private static int compareNumbers(Value a, Value b) {
        if (a instanceof Value.Real r && b instanceof Value.Real s) {
            return r.value() == s.value() ? 0 : Double.compare(r.value(), s.value());
        }
        if (a instanceof Value.Real r && Double.isInfinite(r.value())) {
            return r.value() > 0 ? 1 : -1;
        }
        if (b instanceof Value.Real s && Double.isInfinite(s.value())) {
            return s.value() > 0 ? -1 : 1;
        }
        return exact(a).compareTo(exact(b));
    }

    private static BigDecimal exact(Value v) {
        return v instanceof Value.Real r ? new BigDecimal(r.value()) : new BigDecimal(Python.integer(v));
    }

    /** The four orders. */
    enum Order {
        LESS("<"),
        LESS_OR_EQUAL("<="),
        GREATER(">"),
        GREATER_OR_EQUAL(">=");

        final String sign;

        Order(String sign) {
            this.sign = sign;
        }

        boolean holds(int comparison) {
            return switch (this) {
                case LESS -> comparison < 0;
                case LESS_OR_EQUAL -> comparison <= 0;
                case GREATER -> comparison > 0;
                case GREATER_OR_EQUAL -> comparison >= 0;
            };
        }
    }

    static boolean compare(Run run, Order order, Value a, Value b) {
        run.budget.step();
        if (a instanceof Value.Undefined u) {
            throw u.refusal();
        }
        if (b instanceof Value.Undefined u) {
            throw u.refusal();
        }
        if (isNumber(a) && isNumber(b)) {
            return ordered(a, b) && order.holds(compareNumbers(a, b));
        }
        if (a instanceof Text t && b instanceof Text u) {
            run.budget.charge(Math.min(t.string().length(), u.string().length()) >> 6);
            return order.holds(compareCodePoints(t.string(), u.string()));
        }
        if (a instanceof Value.Items l && b instanceof Value.Items m && a.getClass() == b.getClass()) {
            run.budget.enter();
            boolean holds = compareItems(run, order, l.items(), m.items());
            run.budget.leave();
            return holds;
        }
        throw Refusal.operation(
                "'%s' between '%s' and '%s'".formatted(order.sign, Python.type(a), Python.type(b)),
                "two numbers, two strings or two lists");
    }

    /** The first pair that differs decides. */
    private static boolean compareItems(Run run, Order order, List<Value> a, List<Value> b) {
        int n = Math.min(a.size(), b.size());
        for (int i = 0; i < n; i++) {
            if (a.get(i) != b.get(i) && !equal(run, a.get(i), b.get(i))) {
                return compare(run, order, a.get(i), b.get(i));
            }
        }
        return order.holds(Integer.compare(a.size(), b.size()));
    }

    static int compareCodePoints(String a, String b) {
        int n = Math.min(a.length(), b.length());
        for (int i = 0; i < n; i++) {
            char c = a.charAt(i);
            char d = b.charAt(i);
            if (c != d) {
                // Surrogates stand for code points above all other units.
                boolean high = Character.isSurrogate(c);
                return high == Character.isSurrogate(d) ? Character.compare(c, d) : high ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /** {@code item in container}. */
    static boolean contains(Run run, Value container, Value item) {
        return switch (container) {
            case Text text -> {
                if (item instanceof Text part) {
                    yield Search.indexOf(run, text.string(), part.string(), 0) >= 0;
                }
                throw Refusal.operation(
                        "'in <string>' requires string as left operand, not " + Python.type(item), "a string in a string");
            }
            case Dict dict -> dict.get(item) != null;
            case Value.View view when view.kind() == Value.View.Kind.KEYS -> view.dict().get(item) != null;
            case Value.Range range when item instanceof Value.Int number -> inRange(range, number.value());
            case Value.Namespace n -> throw notAContainer(container);
            case Value.Callable c -> throw notAContainer(container);
            default -> {
                if (!Iteration.possible(container)) {
                    throw notAContainer(container);
                }
                Iterator<Value> items = Iteration.over(run, container);
                boolean found = false;
                while (!found && items.hasNext()) {
                    Value candidate = items.next();
                    found = candidate == item || equal(run, candidate, item);
                }
                yield found;
            }
        };
    }

    private static boolean inRange(Value.Range range, BigInteger number) {
        BigInteger[] steps = number.subtract(BigInteger.valueOf(range.start()))
                .divideAndRemainder(BigInteger.valueOf(range.step()));
        return steps[1].signum() == 0
                && steps[0].signum() >= 0
                && steps[0].compareTo(BigInteger.valueOf(range.length())) < 0;
    }

    private static Refusal notAContainer(Value container) {
        return Refusal.operation(
                "argument of type '" + Python.type(container) + "' is not iterable", "a list, a dict, a string or a range");
    }
}
