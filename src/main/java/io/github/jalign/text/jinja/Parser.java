package io.github.jalign.text.jinja;

import io.github.jalign.text.jinja.Stmt.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Statements, as Jinja2's parser.py reads them, with loop controls and the generation tag. */
final class Parser {
    private final TokenStream stream;
    private final UnknownNames unknown = new UnknownNames();
    private final ExpressionParser expressions;
    private final OperandParser operands;
    /** Loops around, within the macro or block that is being read. */
    private int loops;
    /** Loops around at all. */
    private int loopsAround;

    private Parser(TokenStream stream) {
        this.stream = stream;
        this.expressions = new ExpressionParser(stream, unknown);
        this.operands = expressions.operands();
    }

    /**
     * @param source already normalised
     * @throws Positioned for what is no template
     */
    static List<Stmt> parse(String source) {
        Parser parser = new Parser(new TokenStream(Lexer.read(source)));
        List<Stmt> body = parser.statements();
        if (!parser.stream.is(Token.Kind.END)) { // an end tag
            throw parser.stream.unexpected("a tag that can stand here");
        }
        parser.unknown.failIfAny();
        return body;
    }

    /** Up to the end, or to the first of the tags named, at whose name the stream then stands. */
    private List<Stmt> statements(String... endTags) {
        stream.enter();
        Set<String> ends = Set.of(endTags);
        List<Stmt> body = new ArrayList<>();
        while (!stream.is(Token.Kind.END)) {
            Token token = stream.take();
            switch (token.kind()) {
                case DATA -> body.add(new Stmt.Data(token.at(), Text.literal(token.text())));
                case VARIABLE_BEGIN -> {
                    body.add(new Stmt.Print(token.at(), expressions.tuple()));
                    stream.expect(Token.Kind.VARIABLE_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    if (stream.is(Token.Kind.NAME) && ends.contains(stream.current().text())) {
                        stream.leave();
                        return List.copyOf(body);
                    }
                    statement(token.at(), body);
                    stream.expect(Token.Kind.BLOCK_END, "'%}'");
                }
                case VARIABLE_END, BLOCK_END, NAME, STRING, INTEGER, FLOAT, OPERATOR, END ->
                    throw new IllegalStateException("the lexer gave " + token);
            }
        }
        if (endTags.length > 0) {
            throw stream.unexpected("{% " + String.join(" %} or {% ", endTags) + " %}");
        }
        stream.leave();
        return List.copyOf(body);
    }

    /** A tag's body, with the end of the tag itself before it; the stream stands at the name of the end tag. */
    private List<Stmt> body(String... endTags) {
        stream.skipOperator(":");
        stream.expect(Token.Kind.BLOCK_END, "'%}'");
        return statements(endTags);
    }

    private List<Stmt> bodyTo(String endTag) {
        List<Stmt> body = body(endTag);
        stream.take();
        return body;
    }

    /** A body with variables of its own. */
    private List<Stmt> scopeTo(String endTag) {
        int mark = unknown.soFar();
        List<Stmt> body = bodyTo(endTag);
        unknown.harden(mark);
        return body;
    }

    private void statement(int at, List<Stmt> into) {
        Token tag = stream.expect(Token.Kind.NAME, "the name of a tag");
        switch (tag.text()) {
            case "if" -> into.add(ifStatement(at));
            case "for" -> into.add(forStatement(at));
            case "set" -> into.add(setStatement(at));
            case "macro" -> into.add(macro(at));
            case "call" -> into.add(callBlock(at));
            case "filter" -> {
                int mark = unknown.soFar();
                Expr filter = operands.filters(operands.filter(new Expr.Name(at, Stmt.BODY)));
                unknown.harden(mark);
                into.add(new Stmt.FilterBlock(at, filter, scopeTo("endfilter")));
            }
            case "with" -> into.add(with(at));
            case "generation" -> into.add(new Stmt.Generation(at, outsideLoops("endgeneration")));
            case "print" -> print(at, into);
            case "block" -> into.add(block(at));
            case "autoescape" -> into.add(autoescape(at));
            case "break", "continue" -> {
                if (loops == 0) {
                    throw TokenStream.error(at, "'" + tag.text() + "' outside of a loop", "a loop around it");
                }
                into.add(tag.text().equals("break") ? new Stmt.Break(at) : new Stmt.Continue(at));
            }
            case "include", "import", "from", "extends" -> {
                while (!stream.is(Token.Kind.BLOCK_END) && !stream.is(Token.Kind.END)) {
                    stream.take();
                }
                into.add(new Stmt.Refused(at, tag.text()));
            }
            default -> throw TokenStream.error(tag.at(), "the tag '" + tag.text() + "'", "a tag of Jinja2 that can stand here");
        }
    }

    private Stmt ifStatement(int at) {
        int mark = unknown.soFar();
        List<Stmt.Branch> branches = new ArrayList<>();
        List<Stmt> otherwise = List.of();
        String next = "elif";
        while (next.equals("elif")) {
            Expr test = expressions.tuple(expressions::unconditional);
            branches.add(new Stmt.Branch(test, body("elif", "else", "endif")));
            next = stream.take().text();
        }
        if (next.equals("else")) {
            otherwise = bodyTo("endif");
        }
        unknown.forgive(mark);
        return new Stmt.If(at, List.copyOf(branches), otherwise);
    }

    private Stmt forStatement(int at) {
        loopsAround++;
        Target target = target(false);
        stream.expectName("in");
        Expr iterable = expressions.tuple(expressions::unconditional);
        int mark = unknown.soFar();
        Expr test = stream.skipName("if") ? expressions.expression() : null;
        boolean recursive = stream.skipName("recursive");
        int outer = loops;
        loops = recursive ? 1 : loops + 1;
        List<Stmt> body = body("endfor", "else");
        loopsAround--;
        loops = recursive ? 0 : outer;
        List<Stmt> otherwise = stream.take().text().equals("else") ? bodyTo("endfor") : List.of();
        loops = outer;
        unknown.harden(mark);
        return new Stmt.For(at, target, iterable, test, recursive, body, otherwise);
    }

    private Stmt setStatement(int at) {
        Target target = target(true);
        if (stream.skipOperator("=")) {
            return new Stmt.Set(at, target, expressions.tuple());
        }
        Expr body = new Expr.Name(at, Stmt.BODY);
        Expr filter = stream.isOperator("|") ? operands.filters(body) : null;
        return new Stmt.SetBlock(at, target, filter, scopeTo("endset"));
    }

    private Stmt with(int at) {
        List<Target> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!stream.is(Token.Kind.BLOCK_END)) {
            if (!targets.isEmpty()) {
                stream.expectOperator(",");
            }
            targets.add(target(false));
            stream.expectOperator("=");
            values.add(expressions.expression());
        }
        return new Stmt.With(at, List.copyOf(targets), List.copyOf(values), scopeTo("endwith"));
    }

