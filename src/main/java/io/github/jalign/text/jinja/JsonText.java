package io.github.jalign.text.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Python's {@code json.dumps}, which transformers' {@code tojson} is: keys in their order, {@code ", "} and
 * {@code ": "} between, characters beyond ASCII as they are.
 */
final class JsonText {
    /**
     * @param indent what a level is indented by; null for one line
     */
    record Style(
            boolean ensureAscii,
            @Nullable String indent,
            Text itemSeparator,
            Text keySeparator,
            boolean sortKeys) {}

    private final Run run;
    private final Style style;
    private final Text.Builder out = new Text.Builder();

    private JsonText(Run run, Style style) {
        this.run = run;
        this.style = style;
    }

    static Text write(Run run, Value value, Style style) {
        JsonText json = new JsonText(run, style);
        json.value(value, 0);
        return json.out.build();
    }

    private void value(Value value, int depth) {
        run.budget.step();
        run.budget.enter();
        switch (value) {
            case Value.None n -> out.data("null");
            case Value.Bool b -> out.data(b.value() ? "true" : "false");
            case Value.Int i -> out.data(i.value().toString());
            case Value.Real r -> out.data(real(r.value()));
            case Text t -> string(t);
            case Value.Items l -> items(l.items(), depth);
            case Dict d -> entries(d, depth);
            default -> throw notJson(value);
        }
        run.budget.leave();
    }

    private static Refusal notJson(Value value) {
        return Refusal.operation(
                "Object of type " + Python.type(value) + " is not JSON serializable",
                "strings, numbers, booleans, none, lists and dicts; '| list' makes a list of the result of a filter");
    }

    private static String real(double d) {
        if (Double.isNaN(d)) {
            return "NaN";
        }
        return Double.isInfinite(d) ? (d > 0 ? "Infinity" : "-Infinity") : Printing.real(d);
    }

    private void items(List<Value> items, int depth) {
        if (items.isEmpty()) {
            out.data("[]");
            return;
        }
        out.data("[");
        for (int i = 0; i < items.size(); i++) {
            separate(i, depth + 1);
            value(items.get(i), depth + 1);
        }
        newline(depth);
        out.data("]");
    }

    private void entries(Dict dict, int depth) {
        if (dict.size() == 0) {
            out.data("{}");
            return;
        }
        List<Dict.Entry> entries = new ArrayList<>(dict.entries());
        if (style.sortKeys()) {
            Sorting.sort(run, entries, Dict.Entry::key, false);
        }
        out.data("{");
        for (int i = 0; i < entries.size(); i++) {
            separate(i, depth + 1);
            key(entries.get(i).key());
            out.append(style.keySeparator());
            value(entries.get(i).value(), depth + 1);
        }
        newline(depth);
        out.data("}");
    }

    private void key(Value key) {
        switch (key) {
            case Text t -> string(t);
            case Value.None n -> string(Text.data("null"));
            case Value.Bool b -> string(Text.data(b.value() ? "true" : "false"));
            case Value.Int i -> string(Text.data(i.value().toString()));
            case Value.Real r -> string(Text.data(real(r.value())));
            default -> throw Refusal.operation(
                    "keys must be str, int, float, bool or None, not " + Python.type(key), "a string as a key");
        }
    }

    private void separate(int i, int depth) {
        if (i > 0) {
            out.append(style.itemSeparator());
        }
        newline(depth);
    }

    private void newline(int depth) {
        String indent = style.indent();
        if (indent != null) {
            run.budget.text((long) indent.length() * depth);
            run.budget.requireLength(out.length());
            out.data("\n" + indent.repeat(depth));
        }
    }

    private void string(Text text) {
        String s = text.string();
        run.budget.text(s.length());
        run.budget.requireLength((long) out.length() + s.length());
        out.data("\"");
        int plain = 0;
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            String escaped = escape(c);
            if (escaped != null) {
                out.append(text, plain, i).data(escaped);
                plain = i + 1;
            }
        }
        out.append(text, plain, s.length()).data("\"");
    }

    private @Nullable String escape(char c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\f' -> "\\f";
            case '\b' -> "\\b";
            default -> c < 0x20 || (style.ensureAscii() && c > 0x7e) ? "\\u%04x".formatted((int) c) : null;
        };
    }
}
