package io.github.jalign.text.jinja;

import io.github.jalign.text.jinja.Arithmetic.Operator;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Expressions, as Jinja2's parser.py reads them; the binding order is its, from {@code if} down to the dot. */
final class ExpressionParser {
    /** Numbers of more digits Python does not read. */
    private static final int DIGITS = 4300;

    private final TokenStream stream;
    /** Filters and tests that do not exist, where they would run without a condition. */
    private final List<Positioned> unknown = new ArrayList<>();
    /** Those of them that a condition further out does not excuse. */
    private final List<Positioned> inexcusable = new ArrayList<>();
    /** Of each macro around: which of caller, varargs and kwargs its body asks for. */
    private final List<Set<String>> asked = new ArrayList<>();

    ExpressionParser(TokenStream stream) {
        this.stream = stream;
    }

    /** The names asked for from here to {@link #endMacro}. */
    void beginMacro() {
        asked.add(new HashSet<>());
    }

    Set<String> endMacro() {
        return asked.removeLast();
    }

    /** A mark to {@link #forgive} from. */
    int unknownSoFar() {
        return unknown.size();
    }

    /** What stands under a condition may name filters that do not exist; it fails only when it runs. */
    void forgive(int mark) {
        unknown.subList(mark, unknown.size()).clear();
    }

    /** What a loop, a macro or another body of its own holds fails at once, as in Jinja2, whatever is around it. */
    void harden(int mark) {
        inexcusable.addAll(unknown.subList(mark, unknown.size()));
        forgive(mark);
    }

    void failIfUnknown() {
        harden(0);
        if (!inexcusable.isEmpty()) {
            throw inexcusable.getFirst();
        }
    }

    Expr expression() {
        stream.enter();
        int mark = unknownSoFar();
        Expr left = or();
        while (stream.isName("if")) {
            int at = stream.take().at();
            Expr test = or();
            Expr otherwise = stream.skipName("else") ? expression() : null;
            left = new Expr.Conditional(at, test, left, otherwise);
            forgive(mark);
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
            node = primary();
        }
        node = postfix(node);
        return withFilters ? filtered(node) : node;
    }

    /** A name, a value or something in brackets. */
    Expr primary() {
        Token token = stream.current();
        switch (token.kind()) {
            case NAME -> {
                stream.take();
                return switch (token.text()) {
                    case "true", "True" -> new Expr.Constant(token.at(), Value.TRUE);
                    case "false", "False" -> new Expr.Constant(token.at(), Value.FALSE);
                    case "none", "None" -> new Expr.Constant(token.at(), Value.NONE);
                    default -> {
                        asked.forEach(names -> names.add(token.text()));
                        yield new Expr.Name(token.at(), token.text());
                    }
                };
            }
            case STRING -> {
                StringBuilder joined = new StringBuilder(); // strings side by side are one
                while (stream.is(Token.Kind.STRING)) {
                    joined.append(stream.take().text());
                }
                return new Expr.Constant(token.at(), Text.literal(joined.toString()));
            }
            case INTEGER -> {
                stream.take();
                return new Expr.Constant(token.at(), integer(token));
            }
            case FLOAT -> {
                stream.take();
                return new Expr.Constant(token.at(), new Value.Real(Double.parseDouble(token.text())));
            }
            case OPERATOR -> {
                switch (token.text()) {
                    case "(" -> {
                        stream.take();
                        Expr inside = tuple(true, this::expression);
                        stream.expectOperator(")");
                        return inside;
                    }
                    case "[" -> {
                        stream.take();
                        return new Expr.ListOf(token.at(), items("]"));
                    }
                    case "{" -> {
                        stream.take();
                        return dict(token.at());
                    }
                    default -> throw stream.unexpected("an expression");
                }
            }
            case DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, END -> throw stream.unexpected("an expression");
        }
        throw new IllegalStateException();
    }