    private void print(int at, List<Stmt> into) {
        for (boolean first = true; !stream.is(Token.Kind.BLOCK_END); first = false) {
            if (!first) {
                stream.expectOperator(",");
            }
            into.add(new Stmt.Print(at, expressions.expression()));
        }
    }

    private Stmt macro(int at) {
        Token name = stream.expect(Token.Kind.NAME, "the name of a macro");
        requireAssignable(name);
        List<String> parameters = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        parameters(parameters, defaults);
        operands.beginMacro();
        List<Stmt> body = outsideLoops("endmacro");
        Stmt.Signature signature = signature(parameters, defaults, operands.endMacro());
        return new Stmt.MacroDefinition(at, name.text(), signature, body);
    }

    private Stmt callBlock(int at) {
        List<String> parameters = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        if (stream.isOperator("(")) {
            parameters(parameters, defaults);
        }
        if (!(expressions.expression() instanceof Expr.Call call)) {
            throw TokenStream.error(at, "an expression that is no call", "{% call macro(…) %}");
        }
        operands.beginMacro();
        List<Stmt> body = outsideLoops("endcall");
        return new Stmt.CallBlock(at, call, signature(parameters, defaults, operands.endMacro()), body);
    }

    /** A body that becomes a function in Jinja2: a loop around it cannot be left from inside. */
    private List<Stmt> outsideLoops(String endTag) {
        int outer = loops;
        loops = 0;
        List<Stmt> body = scopeTo(endTag);
        loops = outer;
        return body;
    }

