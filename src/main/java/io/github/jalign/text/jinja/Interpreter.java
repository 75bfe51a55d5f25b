package io.github.jalign.text.jinja;

import io.github.jalign.text.jinja.Stmt.Target;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Statements to text. One for each render. */
final class Interpreter {
    /** How a statement ends. */
    private enum End {
        NORMAL,
        BREAK,
        CONTINUE
    }

    private final Run run;
    private final Evaluator evaluator;

    Interpreter(Run run) {
        this.run = run;
        this.evaluator = new Evaluator(run);
    }

    Run run() {
        return run;
    }

    Evaluator evaluator() {
        return evaluator;
    }

    /** What the statements write, as a value. */
    Text captured(List<Stmt> body, Scope scope) {
        Text.Builder out = new Text.Builder();
        execute(body, scope, out);
        return out.build();
    }

    private End execute(List<Stmt> body, Scope scope, Text.Builder out) {
        for (Stmt stmt : body) {
            run.budget.step();
            run.budget.enter();
            End end = execute(stmt, scope, out);
            run.budget.leave();
            if (end != End.NORMAL) {
                return end;
            }
        }
        return End.NORMAL;
    }

    private End execute(Stmt stmt, Scope scope, Text.Builder out) {
        run.position = stmt.at();
        switch (stmt) {
            case Stmt.Data data -> write(data.text(), out);
            case Stmt.Print print -> {
                Value value = evaluator.evaluate(print.value(), scope);
                run.position = print.at();
                write(Printing.str(run, value), out);
            }
            case Stmt.If branches -> {
                return branch(branches, scope, out);
            }
            case Stmt.For loop -> {
                Value iterable = evaluator.evaluate(loop.iterable(), scope);
                run.position = loop.at();
                if (loop.recursive()) {
                    write(recursion(loop, iterable, 0, scope), out);
                } else {
                    loop(loop, iterable, 0, scope, out);
                }
            }
            case Stmt.Set set -> assign(set.target(), evaluator.evaluate(set.value(), scope), scope);
            case Stmt.SetBlock set -> {
                Scope inner = new Scope(scope);
                Value value = captured(set.body(), inner);
                Expr filter = set.filter();
                if (filter != null) {
                    inner.set(Stmt.BODY, value);
                    value = evaluator.evaluate(filter, inner);
                }
                assign(set.target(), value, scope);
            }
            case Stmt.With with -> {
                Scope inner = new Scope(scope);
                for (int i = 0; i < with.targets().size(); i++) {
                    assign(with.targets().get(i), evaluator.evaluate(with.values().get(i), scope), inner);
                }
                return execute(with.body(), inner, out);
            }
            case Stmt.FilterBlock block -> {
                Scope inner = new Scope(scope);
                inner.set(Stmt.BODY, captured(block.body(), inner));
                Value filtered = evaluator.evaluate(block.filter(), inner);
                write(Printing.str(run, filtered), out);
            }
            case Stmt.MacroDefinition macro ->
                scope.set(macro.name(), new Macro(this, macro.name(), macro.signature(), macro.body(), scope));
            case Stmt.CallBlock block -> {
                Macro caller = new Macro(this, null, block.signature(), block.body(), scope);
                write(Printing.str(run, evaluator.call(block.call(), scope, caller)), out);
            }
            case Stmt.Generation generation -> {
                int from = out.length();
                execute(generation.body(), new Scope(scope), out);
                out.markGeneration(from, out.length());
            }
            case Stmt.Scoped block -> {
                return execute(block.body(), new Scope(block.onlyGlobals() ? scope.root() : scope), out);
            }
            case Stmt.Break b -> {
                return End.BREAK;
            }
            case Stmt.Continue c -> {
                return End.CONTINUE;
            }
            case Stmt.Refused refused -> throw Refusal.security("the tag '" + refused.tag() + "'");
        }
        return End.NORMAL;
    }

    private void write(Text text, Text.Builder out) {
        run.budget.text(text.string().length());
        run.budget.requireLength((long) out.length() + text.string().length());
        out.append(text);
    }

    private End branch(Stmt.If branches, Scope scope, Text.Builder out) {
        for (Stmt.Branch branch : branches.branches()) {
            if (evaluator.truth(branch.test(), scope)) {
                return execute(branch.body(), scope, out);
            }
        }
        return execute(branches.otherwise(), scope, out);
    }

    /** A recursive loop, or a call of {@code loop(…)} inside one. */
    Text recursion(Stmt.For stmt, Value iterable, int depth, Scope scope) {
        run.budget.enterCall();
        Text.Builder out = new Text.Builder();
        loop(stmt, iterable, depth, scope, out);
        run.budget.leaveCall();
        return out.build();
    }

    private void loop(Stmt.For stmt, Value iterable, int depth, Scope scope, Text.Builder out) {
        Iterator<Value> items = Iteration.over(run, iterable);
        boolean sized = stmt.test() == null && !(iterable instanceof Value.Generator);
        if (stmt.test() != null) {
            items = tested(stmt, items, scope);
        }
        Loop loop = new Loop(this, stmt, scope, items, sized ? Iteration.length(iterable) : -1, depth);
        boolean none = true;
        while (loop.advance()) {
            none = false;
            Scope inner = new Scope(scope);
            assign(stmt.target(), loop.current(), inner);
            inner.set("loop", loop);
            if (execute(stmt.body(), inner, out) == End.BREAK) {
                break;
            }
        }
        if (none) {
            execute(stmt.otherwise(), new Scope(scope), out);
        }
    }

    /** The items for which {@code if} holds; the test sees the loop around, not this one. */
    private Iterator<Value> tested(Stmt.For stmt, Iterator<Value> items, Scope scope) {
        return new Iterator<>() {
            private @Nullable Value next;

            @Override
            public boolean hasNext() {
                while (next == null && items.hasNext()) {
                    Value item = items.next();
                    Scope inner = new Scope(scope);
                    assign(stmt.target(), item, inner);
                    Expr test = stmt.test();
                    if (test == null || evaluator.truth(test, inner)) {
                        next = item;
                    }
                }
                return next != null;
            }

            @Override
            public Value next() {
                if (!hasNext() || next == null) {
                    throw new java.util.NoSuchElementException();
                }
                Value item = next;
                next = null;
                return item;
            }
        };
    }

    private void assign(Target target, Value value, Scope scope) {
        switch (target) {
            case Target.Variable variable -> scope.set(variable.name(), value);
            case Target.NamespaceAttribute attribute -> {
                if (!(scope.get(attribute.namespace()) instanceof Value.Namespace namespace)) {
                    throw Refusal.operation("cannot assign attribute on non-namespace object", "a variable set to namespace()");
                }
                Globals.requirePublic(attribute.name());
                namespace.attributes().put(attribute.name(), value);
            }
            case Target.Unpacked unpacked -> {
                List<Value> values = Iteration.list(run, value);
                int expected = unpacked.targets().size();
                if (values.size() != expected) {
                    throw Refusal.operation(
                            "cannot unpack " + values.size() + " values into " + expected + " names", "as many values as names");
                }
                for (int i = 0; i < expected; i++) {
                    assign(unpacked.targets().get(i), values.get(i), scope);
                }
            }
        }
    }
}