    private static Value integer(Token token) {
        String digits = token.text();
        int radix = digits.length() < 2
                ? 10
                : switch (digits.charAt(1)) {
                    case 'x', 'X' -> 16;
                    case 'o', 'O' -> 8;
                    case 'b', 'B' -> 2;
                    default -> 10;
                };
        if (digits.length() > DIGITS) {
            throw TokenStream.error(token.at(), "a number of " + digits.length() + " digits", "at most " + DIGITS);
        }
        try {
            return Value.of(new BigInteger(radix == 10 ? digits : digits.substring(2), radix));
        } catch (Refusal refusal) {
            throw new Positioned(token.at(), refusal);
        }
    }

    /** One expression, or a tuple when commas follow. */
    Expr tuple(boolean parenthesised, Supplier<Expr> item) {
        int at = stream.current().at();
        List<Expr> items = new ArrayList<>();
        boolean isTuple = false;
        while (!isTupleEnd()) {
            items.add(item.get());
            if (!stream.skipOperator(",")) {
                break;
            }
            isTuple = true;
        }
        if (isTuple || (items.isEmpty() && parenthesised)) {
            return new Expr.TupleOf(at, List.copyOf(items));
        }
        if (items.isEmpty()) {
            throw stream.unexpected("an expression");
        }
        return items.getFirst();
    }

    Expr tuple() {
        return tuple(false, this::expression);
    }

    private boolean isTupleEnd() {
        return stream.is(Token.Kind.VARIABLE_END) || stream.is(Token.Kind.BLOCK_END) || stream.isOperator(")");
    }

    private List<Expr> items(String end) {
        List<Expr> items = new ArrayList<>();
        while (!stream.isOperator(end)) {
            if (!items.isEmpty()) {
                stream.expectOperator(",");
                if (stream.isOperator(end)) {
                    break;
                }
            }
            items.add(expression());
        }
        stream.expectOperator(end);
        return List.copyOf(items);
    }

    private Expr dict(int at) {
        List<Expr.Pair> pairs = new ArrayList<>();
        while (!stream.isOperator("}")) {
            if (!pairs.isEmpty()) {
                stream.expectOperator(",");
                if (stream.isOperator("}")) {
                    break;
                }
            }
            Expr key = expression();
            stream.expectOperator(":");
            pairs.add(new Expr.Pair(key, expression()));
        }
        stream.expectOperator("}");
        return new Expr.DictOf(at, List.copyOf(pairs));
    }

    private Expr postfix(Expr node) {
        Expr result = node;
        while (true) {
            if (stream.isOperator(".")) {
                result = dotted(result, stream.take().at());
            } else if (stream.isOperator("[")) {
                result = subscript(result, stream.take().at());
            } else if (stream.isOperator("(")) {
                result = new Expr.Call(stream.current().at(), result, given());
            } else {
                return result;
            }
        }
    }

    private Expr dotted(Expr owner, int at) {
        Token token = stream.current();
        if (token.kind() == Token.Kind.NAME) {
            return new Expr.Attribute(at, owner, stream.take().text());
        }
        if (token.kind() == Token.Kind.INTEGER) {
            return new Expr.Item(at, owner, new Expr.Constant(token.at(), integer(stream.take())));
        }
        throw stream.unexpected("a name or a number");
    }

    private Expr subscript(Expr owner, int at) {
        if (stream.skipOperator("]")) {
            return new Expr.Item(at, owner, new Expr.TupleOf(at, List.of()));
        }
        Expr start = stream.isOperator(":") ? null : expression();
        if (start != null && !stream.isOperator(":")) {
            List<Expr> keys = new ArrayList<>(List.of(start));
            while (stream.skipOperator(",")) {
                keys.add(expression());
            }
            stream.expectOperator("]");
            return new Expr.Item(at, owner, keys.size() == 1 ? start : new Expr.TupleOf(at, List.copyOf(keys)));
        }
        stream.expectOperator(":");
        Expr stop = isSliceEnd() ? null : expression();
        Expr step = stream.skipOperator(":") && !isSliceEnd() ? expression() : null;
        stream.expectOperator("]");
        return new Expr.Slice(at, owner, start, stop, step);
    }

