package io.github.jalign.text.jinja;

import java.math.BigInteger;

/** Python's words and first rules for values. */
final class Python {
    private Python() {}

    /** The type's name in Python's messages. */
    static String type(Value value) {
        return switch (value) {
            case Value.None n -> "NoneType";
            case Value.Bool b -> "bool";
            case Value.Int i -> "int";
            case Value.Real r -> "float";
            case Text t -> "str";
            case Value.Listing l -> "list";
            case Value.Tuple t -> "tuple";
            case Dict d -> "dict";
            case Value.View v ->
                switch (v.kind()) {
                    case KEYS -> "dict_keys";
                    case VALUES -> "dict_values";
                    case ITEMS -> "dict_items";
                };
            case Value.Range r -> "range";
            case Value.Generator g -> "generator";
            case Value.Undefined u -> "Undefined";
            case Value.Namespace n -> "Namespace";
            case Value.Cycler c -> "Cycler";
            case Value.Joiner j -> "Joiner";
            case Macro m -> "Macro";
            case Loop l -> "LoopContext";
            case Operation.Bound b -> "function";
        };
    }

    static boolean truth(Value value) {
        return switch (value) {
            case Value.None n -> false;
            case Value.Bool b -> b.value();
            case Value.Int i -> i.value().signum() != 0;
            case Value.Real r -> r.value() != 0;
            case Text t -> !t.isEmpty();
            case Value.Items l -> !l.items().isEmpty();
            case Dict d -> d.size() > 0;
            case Value.View v -> v.dict().size() > 0;
            case Value.Range r -> r.length() > 0;
            case Value.Undefined u -> false;
            case Value.Generator g -> true;
            case Value.Namespace n -> true;
            case Value.Cycler c -> true;
            case Value.Callable c -> true;
        };
    }

    /** A string argument. */
    static Text text(Value value) {
        if (value instanceof Text text) {
            return text;
        }
        throw value instanceof Value.Undefined undefined
                ? undefined.refusal()
                : Refusal.operation("an argument of type '" + type(value) + "'", "a string");
    }

    /** The integer that a value is, for arithmetic; null where it is none. */
    static BigInteger integer(Value value) {
        return switch (value) {
            case Value.Int number -> number.value();
            case Value.Bool bool -> bool.value() ? BigInteger.ONE : BigInteger.ZERO;
            case Value.Undefined undefined -> throw undefined.refusal();
            default -> throw Refusal.operation(
                    "'" + type(value) + "' object cannot be interpreted as an integer", "an integer");
        };
    }

    /** The same as a size or place: cut to 32 bits. */
    static int index(Value value) {
        BigInteger number = integer(value);
        return number.bitLength() < 32 ? number.intValue() : number.signum() < 0 ? -Integer.MAX_VALUE : Integer.MAX_VALUE;
    }
}
