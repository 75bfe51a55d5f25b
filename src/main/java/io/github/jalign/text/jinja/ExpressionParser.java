package io.github.jalign.text.jinja;

import io.github.jalign.text.jinja.Arithmetic.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Operators, as Jinja2's parser.py reads them; the binding order is its, from the comma and {@code if} to the sign. */
final class ExpressionParser {
    private final TokenStream stream;
    private final UnknownNames unknown;
    private final OperandParser operands;

    ExpressionParser(TokenStream stream, UnknownNames unknown) {
        this.stream = stream;
        this.unknown = unknown;
        this.operands = new OperandParser(stream, unknown, this);
    }

    /** Reads what stands between the operators. */
    OperandParser operands() {
        return operands;
    }

    /** One expression, or a tuple when commas follow. */
    Expr tuple() {
        return tuple(this::expression);
    }

    /** The same, of items that are not whole expressions. */
    Expr tuple(Supplier<Expr> item) {
        if (isTupleEnd()) {
            throw stream.unexpected("an expression");
        }
        int at = stream.current().at();
        Expr first = item.get();
        if (!stream.isOperator(",")) {
            return first;
        }
        List<Expr> items = new ArrayList<>(List.of(first));
        while (stream.skipOperator(",") && !isTupleEnd()) {
            items.add(item.get());
        }
        return new Expr.TupleOf(at, List.copyOf(items));
    }

    /** An expression or a tuple in parentheses, where alone a tuple can be empty. */
    Expr parenthesised() {
        stream.expectOperator("(");
        Expr inside = isTupleEnd() ? new Expr.TupleOf(stream.current().at(), List.of()) : tuple();
        stream.expectOperator(")");
        return inside;
    }

    private boolean isTupleEnd() {
        return stream.is(Token.Kind.VARIABLE_END) || stream.is(Token.Kind.BLOCK_END) || stream.isOperator(")");
    }

    Expr expression() {
        stream.enter();
        int mark = unknown.soFar();
        Expr left = or();
        while (stream.isName("if")) {
            int at = stream.take().at();
            Expr test = or();
            Expr otherwise = stream.skipName("else") ? expression() : null;
            left = new Expr.Conditional(at, test, left, otherwise);
            unknown.forgive(mark);
        }
        stream.leave();
        return left;
    }

    /** Without {@code if}, which stands for something else where this is used. */
    Expr unconditional() {
        stream.enter();
        Expr expression = or();
        stream.leave();
        return expression;
    }

    private Expr or() {
        Expr left = and();
        while (stream.isName("or")) {
            left = new Expr.Or(stream.take().at(), left, and());
        }
        return left;
    }

    private Expr and() {
        Expr left = not();
        while (stream.isName("and")) {
            left = new Expr.And(stream.take().at(), left, not());
        }
        return left;
    }

    private Expr not() {
        if (!stream.isName("not")) {
            return comparison();
        }
        int at = stream.take().at();
        stream.enter();
        Expr operand = not();
        stream.leave();
        return new Expr.Not(at, operand);
    }

    private Expr comparison() {
        int at = stream.current().at();
        Expr first = sum();
        List<Expr.Compared> rest = new ArrayList<>();
        for (Expr.Relation relation = relation(); relation != null; relation = relation()) {
            rest.add(new Expr.Compared(relation, sum()));
        }
        return rest.isEmpty() ? first : new Expr.Comparisons(at, first, List.copyOf(rest));
    }

    private Expr.@Nullable Relation relation() {
        if (stream.isNameThen("not", "in")) {
            stream.take();
            stream.take();
            return Expr.Relation.NOT_IN;
        }
        if (stream.skipName("in")) {
            return Expr.Relation.IN;
        }
        Expr.Relation relation = !stream.is(Token.Kind.OPERATOR)
                ? null
                : switch (stream.current().text()) {
                    case "==" -> Expr.Relation.EQUAL;
                    case "!=" -> Expr.Relation.NOT_EQUAL;
                    case "<" -> Expr.Relation.LESS;
                    case "<=" -> Expr.Relation.LESS_OR_EQUAL;
                    case ">" -> Expr.Relation.GREATER;
                    case ">=" -> Expr.Relation.GREATER_OR_EQUAL;
                    default -> null;
                };
        if (relation != null) {
            stream.take();
        }
        return relation;
    }

    private Expr sum() {
        Expr left = concatenation();
        while (stream.isOperator("+") || stream.isOperator("-")) {
            Token sign = stream.take();
            left = new Expr.Arithmetics(
                    sign.at(), sign.text().equals("+") ? Operator.ADD : Operator.SUBTRACT, left, concatenation());
        }
        return left;
    }

    private Expr concatenation() {
        int at = stream.current().at();
        Expr first = product();
        if (!stream.isOperator("~")) {
            return first;
        }
        List<Expr> parts = new ArrayList<>(List.of(first));
        while (stream.skipOperator("~")) {
            parts.add(product());
        }
        return new Expr.Concatenation(at, List.copyOf(parts));
    }

    private Expr product() {
        Expr left = power();
        while (true) {
            Operator operator = !stream.is(Token.Kind.OPERATOR)
                    ? null
                    : switch (stream.current().text()) {
                        case "*" -> Operator.MULTIPLY;
                        case "/" -> Operator.DIVIDE;
                        case "//" -> Operator.FLOOR_DIVIDE;
                        case "%" -> Operator.MODULO;
                        default -> null;
                    };
            if (operator == null) {
                return left;
            }
            left = new Expr.Arithmetics(stream.take().at(), operator, left, power());
        }
    }

    private Expr power() {
        Expr left = unary(true);
        while (stream.isOperator("**")) {
            left = new Expr.Arithmetics(stream.take().at(), Operator.POWER, left, unary(true));
        }
        return left;
    }

    private Expr unary(boolean withFilters) {
        Expr node;
        if (stream.isOperator("-") || stream.isOperator("+")) {
            Token sign = stream.take();
            stream.enter();
            Expr operand = unary(false);
            stream.leave();
            node = sign.text().equals("-")
                    ? new Expr.Negative(sign.at(), operand)
                    : new Expr.Positive(sign.at(), operand);
        } else {
            node = operands.primary();
        }
        node = operands.postfix(node);
        return withFilters ? operands.filtered(node) : node;
    }
}
