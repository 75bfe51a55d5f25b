package io.github.jalign.text.jinja;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Everything that a template can hold: Python's plain values, and the engine's own callables. */
sealed interface Value
        permits Dict,
                Text,
                Value.Bool,
                Value.Callable,
                Value.Cycler,
                Value.Generator,
                Value.Int,
                Value.Items,
                Value.Namespace,
                Value.None,
                Value.Range,
                Value.Real,
                Value.Undefined,
                Value.View {

    Value NONE = new None();
    Value TRUE = new Bool(true);
    Value FALSE = new Bool(false);

    static Value of(boolean value) {
        return value ? TRUE : FALSE;
    }

    static Value of(long value) {
        return new Int(BigInteger.valueOf(value));
    }

    static Value of(BigInteger value) {
        if (value.bitLength() > Limits.INTEGER_BITS) {
            throw Refusal.limit(
                    "an integer may have " + Limits.INTEGER_BITS + " bits",
                    "an integer of " + value.bitLength() + " bits",
                    "at most " + Limits.INTEGER_BITS);
        }
        return new Int(value);
    }

    /** Python's None. */
    record None() implements Value {}

    record Bool(boolean value) implements Value {}

    record Int(BigInteger value) implements Value {}

    record Real(double value) implements Value {}

    /** A list or a tuple. */
    sealed interface Items extends Value {
        List<Value> items();
    }

    record Listing(List<Value> items) implements Items {}

    /** @param names what the items are called, in a named tuple; else empty */
    record Tuple(List<Value> items, List<String> names) implements Items {
        Tuple(List<Value> items) {
            this(items, List.of());
        }

        static Tuple of(Value... items) {
            return new Tuple(List.of(items));
        }
    }

    /** {@code dict.keys()}, {@code values()} or {@code items()}. */
    record View(Kind kind, Dict dict) implements Value {
        enum Kind {
            KEYS,
            VALUES,
            ITEMS
        }
    }

    /** Python's range; every number fits 64 bits. */
    record Range(long start, long stop, long step, int length) implements Value {
        Value get(int index) {
            return of(start + step * index);
        }
    }

    /** What can be walked once, such as the result of {@code selectattr}. */
    record Generator(Iterator<Value> items) implements Value {
        /** One whose work, and whose errors, wait until it is walked. */
        static Generator later(Supplier<Iterator<Value>> start) {
            return new Generator(new Iterator<>() {
                private @Nullable Iterator<Value> items;

                private Iterator<Value> items() {
                    if (items == null) {
                        items = start.get();
                    }
                    return items;
                }

                @Override
                public boolean hasNext() {
                    return items().hasNext();
                }

                @Override
                public Value next() {
                    return items().next();
                }
            });
        }
    }

    /** @param message what Jinja2 says when it is used where an undefined value may not be */
    record Undefined(String message, boolean unsafe) implements Value {
        static Undefined name(String name) {
            return new Undefined("'" + name + "' is undefined", false);
        }

        static Undefined because(String message) {
            return new Undefined(message, false);
        }

        /** An attribute that exists in Python and is not for templates. */
        static Undefined unsafe(String attribute, Value owner) {
            return new Undefined(
                    "access to attribute '%s' of '%s' object is unsafe".formatted(attribute, Python.type(owner)), true);
        }

        Refusal refusal() {
            return unsafe ? Refusal.security(message) : Refusal.undefined(message);
        }
    }

    /** {@code namespace()}: attributes that {@code set} can change. */
    record Namespace(Map<String, Value> attributes) implements Value {}

    /** {@code cycler()}. */
    final class Cycler implements Value {
        final List<Value> items;
        int position;

        Cycler(List<Value> items) {
            this.items = items;
        }
    }

    /** What parentheses can follow. */
    sealed interface Callable extends Value permits Operation.Bound, Macro, Loop, Joiner {}

    /** {@code joiner()}: nothing at the first call, the separator ever after. */
    final class Joiner implements Callable {
        final Value separator;
        boolean used;

        Joiner(Value separator) {
            this.separator = separator;
        }
    }
}
