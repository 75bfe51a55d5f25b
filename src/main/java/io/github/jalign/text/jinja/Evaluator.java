package io.github.jalign.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expressions to values. */
final class Evaluator {
    private final Run run;

    Evaluator(Run run) {
        this.run = run;
    }

    Value evaluate(Expr expr, Scope scope) {
        run.budget.step();
        run.budget.enter();
        Value value = switch (expr) {
            case Expr.Constant constant -> constant.value();
            case Expr.Name name -> scope.get(name.name());
            case Expr.ListOf list -> new Value.Listing(all(list.items(), scope));
            case Expr.TupleOf tuple -> new Value.Tuple(all(tuple.items(), scope));
            case Expr.DictOf dict -> dict(dict, scope);
            case Expr.Negative negative -> {
                Value operand = evaluate(negative.operand(), scope);
                run.position = negative.at();
                yield Arithmetic.negative(operand);
            }
            case Expr.Positive positive -> {
                Value operand = evaluate(positive.operand(), scope);
                run.position = positive.at();
                yield Arithmetic.positive(operand);
            }
            case Expr.Not not -> Value.of(!truth(not.operand(), scope));
            case Expr.And and -> {
                Value left = evaluate(and.left(), scope);
                yield Python.truth(left) ? evaluate(and.right(), scope) : left;
            }
            case Expr.Or or -> {
                Value left = evaluate(or.left(), scope);
                yield Python.truth(left) ? left : evaluate(or.right(), scope);
            }
            case Expr.Arithmetics sum -> {
                Value left = evaluate(sum.left(), scope);
                Value right = evaluate(sum.right(), scope);
                run.position = sum.at();
                yield Arithmetic.apply(run, sum.operator(), left, right);
            }
            case Expr.Concatenation concatenation -> concatenated(concatenation, scope);
            case Expr.Comparisons comparisons -> compared(comparisons, scope);
            case Expr.Conditional conditional -> {
                if (truth(conditional.test(), scope)) {
                    yield evaluate(conditional.then(), scope);
                }
                Expr otherwise = conditional.otherwise();
                yield otherwise == null
                        ? Value.Undefined.because(
                                "the inline if-expression evaluated to false and no else section was defined")
                        : evaluate(otherwise, scope);
            }
            case Expr.Attribute attribute -> {
                Value owner = evaluate(attribute.owner(), scope);
                run.position = attribute.at();
                yield Access.attribute(owner, attribute.name());
            }
            case Expr.Item item -> {
                Value owner = evaluate(item.owner(), scope);
                Value key = evaluate(item.key(), scope);
                run.position = item.at();
                yield Access.item(run, owner, key);
            }
            case Expr.Slice slice -> {
                Value owner = evaluate(slice.owner(), scope);
                Value start = bound(slice.start(), scope);
                Value stop = bound(slice.stop(), scope);
                Value step = bound(slice.step(), scope);
                run.position = slice.at();
                yield Access.slice(run, owner, start, stop, step);
            }
            case Expr.Call call -> call(call, scope, null);
            case Expr.Filter filter -> {
                Value input = evaluate(filter.input(), scope);
                Arguments arguments = arguments(filter.given(), scope, null);
                run.position = filter.at();
                yield Filters.apply(run, filter.name(), input, arguments);
            }
            case Expr.Test test -> {
                Value input = evaluate(test.input(), scope);
                Arguments arguments = arguments(test.given(), scope, null);
                run.position = test.at();
                yield Value.of(Tests.holds(run, test.name(), input, arguments));
            }
        };
        run.budget.leave();
        return value;
    }

    boolean truth(Expr expr, Scope scope) {
        return Python.truth(evaluate(expr, scope));
    }

    /** @param caller what a call block passes under that name */
    Value call(Expr.Call call, Scope scope, @Nullable Value caller) {
        Value callee = evaluate(call.callee(), scope);
        Arguments arguments = arguments(call.given(), scope, caller);
        run.position = call.at();
        return run.call(callee, arguments);
    }

    private List<Value> all(List<Expr> exprs, Scope scope) {
        List<Value> values = new ArrayList<>(exprs.size());
        for (Expr expr : exprs) {
            values.add(evaluate(expr, scope));
        }
        return values;
    }

    private Value bound(@Nullable Expr expr, Scope scope) {
        return expr == null ? Value.NONE : evaluate(expr, scope);
    }

    private Dict dict(Expr.DictOf literal, Scope scope) {
        Dict dict = new Dict();
        for (Expr.Pair pair : literal.pairs()) {
            Value key = evaluate(pair.key(), scope);
            Value value = evaluate(pair.value(), scope);
            run.position = pair.key().at();
            dict.put(key, value);
        }
        return dict;
    }

    private Text concatenated(Expr.Concatenation concatenation, Scope scope) {
        Text.Builder out = new Text.Builder();
        for (Value part : all(concatenation.parts(), scope)) {
            run.position = concatenation.at();
            Text text = Printing.str(run, part);
            run.budget.text(text.string().length());
            out.append(text);
            run.budget.requireLength(out.length());
        }
        return out.build();
    }

    private Value compared(Expr.Comparisons comparisons, Scope scope) {
        Value left = evaluate(comparisons.first(), scope);
        for (Expr.Compared compared : comparisons.rest()) {
            Value right = evaluate(compared.operand(), scope);
            run.position = comparisons.at();
            boolean holds = switch (compared.relation()) {
                case EQUAL -> Comparison.equal(run, left, right);
                case NOT_EQUAL -> !Comparison.equal(run, left, right);
                case LESS -> Comparison.compare(run, Comparison.Order.LESS, left, right);
                case LESS_OR_EQUAL -> Comparison.compare(run, Comparison.Order.LESS_OR_EQUAL, left, right);
                case GREATER -> Comparison.compare(run, Comparison.Order.GREATER, left, right);
                case GREATER_OR_EQUAL -> Comparison.compare(run, Comparison.Order.GREATER_OR_EQUAL, left, right);
                case IN -> Comparison.contains(run, right, left);
                case NOT_IN -> !Comparison.contains(run, right, left);
            };
            if (!holds) {
                return Value.FALSE;
            }
            left = right;
        }
        return Value.TRUE;
    }

    private Arguments arguments(Expr.Given given, Scope scope, @Nullable Value caller) {
        if (given.equals(Expr.Given.NOTHING) && caller == null) {
            return Arguments.NONE;
        }
        List<Value> positional = all(given.positional(), scope);
        if (given.rest() != null) {
            Value rest = evaluate(given.rest(), scope);
            Iteration.over(run, rest).forEachRemaining(positional::add);
        }
        Map<String, Value> named = new LinkedHashMap<>();
        for (Expr.Named argument : given.named()) {
            named.put(argument.name(), evaluate(argument.value(), scope));
        }
        if (caller != null) {
            put(named, "caller", caller);
        }
        if (given.namedRest() != null) {
            Value rest = evaluate(given.namedRest(), scope);
            if (!(rest instanceof Dict dict)) {
                throw Refusal.operation("'**' before '" + Python.type(rest) + "'", "a dict with strings as keys");
            }
            for (Dict.Entry entry : dict.entries()) {
                run.budget.step();
                put(named, Python.text(entry.key()).string(), entry.value());
            }
        }
        return new Arguments(positional, named);
    }

    private static void put(Map<String, Value> named, String name, Value value) {
        if (named.put(name, value) != null) {
            throw Refusal.operation("the argument '" + name + "' twice", "one value for each argument");
        }
    }
}
