package io.github.jalign.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression; {@code at} is its offset in the source. */
sealed interface Expr {
    int at();

    record Constant(int at, Value value) implements Expr {}

    record Name(int at, String name) implements Expr {}

    record ListOf(int at, List<Expr> items) implements Expr {}

    record TupleOf(int at, List<Expr> items) implements Expr {}

    record DictOf(int at, List<Pair> pairs) implements Expr {}

    record Pair(Expr key, Expr value) {}

    record Negative(int at, Expr operand) implements Expr {}

    record Positive(int at, Expr operand) implements Expr {}

    record Not(int at, Expr operand) implements Expr {}

    record And(int at, Expr left, Expr right) implements Expr {}

    record Or(int at, Expr left, Expr right) implements Expr {}

    record Arithmetics(int at, Arithmetic.Operator operator, Expr left, Expr right) implements Expr {}

    /** {@code a ~ b ~ …}. */
    record Concatenation(int at, List<Expr> parts) implements Expr {}

    /** {@code a < b <= …}: each neighbours' comparison must hold. */
    record Comparisons(int at, Expr first, List<Compared> rest) implements Expr {}

    record Compared(Relation relation, Expr operand) {}

    enum Relation {
        EQUAL,
        NOT_EQUAL,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL,
        IN,
        NOT_IN
    }

    /** {@code then if test else otherwise}. */
    record Conditional(int at, Expr test, Expr then, @Nullable Expr otherwise) implements Expr {}

    record Attribute(int at, Expr owner, String name) implements Expr {}

    record Item(int at, Expr owner, Expr key) implements Expr {}

    record Slice(int at, Expr owner, @Nullable Expr start, @Nullable Expr stop, @Nullable Expr step) implements Expr {}

    record Call(int at, Expr callee, Given given) implements Expr {}

    record Filter(int at, Expr input, String name, Given given) implements Expr {}

    record Test(int at, Expr input, String name, Given given) implements Expr {}

    /** The arguments of a call: {@code (a, b, name=c, *rest, **named)}. */
    record Given(List<Expr> positional, List<Named> named, @Nullable Expr rest, @Nullable Expr namedRest) {
        static final Given NOTHING = new Given(List.of(), List.of(), null, null);
    }

    record Named(String name, Expr value) {}
}
