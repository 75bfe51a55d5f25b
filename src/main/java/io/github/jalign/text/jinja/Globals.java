package io.github.jalign.text.jinja;

import static io.github.jalign.text.jinja.Operation.define;

import io.github.jalign.text.jinja.Operation.Given;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template sees. */
final class Globals {
    static final Operation DICT = define("dict", "*", (run, self, g) -> dict(run, g));

    private static final Map<String, Value> TABLE = bound(
            DICT,
            define("range", "start stop? step? /", (run, self, g) -> range(g)),
            define("namespace", "*", (run, self, g) -> namespace(run, g)),
            define("cycler", "*", (run, self, g) -> {
                List<Value> items = ((Value.Tuple) g.need(0)).items();
                if (items.isEmpty() || ((Dict) g.need(1)).size() > 0) {
                    throw Refusal.operation("at least one item has to be provided", "cycler('odd', 'even')");
                }
                return new Value.Cycler(items);
            }),
            define("joiner", "sep?", (run, self, g) -> new Value.Joiner(g.or(0, Text.literal(", ")))),
            define("raise_exception", "message", (run, self, g) -> {
                throw Refusal.raised(Printing.str(run, g.need(0)).string());
            }),
            define("strftime_now", "format", (run, self, g) -> {
                if (run.now == null) {
                    throw Refusal.operation("strftime_now, and no date was given", "a date for the conversation");
                }
                return Strftime.format(run, run.now, g.text(0).string());
            }));

    private Globals() {}

    private static Map<String, Value> bound(Operation... operations) {
        Map<String, Value> table = new HashMap<>();
        for (Operation operation : operations) {
            table.put(operation.name(), new Operation.Bound(operation, Value.NONE));
        }
        return Map.copyOf(table);
    }

    static @Nullable Value get(String name) {
        return TABLE.get(name);
    }

    private static Value range(Given given) {
        BigInteger first = Python.integer(given.need(0));
        BigInteger start = given.get(1) == null ? BigInteger.ZERO : first;
        BigInteger stop = given.get(1) == null ? first : Python.integer(given.need(1));
        BigInteger step = given.get(2) == null ? BigInteger.ONE : Python.integer(given.need(2));
        if (step.signum() == 0) {
            throw Refusal.operation("range() arg 3 must not be zero", "a step other than zero");
        }
        if (start.bitLength() > 31 || stop.bitLength() > 31 || step.bitLength() > 31) {
            throw tooLong("a bound beyond 31 bits");
        }
        BigInteger span = stop.subtract(start);
        BigInteger length = span.signum() != step.signum()
                ? BigInteger.ZERO
                : span.abs().add(step.abs()).subtract(BigInteger.ONE).divide(step.abs());
        if (length.compareTo(BigInteger.valueOf(Limits.RANGE)) > 0) {
            throw tooLong(length + " numbers");
        }
        return new Value.Range(start.longValueExact(), stop.longValueExact(), step.longValueExact(), length.intValueExact());
    }

    private static Refusal tooLong(String found) {
        return Refusal.limit("a range may have " + Limits.RANGE + " numbers", found, "at most " + Limits.RANGE);
    }

    /** {@code dict(mapping or pairs, name=value, …)}. */
    private static Dict dict(Run run, Given given) {
        List<Value> positional = ((Value.Tuple) given.need(0)).items();
        if (positional.size() > 1) {
            throw Refusal.operation("dict expected at most 1 argument, got " + positional.size(), "a dict or a list of pairs");
        }
        Dict dict = new Dict();
        for (Value source : positional) {
            if (source instanceof Value.Undefined undefined) {
                throw undefined.refusal();
            }
            if (source instanceof Dict other) {
                for (Dict.Entry entry : other.entries()) {
                    run.budget.step();
                    dict.put(entry.key(), entry.value());
                }
            } else {
                Iteration.over(run, source).forEachRemaining(pair -> {
                    List<Value> two = Iteration.list(run, pair);
                    if (two.size() != 2) {
                        throw Refusal.operation("a dict from an item with " + two.size() + " parts", "pairs of a key and a value");
                    }
                    dict.put(two.get(0), two.get(1));
                });
            }
        }
        for (Dict.Entry entry : ((Dict) given.need(1)).entries()) {
            dict.put(entry.key(), entry.value());
        }
        return dict;
    }

    private static Value namespace(Run run, Given given) {
        Map<String, Value> attributes = new LinkedHashMap<>();
        for (Dict.Entry entry : dict(run, given).entries()) {
            String name = Python.text(entry.key()).string();
            requirePublic(name);
            attributes.put(name, entry.value());
        }
        return new Value.Namespace(attributes);
    }

    /** As transformers 5.23: no attribute of a namespace begins with an underscore. */
    static void requirePublic(String name) {
        if (name.startsWith("_")) {
            throw Refusal.security("the attribute '" + name + "' stored on a namespace");
        }
    }
}
