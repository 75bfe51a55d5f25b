package io.github.jalign.text.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A macro, or what a call block calls back: statements with parameters that give a text. */
final class Macro implements Value.Callable {
    private final Interpreter interpreter;
    private final @Nullable String name;
    private final Stmt.Signature signature;
    private final List<Stmt> body;
    private final Scope definedIn;

    /** @param name null for a call block */
    Macro(
            Interpreter interpreter,
            @Nullable String name,
            Stmt.Signature signature,
            List<Stmt> body,
            Scope definedIn) {
        this.interpreter = interpreter;
        this.name = name;
        this.signature = signature;
        this.body = body;
        this.definedIn = definedIn;
    }

    @Nullable String name() {
        return name;
    }

    /** Binds the arguments as Jinja2's runtime.py does: by place, then by name, then defaults; what is left is undefined. */
    Text call(Arguments arguments) {
        List<String> parameters = signature.parameters();
        List<Value> positional = arguments.positional();
        Map<String, Value> named = new LinkedHashMap<>(arguments.named());
        Scope scope = new Scope(definedIn);
        Budget budget = interpreter.run().budget;
        budget.enterCall();
        int firstDefault = parameters.size() - signature.defaults().size();
        for (int i = 0; i < parameters.size(); i++) {
            String parameter = parameters.get(i);
            Value value = i < positional.size() ? positional.get(i) : named.remove(parameter);
            if (value == null) {
                value = i >= firstDefault
                        ? interpreter.evaluator().evaluate(signature.defaults().get(i - firstDefault), scope)
                        : Value.Undefined.because("parameter '" + parameter + "' was not provided");
            }
            scope.set(parameter, value);
        }
        if (signature.caller()) {
            Value caller = named.remove("caller");
            scope.set("caller", caller == null ? Value.Undefined.because("No caller defined") : caller);
        }
        if (signature.kwargs()) {
            Dict rest = new Dict();
            named.forEach((key, value) -> rest.put(Text.literal(key), value));
            scope.set("kwargs", rest);
        } else if (!named.isEmpty()) {
            throw Refusal.operation(
                    "the macro was given the keyword argument '" + named.keySet().iterator().next() + "'",
                    parameters.isEmpty() ? "no argument" : "one of " + parameters);
        }
        List<Value> rest = positional.subList(Math.min(parameters.size(), positional.size()), positional.size());
        if (signature.varargs()) {
            scope.set("varargs", new Value.Tuple(List.copyOf(rest)));
        } else if (!rest.isEmpty()) {
            throw Refusal.operation(
                    "the macro was given " + positional.size() + " arguments", "at most " + parameters.size());
        }
        Text text = interpreter.captured(body, scope);
        budget.leaveCall();
        return text;
    }
}
