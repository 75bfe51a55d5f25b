package io.github.jalign.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's dict: insertion order, and {@code 1}, {@code 1.0} and {@code True} are one key. */
final class Dict implements Value {
    record Entry(Value key, Value value) {}

    private final Map<Object, Entry> entries = new LinkedHashMap<>();

    Dict put(Value key, Value value) {
        Object hashed = key(key, 0);
        Entry old = entries.get(hashed);
        entries.put(hashed, new Entry(old == null ? key : old.key(), value));
        return this;
    }

    /** @throws Refusal for a key that Python cannot hash */
    @Nullable Value get(Value key) {
        Entry entry = entries.get(key(key, 0));
        return entry == null ? null : entry.value();
    }

    @Nullable Value get(String key) {
        Entry entry = entries.get(key);
        return entry == null ? null : entry.value();
    }

    int size() {
        return entries.size();
    }

    Collection<Entry> entries() {
        return entries.values();
    }

    static boolean canBeKey(Value value) {
        try {
            key(value, 0);
            return true;
        } catch (Refusal unhashable) {
            return false;
        }
    }

    /** Two values have equal keys exactly when Python holds them equal and hashes them. */
    private static Object key(Value value, int depth) {
        return switch (value) {
            case Text text -> text.string();
            case Bool bool -> bool.value() ? BigInteger.ONE : BigInteger.ZERO;
            case Int number -> number.value();
            case Real real ->
                Double.isFinite(real.value()) && real.value() == Math.rint(real.value())
                        ? new BigDecimal(real.value()).toBigInteger()
                        : (Object) real.value();
            case Tuple tuple -> {
                if (depth > Limits.NESTING) {
                    throw Refusal.limit("a key may nest " + Limits.NESTING + " deep", "a deeper tuple", "a flat key");
                }
                List<Object> keys = new ArrayList<>();
                for (Value item : tuple.items()) {
                    keys.add(key(item, depth + 1));
                }
                yield keys;
            }
            case Undefined undefined -> Undefined.class;
            case None none -> none;
            case Listing list -> throw unhashable(value);
            case Dict dict -> throw unhashable(value);
            case View view -> throw unhashable(value);
            case Namespace n -> new Identity(value);
            case Range r -> new Identity(value);
            case Generator g -> new Identity(value);
            case Cycler c -> new Identity(value);
            case Callable c -> new Identity(value);
        };
    }

    private static Refusal unhashable(Value value) {
        return Refusal.operation("unhashable type: '" + Python.type(value) + "'", "a string, a number or a tuple as a key");
    }

    /** A key that equals itself only. */
    private record Identity(Value value) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Identity identity && identity.value == value;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(value);
        }
    }
}