    private void parameters(List<String> parameters, List<Expr> defaults) {
        stream.expectOperator("(");
        while (!stream.isOperator(")")) {
            if (!parameters.isEmpty()) {
                stream.expectOperator(",");
            }
            Token name = stream.expect(Token.Kind.NAME, "the name of a parameter");
            requireAssignable(name);
            if (parameters.contains(name.text())) {
                throw TokenStream.error(name.at(), "the parameter '" + name.text() + "' twice", "different names");
            }
            parameters.add(name.text());
            if (stream.skipOperator("=")) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw TokenStream.error(name.at(), "'" + name.text() + "' without a default after one with", "a default");
            }
        }
        stream.expectOperator(")");
    }

    private static Stmt.Signature signature(List<String> parameters, List<Expr> defaults, Set<String> asked) {
        return new Stmt.Signature(
                List.copyOf(parameters),
                List.copyOf(defaults),
                asked.contains("caller") && !parameters.contains("caller"),
                asked.contains("varargs") && !parameters.contains("varargs"),
                asked.contains("kwargs") && !parameters.contains("kwargs"));
    }

    private Stmt block(int at) {
        String name = stream.expect(Token.Kind.NAME, "the name of a block").text();
        boolean scoped = stream.skipName("scoped");
        stream.skipName("required");
        List<Stmt> body = outsideLoops("endblock");
        stream.skipName(name);
        return new Stmt.Scoped(at, !scoped, body);
    }

    private Stmt autoescape(int at) {
        Expr on = expressions.expression();
        List<Stmt> body = scopeTo("endautoescape");
        boolean off = on instanceof Expr.Constant constant && !Python.truth(constant.value());
        return off ? new Stmt.Scoped(at, false, body) : new Stmt.Refused(at, "autoescape");
    }

    /** @param namespaces whether {@code ns.x} can stand there */
    private Target target(boolean namespaces) {
        int at = stream.current().at();
        return target(expressions.tuple(() -> namespaces ? namespaceOrPrimary() : operands.primary()), at);
    }

    private Expr namespaceOrPrimary() {
        Expr primary = operands.primary();
        if (primary instanceof Expr.Name && stream.isOperator(".")) {
            int at = stream.take().at();
            return new Expr.Attribute(at, primary, stream.expect(Token.Kind.NAME, "the name of an attribute").text());
        }
        return primary;
    }

    private Target target(Expr expression, int at) {
        return switch (expression) {
            case Expr.Name name when name.name().equals("loop") && loopsAround > 0 ->
                throw TokenStream.error(name.at(), "'loop' assigned inside a loop", "another name");
            case Expr.Name name -> new Target.Variable(name.name());
            case Expr.Attribute attribute when attribute.owner() instanceof Expr.Name name ->
                new Target.NamespaceAttribute(name.name(), attribute.name());
            case Expr.TupleOf tuple ->
                new Target.Unpacked(tuple.items().stream().map(item -> target(item, at)).toList());
            default -> throw TokenStream.error(at, "a value where a name is assigned", "a name, or names with commas");
        };
    }

    private static void requireAssignable(Token name) {
        if (Set.of("true", "false", "none", "True", "False", "None").contains(name.text())) {
            throw TokenStream.error(name.at(), "'" + name.text() + "' as a name", "another name");
        }
    }
}
