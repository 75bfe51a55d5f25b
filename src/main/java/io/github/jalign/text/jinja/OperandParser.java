package io.github.jalign.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What operators stand between: names, values and brackets, and the dots, calls, filters and tests behind them. */
final class OperandParser {
    /** Numbers of more digits Python does not read. */
    private static final int DIGITS = 4300;

    private final TokenStream stream;
    private final UnknownNames unknown;
    /** For what stands in brackets. */
    private final ExpressionParser expressions;
    /** Of each macro around: the names that its body asks for, maybe caller, varargs or kwargs. */
    private final List<Set<String>> asked = new ArrayList<>();

    OperandParser(TokenStream stream, UnknownNames unknown, ExpressionParser expressions) {
        this.stream = stream;
        this.unknown = unknown;
        this.expressions = expressions;
    }

    /** The names asked for from here to {@link #endMacro}. */
    void beginMacro() {
        asked.add(new HashSet<>());
    }

    Set<String> endMacro() {
        return asked.removeLast();
    }

    /** A name, a value or something in brackets. */
    Expr primary() {
        Token token = stream.current();
        return switch (token.kind()) {
            case NAME -> name(stream.take());
            case STRING -> new Expr.Constant(token.at(), Text.literal(strings()));
            case INTEGER -> new Expr.Constant(token.at(), integer(stream.take()));
            case FLOAT -> new Expr.Constant(token.at(), new Value.Real(Double.parseDouble(stream.take().text())));
            case OPERATOR -> bracketed(token);
            case DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, END -> throw stream.unexpected("an expression");
        };
    }

    private Expr name(Token token) {
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

    /** Strings side by side are one. */
    private String strings() {
        StringBuilder joined = new StringBuilder();
        while (stream.is(Token.Kind.STRING)) {
            joined.append(stream.take().text());
        }
        return joined.toString();
    }

    private Expr bracketed(Token bracket) {
        return switch (bracket.text()) {
            case "(" -> expressions.parenthesised();
            case "[" -> new Expr.ListOf(bracket.at(), items());
            case "{" -> new Expr.DictOf(bracket.at(), pairs());
            default -> throw stream.unexpected("an expression");
        };
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

    private List<Expr> items() {
        stream.expectOperator("[");
        List<Expr> items = new ArrayList<>();
        while (!stream.isOperator("]")) {
            if (!items.isEmpty()) {
                stream.expectOperator(",");
                if (stream.isOperator("]")) {
                    break;
                }
            }
            items.add(expressions.expression());
        }
        stream.expectOperator("]");
        return List.copyOf(items);
    }

    private List<Expr.Pair> pairs() {
        stream.expectOperator("{");
        List<Expr.Pair> pairs = new ArrayList<>();
        while (!stream.isOperator("}")) {
            if (!pairs.isEmpty()) {
                stream.expectOperator(",");
                if (stream.isOperator("}")) {
                    break;
                }
            }
            Expr key = expressions.expression();
            stream.expectOperator(":");
            pairs.add(new Expr.Pair(key, expressions.expression()));
        }
        stream.expectOperator("}");
        return List.copyOf(pairs);
    }

    /** The dots, subscripts and calls that follow. */
    Expr postfix(Expr node) {
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
        Expr start = stream.isOperator(":") ? null : expressions.expression();
        if (start != null && !stream.isOperator(":")) {
            List<Expr> keys = new ArrayList<>(List.of(start));
            while (stream.skipOperator(",")) {
                keys.add(expressions.expression());
            }
            stream.expectOperator("]");
            return new Expr.Item(at, owner, keys.size() == 1 ? start : new Expr.TupleOf(at, List.copyOf(keys)));
        }
        stream.expectOperator(":");
        Expr stop = isSliceEnd() ? null : expressions.expression();
        Expr step = stream.skipOperator(":") && !isSliceEnd() ? expressions.expression() : null;
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
                rest = expressions.expression();
            } else if (stream.skipOperator("**")) {
                namedRest = expressions.expression();
            } else if (stream.isNameThenAssign()) {
                String name = stream.take().text();
                stream.take();
                valid &= names.add(name);
                named.add(new Expr.Named(name, expressions.expression()));
            } else {
                valid &= rest == null && named.isEmpty();
                positional.add(expressions.expression());
            }
            if (!valid) {
                throw TokenStream.error(at, "arguments out of order or twice", "(a, b, name=c, *rest, **named)");
            }
        }
        stream.expectOperator(")");
        return new Expr.Given(List.copyOf(positional), List.copyOf(named), rest, namedRest);
    }

    /** The filters, tests and calls that follow. */
    Expr filtered(Expr node) {
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
