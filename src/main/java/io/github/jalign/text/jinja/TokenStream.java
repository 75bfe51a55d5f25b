package io.github.jalign.text.jinja;

import java.util.List;

/** Where a parser stands in its tokens, and how deep it is inside brackets and tags. */
final class TokenStream {
    private final List<Token> tokens;
    private int next;
    private int depth;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(next);
    }

    private Token following() {
        return tokens.get(Math.min(next + 1, tokens.size() - 1));
    }

    Token take() {
        Token token = current();
        if (next < tokens.size() - 1) { // the end stays
            next++;
        }
        return token;
    }

    boolean is(Token.Kind kind) {
        return current().kind() == kind;
    }

    boolean isName(String name) {
        return current().isName(name);
    }

    boolean isOperator(String sign) {
        return current().isOperator(sign);
    }

    boolean isNameThen(String name, String following) {
        return isName(name) && following().isName(following);
    }

    boolean isNameThenAssign() {
        return is(Token.Kind.NAME) && following().isOperator("=");
    }

    boolean skipName(String name) {
        boolean is = isName(name);
        if (is) {
            take();
        }
        return is;
    }

    boolean skipOperator(String sign) {
        boolean is = isOperator(sign);
        if (is) {
            take();
        }
        return is;
    }

    void expectOperator(String sign) {
        if (!skipOperator(sign)) {
            throw unexpected("'" + sign + "'");
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw unexpected("'" + name + "'");
        }
    }

    Token expect(Token.Kind kind, String what) {
        if (!is(kind)) {
            throw unexpected(what);
        }
        return take();
    }

    Positioned unexpected(String expected) {
        return error(current().at(), "'" + current().shown() + "'", expected);
    }

    static Positioned error(int at, String found, String expected) {
        return new Positioned(at, Refusal.syntax(found, expected));
    }

    void enter() {
        if (++depth > Limits.NESTING) {
            throw new Positioned(
                    current().at(),
                    Refusal.limit(
                            "tags and expressions may nest " + Limits.NESTING + " deep",
                            "they nest deeper",
                            "at most " + Limits.NESTING + " inside one another"));
        }
    }

    void leave() {
        depth--;
    }
}
