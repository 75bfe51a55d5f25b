package io.github.jalign.text.jinja;

import static io.github.jalign.text.jinja.Operation.define;

import io.github.jalign.text.jinja.Operation.Given;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Filters that make text. As in Jinja2, most take any value and work on its {@code str()}. */
final class TextFilters {
    static final Map<String, Operation> TABLE = Operation.table(
            define("string", "", (run, v, g) -> Printing.soft(run, v)),
            define("safe", "", (run, v, g) -> Printing.soft(run, v).asMarkup()),
            define("upper", "", (run, v, g) -> method(run, "upper", v)),
            define("lower", "", (run, v, g) -> method(run, "lower", v)),
            define("capitalize", "", (run, v, g) -> method(run, "capitalize", v)),
            define("title", "", (run, v, g) -> title(run, Printing.str(run, v))),
            define("trim", "chars?", (run, v, g) -> StringMethods.strip(run, Printing.soft(run, v), g.get(0), true, true)),
            define("center", "width?", (run, v, g) ->
                    StringMethods.padded(run, Printing.soft(run, v), Text.literal(" "), g.integer(0, 80), 0)),
            define("replace", "old new count?", (run, v, g) -> StringMethods.replace(
                    run,
                    Printing.str(run, v),
                    Printing.str(run, g.need(0)),
                    Printing.str(run, g.need(1)),
                    g.or(2, Value.NONE) instanceof Value.None ? -1 : g.integer(2, -1))),
            define("join", "d? attribute?", TextFilters::join),
            define("indent", "width? first? blank?", (run, v, g) -> indent(run, Python.text(v), g)),
            define("truncate", "length? killwords? end? leeway?", TextFilters::truncate),
            define("wordcount", "", (run, v, g) -> wordCount(run, Printing.str(run, v))),
            define("striptags", "", (run, v, g) -> Html.stripTags(run, Printing.str(run, v))),
            define("escape", "", (run, v, g) -> Html.escape(run, Printing.soft(run, v))),
            define("forceescape", "", (run, v, g) -> Html.escape(run, Printing.str(run, v))),
            define("urlencode", "", (run, v, g) -> urlEncode(run, v)),
            define("xmlattr", "autospace?", (run, v, g) -> Html.attributes(run, v, g.get(0) == null || g.truth(0))),
            define("format", "*", (run, v, g) -> formatted(run, v, g)),
            define("tojson", "ensure_ascii? indent? separators? sort_keys?", (run, v, g) -> JsonText.write(run, v, style(run, g))),
            define("filesizeformat", "binary?", (run, v, g) -> fileSize(run, v, g.truth(0))));

    private TextFilters() {}

    private static Value method(Run run, String name, Value value) {
        Operation method = Operation.in(StringMethods.TABLE, name);
        return method.apply(run, Printing.soft(run, value), Arguments.NONE);
    }

    /** Words begin after spaces, {@code -}, and opening brackets; unlike {@code str.title}, not after digits. */
    private static Text title(Run run, Text text) {
        String s = text.string();
        run.budget.text(s.length());
        StringBuilder out = new StringBuilder();
        boolean first = true;
        for (int i = 0; i < s.length(); i += Character.charCount(s.codePointAt(i))) {
            int c = s.codePointAt(i);
            String one = Character.toString(c);
            boolean between = Space.is(c) || "-({[<".indexOf(c) >= 0;
            out.append(first && !between ? one.toUpperCase(Locale.ROOT) : one.toLowerCase(Locale.ROOT));
            first = between;
        }
        return text.derived(out.toString());
    }

    private static Value join(Run run, Value value, Given given) {
        Text separator = Printing.str(run, given.or(0, Text.EMPTY));
        Value attribute = given.or(1, Value.NONE);
        Text.Builder out = new Text.Builder();
        Iterator<Value> items = Iteration.over(run, value);
        for (boolean first = true; items.hasNext(); first = false) {
            Value item = items.next();
            if (!(attribute instanceof Value.None)) {
                item = SelectFilters.attribute(run, item, attribute, null);
            }
            Text text = Printing.str(run, item);
            run.budget.text((first ? 0L : separator.string().length()) + text.string().length());
            out.append(first ? Text.EMPTY : separator).append(text);
            run.budget.requireLength(out.length());
        }
        return out.build();
    }

    private static Value indent(Run run, Text text, Given given) {
        Text indentation = given.or(0, Value.of(4)) instanceof Text given0
                ? given0
                : Text.literal(spaces(run, given.integer(0, 4)));
        boolean blank = given.truth(2);
        // Jinja2 appends a newline before it splits, so a text that ends in one keeps it.
        List<Value> lines = StringMethods.lines(run, text.plus(Text.literal("\n")), false);
        Text.Builder out = new Text.Builder();
        if (given.truth(1)) {
            out.append(indentation);
        }
        for (int i = 0; i < lines.size(); i++) {
            Text line = (Text) lines.get(i);
            run.budget.text((long) line.string().length() + indentation.string().length());
            if (i > 0) {
                out.literal("\n").append(line.isEmpty() && !blank ? Text.EMPTY : indentation);
            }
            out.append(line);
            run.budget.requireLength(out.length());
        }
        return text.like(out.build());
    }

