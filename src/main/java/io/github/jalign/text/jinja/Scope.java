package io.github.jalign.text.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables, and the scope around that is asked for the rest. */
final class Scope {
    private final Map<String, Value> variables = new HashMap<>();
    private final @Nullable Scope outer;

    Scope(@Nullable Scope outer) {
        this.outer = outer;
    }

    /** What Jinja2 resolves the name to; undefined where nothing has it. */
    Value get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Value value = scope.variables.get(name);
            if (value != null) {
                return value;
            }
        }
        Value global = Globals.get(name);
        return global == null ? Value.Undefined.name(name) : global;
    }

    void set(String name, Value value) {
        variables.put(name, value);
    }

    /** The outermost: what the caller gave and what the template set at its top level. */
    Scope root() {
        Scope scope = this;
        while (scope.outer != null) {
            scope = scope.outer;
        }
        return scope;
    }
}
