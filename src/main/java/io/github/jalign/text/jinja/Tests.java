package io.github.jalign.text.jinja;

import static io.github.jalign.text.jinja.Operation.define;

import java.util.HashMap;
import java.util.Map;

/** Every test by name: those of Jinja2 3.1.6 (tests.py). */
final class Tests {
    private static final Map<String, Operation> TABLE = table();

    private Tests() {}

    private static Map<String, Operation> table() {
        Map<String, Operation> all = new HashMap<>(Operation.table(
                define("defined", "", (run, v, g) -> Value.of(!(v instanceof Value.Undefined))),
                define("undefined", "", (run, v, g) -> Value.of(v instanceof Value.Undefined)),
                define("none", "", (run, v, g) -> Value.of(v instanceof Value.None)),
                define("boolean", "", (run, v, g) -> Value.of(v instanceof Value.Bool)),
                define("true", "", (run, v, g) -> Value.of(v instanceof Value.Bool b && b.value())),
                define("false", "", (run, v, g) -> Value.of(v instanceof Value.Bool b && !b.value())),
                define("integer", "", (run, v, g) -> Value.of(v instanceof Value.Int)),
                define("float", "", (run, v, g) -> Value.of(v instanceof Value.Real)),
                define("number", "", (run, v, g) -> Value.of(Arithmetic.isNumber(v))),
                define("string", "", (run, v, g) -> Value.of(v instanceof Text)),
                define("mapping", "", (run, v, g) -> Value.of(v instanceof Dict)),
                define("iterable", "", (run, v, g) -> Value.of(Iteration.possible(v))),
                define("sequence", "", (run, v, g) -> Value.of(isSequence(v))),
                define("callable", "", (run, v, g) -> Value.of(v instanceof Value.Callable || v instanceof Value.Undefined)),
                define("escaped", "", (run, v, g) -> Value.of(v instanceof Text t && t.isMarkup())),
                define("odd", "", (run, v, g) -> remainder(run, v, Value.of(2), 1)),
                define("even", "", (run, v, g) -> remainder(run, v, Value.of(2), 0)),
                define("divisibleby", "num", (run, v, g) -> remainder(run, v, g.need(0), 0)),
                define("lower", "", (run, v, g) -> Value.of(Letters.isLower(Printing.str(run, v).string()))),
                define("upper", "", (run, v, g) -> Value.of(Letters.isUpper(Printing.str(run, v).string()))),
                define("sameas", "other", (run, v, g) -> Value.of(same(v, g.need(0)))),
                define("in", "seq", (run, v, g) -> Value.of(Comparison.contains(run, g.need(0), v))),
                define("filter", "", (run, v, g) -> Value.of(v instanceof Text t && Filters.exists(t.string()))),
                define("test", "", (run, v, g) -> Value.of(v instanceof Text t && exists(t.string()))),
                define("eq", "other /", (run, v, g) -> Value.of(Comparison.equal(run, v, g.need(0)))),
                define("ne", "other /", (run, v, g) -> Value.of(!Comparison.equal(run, v, g.need(0)))),
                order("lt", Comparison.Order.LESS),
                order("le", Comparison.Order.LESS_OR_EQUAL),
                order("gt", Comparison.Order.GREATER),
                order("ge", Comparison.Order.GREATER_OR_EQUAL)));
        Map.of(
                        "==", "eq", "equalto", "eq", "!=", "ne", "<", "lt", "lessthan", "lt", "<=", "le", ">", "gt",
                        "greaterthan", "gt", ">=", "ge")
                .forEach((other, name) -> all.put(other, Operation.in(all, name).named(other)));
        return Map.copyOf(all);
    }

    private static Operation order(String name, Comparison.Order order) {
        return define(name, "other /", (run, v, g) -> Value.of(Comparison.compare(run, order, v, g.need(0))));
    }

    private static Value remainder(Run run, Value value, Value divisor, int expected) {
        Value remainder = Arithmetic.apply(run, Arithmetic.Operator.MODULO, value, divisor);
        return Value.of(Comparison.equal(run, remainder, Value.of(expected)));
    }

    private static boolean isSequence(Value value) {
        return value instanceof Text
                || value instanceof Value.Items
                || value instanceof Dict
                || value instanceof Value.Range
                || value instanceof Value.Undefined;
    }

    /** Python's {@code is}: the same object; None, True and False exist once, and small integers. */
    private static boolean same(Value a, Value b) {
        return a == b
                || (a instanceof Value.None && b instanceof Value.None)
                || (a instanceof Value.Bool x && b instanceof Value.Bool y && x.value() == y.value())
                || (a instanceof Value.Int x
                        && x.equals(b)
                        && x.value().bitLength() < 9
                        && x.value().intValue() >= -5
                        && x.value().intValue() <= 256);
    }

    static boolean exists(String name) {
        return TABLE.containsKey(name);
    }

    static boolean holds(Run run, String name, Value value, Arguments arguments) {
        Operation test = TABLE.get(name);
        if (test == null) {
            throw unknown(name);
        }
        run.budget.step();
        return Python.truth(test.apply(run, value, arguments));
    }

    static Refusal unknown(String name) {
        return Refusal.syntax("no test named '" + name + "'", "a test of Jinja2");
    }
}