    private static Value truncate(Run run, Value value, Given given) {
        int length = given.integer(0, 255);
        Text end = given.get(2) == null ? Text.literal("...") : given.text(2);
        int leeway = given.or(3, Value.NONE) instanceof Value.None ? 5 : given.integer(3, 5);
        if (length < end.length() || leeway < 0) {
            throw Refusal.operation(
                    "truncate to " + length + " with leeway " + leeway, "a length of at least that of the end mark, and a leeway of 0 or more");
        }
        if (Iteration.length(value) <= (long) length + leeway) {
            return value;
        }
        Text text = Python.text(value);
        run.budget.text(text.string().length());
        Text kept = text.slice(0, text.offset(length - end.length()));
        if (!given.truth(1)) {
            int space = kept.string().lastIndexOf(' ');
            kept = space < 0 ? kept : kept.slice(0, space);
        }
        return Arithmetic.apply(run, Arithmetic.Operator.ADD, kept, end);
    }

    private static Value wordCount(Run run, Text text) {
        run.budget.text(text.string().length());
        long words = 0;
        boolean inside = false;
        for (int c : text.string().codePoints().toArray()) {
            boolean word = Letters.isAlphanumeric(c) || c == '_';
            words += word && !inside ? 1 : 0;
            inside = word;
        }
        return Value.of(words);
    }

    private static Text urlEncode(Run run, Value value) {
        if (value instanceof Text || !Iteration.possible(value)) {
            return quoted(run, Printing.str(run, value), false);
        }
        Value pairs = value instanceof Dict dict ? new Value.View(Value.View.Kind.ITEMS, dict) : value;
        Text.Builder out = new Text.Builder();
        Iteration.over(run, pairs).forEachRemaining(pair -> {
            List<Value> two = Iteration.list(run, pair);
            if (two.size() != 2) {
                throw Refusal.operation("urlencode of an item with " + two.size() + " parts", "pairs of a key and a value");
            }
            out.data(out.length() == 0 ? "" : "&")
                    .append(quoted(run, Printing.str(run, two.get(0)), true))
                    .data("=")
                    .append(quoted(run, Printing.str(run, two.get(1)), true));
        });
        return out.build();
    }

    private static Text quoted(Run run, Text text, boolean query) {
        StringBuilder out = new StringBuilder();
        for (byte b : text.string().getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "_.-~".indexOf(c) >= 0 || (c == '/' && !query));
            out.append(plain ? String.valueOf(c) : c == ' ' && query ? "+" : "%%%02X".formatted((int) c));
        }
        run.budget.text(out.length());
        return text.derived(out.toString());
    }

    private static Value formatted(Run run, Value value, Given given) {
        Value.Tuple positional = (Value.Tuple) given.need(0);
        Dict named = (Dict) given.need(1);
        if (!positional.items().isEmpty() && named.size() > 0) {
            throw Refusal.operation("format with positional and keyword arguments at once", "one kind");
        }
        return Percent.format(run, Printing.soft(run, value), named.size() > 0 ? named : positional);
    }

    private static String spaces(Run run, int n) {
        run.budget.text(Math.max(0, n));
        return " ".repeat(Math.max(0, n));
    }

    private static JsonText.Style style(Run run, Given given) {
        String indent = switch (given.or(1, Value.NONE)) {
            case Value.None n -> null;
            case Text text -> text.string();
            case Value number -> spaces(run, Python.index(number));
        };
        Text item = Text.data(indent == null ? ", " : ",");
        Text key = Text.data(": ");
        Value separators = given.or(2, Value.NONE);
        if (!(separators instanceof Value.None)) {
            if (!(separators instanceof Value.Items pair) || pair.items().size() != 2) {
                throw Refusal.operation("separators of '" + Python.type(separators) + "'", "a pair such as (',', ':')");
            }
            item = Python.text(pair.items().get(0));
            key = Python.text(pair.items().get(1));
        }
        return new JsonText.Style(given.truth(0), indent, item, key, given.truth(3));
    }

    private static Value fileSize(Run run, Value value, boolean binary) {
        double bytes = Arithmetic.real(NumberFilters.toFloat(run, value));
        double base = binary ? 1024 : 1000;
        if (bytes == 1) {
            return Text.data("1 Byte");
        }
        if (bytes < base) {
            return Text.data((long) bytes + " Bytes");
        }
        String letters = binary ? "KMGTPEZY" : "kMGTPEZY";
        double unit = base;
        int i = -1;
        do {
            unit *= base;
            i++;
        } while (bytes >= unit && i < letters.length() - 1);
        return Percent.format(
                run,
                Text.literal("%.1f " + letters.charAt(i) + (binary ? "iB" : "B")),
                new Value.Real(base * bytes / unit));
    }
}