    private boolean isSliceEnd() {
        return stream.isOperator(":") || stream.isOperator("]");
    }

    /** {@code (a, b, name=c, *rest, **named)}. */
    private Expr.Given given() {
        int at = stream.current().at();
        stream.expectOperator("(");
        List<Expr> positional = new ArrayList<>();
        List<Expr.Named> named = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Expr rest = null;
        Expr namedRest = null;
        boolean first = true;
        while (!stream.isOperator(")")) {
            if (!first) {
                stream.expectOperator(",");
                if (stream.isOperator(")")) {
                    break;
                }
            }
            first = false;
            boolean valid = namedRest == null;
            if (stream.skipOperator("*")) {
                valid &= rest == null;
                rest = expression();
            } else if (stream.skipOperator("**")) {
                namedRest = expression();
            } else if (stream.isNameThenAssign()) {
                String name = stream.take().text();
                stream.take();
                valid &= names.add(name);
                named.add(new Expr.Named(name, expression()));
            } else {
                valid &= rest == null && named.isEmpty();
                positional.add(expression());
            }
            if (!valid) {
                throw TokenStream.error(at, "arguments out of order or twice", "(a, b, name=c, *rest, **named)");
            }
        }
        stream.expectOperator(")");
        return new Expr.Given(List.copyOf(positional), List.copyOf(named), rest, namedRest);
    }

    private Expr filtered(Expr node) {
        Expr result = node;
        while (true) {
            if (stream.isOperator("|")) {
                result = filters(result);
            } else if (stream.isName("is")) {
                result = test(result);
            } else if (stream.isOperator("(")) {
                result = new Expr.Call(stream.current().at(), result, given());
            } else {
                return result;
            }
        }
    }

    /** The filters that follow, each after {@code |}. */
    Expr filters(Expr input) {
        Expr result = input;
        while (stream.skipOperator("|")) {
            result = filter(result);
        }
        return result;
    }

    /** A filter's name and arguments. */
    Expr filter(Expr input) {
        int at = stream.current().at();
        String name = dottedName("the name of a filter");
        if (!Filters.exists(name)) {
            unknown.add(new Positioned(at, Filters.unknown(name)));
        }
        return new Expr.Filter(at, input, name, stream.isOperator("(") ? given() : Expr.Given.NOTHING);
    }

    private String dottedName(String what) {
        StringBuilder name = new StringBuilder(stream.expect(Token.Kind.NAME, what).text());
        while (stream.skipOperator(".")) {
            name.append('.').append(stream.expect(Token.Kind.NAME, what).text());
        }
        return name.toString();
    }

    private Expr test(Expr input) {
        stream.take();
        boolean negated = stream.skipName("not");
        int at = stream.current().at();
        String name = dottedName("the name of a test");
        if (!Tests.exists(name)) {
            unknown.add(new Positioned(at, Tests.unknown(name)));
        }
        Expr.Given given = Expr.Given.NOTHING;
        if (stream.isOperator("(")) {
            given = given();
        } else if (isTestArgument()) {
            if (stream.isName("is")) {
                throw stream.unexpected("'and' between two tests");
            }
            stream.enter();
            given = new Expr.Given(List.of(postfix(primary())), List.of(), null, null);
            stream.leave();
        }
        Expr test = new Expr.Test(at, input, name, given);
        return negated ? new Expr.Not(at, test) : test;
    }

    private boolean isTestArgument() {
        return switch (stream.current().kind()) {
            case NAME -> !stream.isName("else") && !stream.isName("or") && !stream.isName("and");
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> stream.isOperator("[") || stream.isOperator("{");
            case DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, END -> false;
        };
    }
}
