package io.github.jalign.text.jinja;

import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's {@code str()} and {@code repr()}. */
final class Printing {
    private Printing() {}

    /** {@code str(value)}. */
    static Text str(Run run, Value value) {
        return soft(run, value).plain();
    }

    /** {@code str(value)}, where Markup stays Markup. */
    static Text soft(Run run, Value value) {
        return switch (value) {
            case Text text -> text;
            case Value.Undefined u -> Text.EMPTY;
            default -> {
                Text.Builder out = new Text.Builder();
                repr(run, value, out);
                yield out.build();
            }
        };
    }

    static Text repr(Run run, Value value) {
        Text.Builder out = new Text.Builder();
        repr(run, value, out);
        return out.build();
    }

    /** Numbers and brackets count as data, for containers may hold it; strings keep what they are. */
    private static void repr(Run run, Value value, Text.Builder out) {
        run.budget.step();
        run.budget.enter();
        switch (value) {
            case Value.None n -> out.data("None");
            case Value.Bool b -> out.data(b.value() ? "True" : "False");
            case Value.Int i -> out.data(i.value().toString());
            case Value.Real r -> out.data(real(r.value()));
            case Text t -> {
                run.budget.text(t.string().length());
                run.budget.requireLength((long) out.length() + t.string().length());
                out.data(t.isMarkup() ? "Markup(" : "");
                quote(t, out);
                out.data(t.isMarkup() ? ")" : "");
            }
            case Value.Undefined u -> out.data("Undefined");
            case Value.Listing l -> sequence(run, l.items(), "[", "]", out);
            case Value.Tuple t -> sequence(run, t.items(), "(", t.items().size() == 1 ? ",)" : ")", out);
            case Dict d -> dict(run, d, out);
            case Value.View v -> {
                out.data(Python.type(v));
                List<Value> items = Iteration.list(run, v);
                sequence(run, items, "([", "])", out);
            }
            case Value.Range r ->
                out.data("range(" + r.start() + ", " + r.stop() + (r.step() == 1 ? ")" : ", " + r.step() + ")"));
            case Value.Namespace n -> {
                out.data("<Namespace ");
                Dict dict = new Dict();
                n.attributes().forEach((k, v) -> dict.put(Text.literal(k), v));
                dict(run, dict, out);
                out.data(">");
            }
            case Loop loop -> out.data("<LoopContext " + loop.index() + "/" + loop.length() + ">");
            case Macro macro -> out.data("<Macro " + (macro.name() == null ? "anonymous" : "'" + macro.name() + "'") + ">");
            // Python prints addresses here.
            case Value.Generator g -> throw noText(value);
            case Value.Cycler c -> throw noText(value);
            case Value.Callable c -> throw noText(value);
        }
        run.budget.leave();
    }

    private static Refusal noText(Value value) {
        return Refusal.operation(
                "a " + Python.type(value) + " is printed; in Python that shows its address in memory",
                "a value with a text, for example after '| list'");
    }

    private static void sequence(Run run, List<Value> items, String open, String close, Text.Builder out) {
        out.data(open);
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) {
                out.data(", ");
            }
            repr(run, items.get(i), out);
        }
        out.data(close);
    }

    private static void dict(Run run, Dict dict, Text.Builder out) {
        out.data("{");
        Iterator<Dict.Entry> entries = dict.entries().iterator();
        while (entries.hasNext()) {
            Dict.Entry entry = entries.next();
            repr(run, entry.key(), out);
            out.data(": ");
            repr(run, entry.value(), out);
            if (entries.hasNext()) {
                out.data(", ");
            }
        }
        out.data("}");
    }

    /** Single quotes unless only those occur inside; escapes for what Python holds unprintable. */
    private static void quote(Text text, Text.Builder out) {
        String s = text.string();
        char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
        out.data(String.valueOf(quote));
        int plain = 0;
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            int next = i + Character.charCount(c);
            String escaped = escape(c, quote);
            if (escaped != null) {
                out.append(text, plain, i).data(escaped);
                plain = next;
            }
            i = next;
        }
        out.append(text, plain, s.length()).data(String.valueOf(quote));
    }

    private static @Nullable String escape(int c, char quote) {
        if (c == quote || c == '\\') {
            return "\\" + (char) c;
        }
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> printable(c) ? null
                    : c < 0x100 ? "\\x%02x".formatted(c)
                    : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c);
        };
    }

    /** {@code str.isprintable} of one character. */
    static boolean printable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }

    /** {@code repr} of a float: the shortest digits that read back to the same bits. */
    static String real(double d) {
        if (Double.isNaN(d)) {
            return "nan";
        }
        if (Double.isInfinite(d)) {
            return d > 0 ? "inf" : "-inf";
        }
        String sign = d < 0 || 1 / d < 0 ? "-" : "";
        if (d == 0) {
            return sign + "0.0";
        }
        BigDecimal shortest = new BigDecimal(Double.toString(Math.abs(d))).stripTrailingZeros();
        String digits = shortest.unscaledValue().toString();
        int point = digits.length() - shortest.scale(); // digits before the decimal point
        if (point > 16 || point < -3) {
            int exponent = point - 1;
            String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
            return sign + digits.charAt(0) + fraction + (exponent < 0 ? "e-" : "e+") + "%02d".formatted(Math.abs(exponent));
        }
        if (point <= 0) {
            return sign + "0." + "0".repeat(-point) + digits;
        }
        if (point >= digits.length()) {
            return sign + digits + "0".repeat(point - digits.length()) + ".0";
        }
        return sign + digits.substring(0, point) + "." + digits.substring(point);
    }
}
