package io.github.jalign.text.jinja;

import static io.github.jalign.text.jinja.Operation.define;

import io.github.jalign.text.jinja.Operation.Given;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str} that give text, numbers or lists of texts. Pieces of a text stay what they are. */
final class StringMethods {
    static final Map<String, Operation> TABLE = Operation.table(
            define("strip", "chars? /", (run, s, g) -> strip(run, (Text) s, g.get(0), true, true)),
            define("lstrip", "chars? /", (run, s, g) -> strip(run, (Text) s, g.get(0), true, false)),
            define("rstrip", "chars? /", (run, s, g) -> strip(run, (Text) s, g.get(0), false, true)),
            define("split", "sep? maxsplit?", (run, s, g) -> split(run, (Text) s, g, false)),
            define("rsplit", "sep? maxsplit?", (run, s, g) -> split(run, (Text) s, g, true)),
            define("splitlines", "keepends?", (run, s, g) -> new Value.Listing(lines(run, (Text) s, g.truth(0)))),
            define("partition", "sep /", (run, s, g) -> partition(run, (Text) s, g.text(0), false)),
            define("rpartition", "sep /", (run, s, g) -> partition(run, (Text) s, g.text(0), true)),
            define("replace", "old new count? /", (run, s, g) ->
                    ((Text) s).like(replace(run, (Text) s, g.text(0), suiting(run, s, g.text(1)), g.integer(2, -1)))),
            define("join", "iterable /", (run, s, g) -> joinTexts(run, (Text) s, g.need(0))),
            define("removeprefix", "prefix /", (run, s, g) -> {
                Text text = (Text) s;
                return text.string().startsWith(g.text(0).string()) ? cut(run, text, g.text(0).string().length(), 0) : text;
            }),
            define("removesuffix", "suffix /", (run, s, g) -> {
                Text text = (Text) s;
                return text.string().endsWith(g.text(0).string()) ? cut(run, text, 0, g.text(0).string().length()) : text;
            }),
            define("startswith", "prefix start? end? /", (run, s, g) -> Value.of(affix(run, (Text) s, g, true))),
            define("endswith", "suffix start? end? /", (run, s, g) -> Value.of(affix(run, (Text) s, g, false))),
            define("find", "sub start? end? /", (run, s, g) -> Value.of(find(run, (Text) s, g, false))),
            define("rfind", "sub start? end? /", (run, s, g) -> Value.of(find(run, (Text) s, g, true))),
            define("index", "sub start? end? /", (run, s, g) -> Value.of(found(find(run, (Text) s, g, false)))),
            define("rindex", "sub start? end? /", (run, s, g) -> Value.of(found(find(run, (Text) s, g, true)))),
            define("count", "sub start? end? /", (run, s, g) -> count(run, (Text) s, g)),
            define("upper", "/", (run, s, g) -> derived(run, s, s.toString().toUpperCase(Locale.ROOT))),
            define("lower", "/", (run, s, g) -> derived(run, s, s.toString().toLowerCase(Locale.ROOT))),
            define("casefold", "/", (run, s, g) ->
                    derived(run, s, s.toString().toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT))),
            define("capitalize", "/", (run, s, g) -> derived(run, s, Letters.capitalized(s.toString()))),
            define("title", "/", (run, s, g) -> derived(run, s, Letters.titled(s.toString()))),
            define("swapcase", "/", (run, s, g) -> derived(run, s, Letters.swapped(s.toString()))),
            define("center", "width fillchar? /", (run, s, g) -> pad(run, (Text) s, g, 0)),
            define("ljust", "width fillchar? /", (run, s, g) -> pad(run, (Text) s, g, -1)),
            define("rjust", "width fillchar? /", (run, s, g) -> pad(run, (Text) s, g, 1)),
            define("zfill", "width /", (run, s, g) -> zeroFill(run, (Text) s, g.integer(0, 0))),
            define("expandtabs", "tabsize?", (run, s, g) -> expandTabs(run, (Text) s, g.integer(0, 8))),
            define("isalnum", "/", (run, s, g) -> every(run, s, Letters::isAlphanumeric)),
            define("isalpha", "/", (run, s, g) -> every(run, s, Character::isLetter)),
            define("isdecimal", "/", (run, s, g) -> every(run, s, c -> Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER)),
            define("isdigit", "/", (run, s, g) -> every(run, s, Letters::isDigit)),
            define("isnumeric", "/", (run, s, g) -> every(run, s, Letters::isNumeric)),
            define("isspace", "/", (run, s, g) -> every(run, s, Space::is)),
            define("isascii", "/", (run, s, g) -> Value.of(s.toString().chars().allMatch(c -> c < 0x80))),
            define("isprintable", "/", (run, s, g) -> Value.of(s.toString().codePoints().allMatch(Printing::printable))),
            define("isidentifier", "/", (run, s, g) -> Value.of(Lexer.isIdentifier(s.toString()))),
            define("islower", "/", (run, s, g) -> Value.of(Letters.isLower(s.toString()))),
            define("isupper", "/", (run, s, g) -> Value.of(Letters.isUpper(s.toString()))),
            define("istitle", "/", (run, s, g) -> Value.of(Letters.isTitled(s.toString()))));

    private StringMethods() {}

    private static Text derived(Run run, Value self, String other) {
        run.budget.text(other.length());
        return ((Text) self).derived(other);
    }

    /** A string that goes into another: escaped where that is Markup. */
    private static Text suiting(Run run, Value into, Text part) {
        return ((Text) into).isMarkup() ? Html.escape(run, part) : part;
    }

    private static Value every(Run run, Value self, IntPredicate holds) {
        run.budget.text(self.toString().length());
        return Value.of(!self.toString().isEmpty() && self.toString().codePoints().allMatch(holds));
    }

    private static Text cut(Run run, Text text, int head, int tail) {
        run.budget.text(text.string().length());
        return text.slice(head, text.string().length() - tail);
    }

    /** @param chars the characters to take away; none or None: space */
    static Text strip(Run run, Text text, @Nullable Value chars, boolean left, boolean right) {
        String s = text.string();
        run.budget.text(s.length());
        IntPredicate taken = Space::is;
        if (chars != null && !(chars instanceof Value.None)) {
            String set = Python.text(chars).string();
            run.budget.charge((long) Math.min(s.length(), 1 << 20) * set.length() >> 8);
            taken = c -> set.indexOf(c) >= 0;
        }
        int from = 0;
        int to = s.length();
        while (left && from < to && taken.test(s.codePointAt(from))) {
            from += Character.charCount(s.codePointAt(from));
        }
        while (right && to > from && taken.test(s.codePointBefore(to))) {
            to -= Character.charCount(s.codePointBefore(to));
        }
        return text.slice(from, to);
    }

    private static Value split(Run run, Text text, Given given, boolean fromRight) {
        Value separator = given.or(0, Value.NONE);
        int most = given.integer(1, -1);
        int limit = most < 0 ? Integer.MAX_VALUE : most;
        run.budget.text(text.string().length());
        List<Value> pieces = separator instanceof Value.None
                ? (fromRight ? wordsFromRight(text, limit) : words(text, limit))
                : pieces(run, text, Python.text(separator).string(), limit, fromRight);
        run.budget.charge(pieces.size());
        return new Value.Listing(fromRight ? pieces.reversed() : pieces);
    }

    /** {@code split()}: the words between space. */
    static List<Value> words(Text text) {
        return words(text, Integer.MAX_VALUE);
    }

    private static List<Value> words(Text text, int limit) {
        String s = text.string();
        List<Value> words = new ArrayList<>();
        int at = Space.skip(s, 0, s.length());
        while (at < s.length()) {
            int end = at;
            while (end < s.length() && !Space.is(s.charAt(end))) {
                end++;
            }
            if (words.size() == limit) {
                words.add(text.slice(at, s.length()));
                return words;
            }
            words.add(text.slice(at, end));
            at = Space.skip(s, end, s.length());
        }
        return words;
    }

    /** The last word first. */
    private static List<Value> wordsFromRight(Text text, int limit) {
        String s = text.string();
        List<Value> words = new ArrayList<>();
        int at = Space.trimEnd(s, 0, s.length());
        while (at > 0) {
            int start = at;
            while (start > 0 && !Space.is(s.charAt(start - 1))) {
                start--;
            }
            if (words.size() == limit) {
                words.add(text.slice(0, at));
                return words;
            }
            words.add(text.slice(start, at));
            at = Space.trimEnd(s, 0, start);
        }
        return words;
    }

    /** From the right: the last piece first. */
    private static List<Value> pieces(Run run, Text text, String separator, int limit, boolean fromRight) {
        if (separator.isEmpty()) {
            throw Refusal.operation("empty separator", "a separator with a character");
        }
        String s = text.string();
        List<Value> pieces = new ArrayList<>();
        int from = 0;
        int to = s.length();
        while (pieces.size() < limit) {
            int at = fromRight
                    ? Search.lastIndexOf(run, s, separator, to - separator.length())
                    : Search.indexOf(run, s, separator, from);
            if (at < 0) {
                break;
            }
            pieces.add(fromRight ? text.slice(at + separator.length(), to) : text.slice(from, at));
            from = fromRight ? from : at + separator.length();
            to = fromRight ? at : to;
        }
        pieces.add(text.slice(from, to));
        return pieces;
    }

    /** {@code splitlines}. */
    static List<Value> lines(Run run, Text text, boolean keepEnds) {
        String s = text.string();
        run.budget.text(s.length());
        List<Value> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < s.length(); i++) {
            if (Space.isLineEnd(s.charAt(i))) {
                int end = i;
                if (s.charAt(i) == '\r' && i + 1 < s.length() && s.charAt(i + 1) == '\n') {
                    i++;
                }
                lines.add(text.slice(from, keepEnds ? i + 1 : end));
                from = i + 1;
            }
        }
        if (from < s.length()) {
            lines.add(text.slice(from, s.length()));
        }
        run.budget.charge(lines.size());
        return lines;
    }

    private static Value partition(Run run, Text text, Text separator, boolean last) {
        String s = text.string();
        if (separator.isEmpty()) {
            throw Refusal.operation("empty separator", "a separator with a character");
        }
        int at = last
                ? Search.lastIndexOf(run, s, separator.string(), s.length() - separator.string().length())
                : Search.indexOf(run, s, separator.string(), 0);
        if (at < 0) {
            Text none = text.slice(0, 0);
            return last ? Value.Tuple.of(none, none, text) : Value.Tuple.of(text, none, none);
        }
        return Value.Tuple.of(
                text.slice(0, at), text.like(separator), text.slice(at + separator.string().length(), s.length()));
    }

    /** @param count how often at most; negative: everywhere */
    static Text replace(Run run, Text text, Text old, Text other, int count) {
        String s = text.string();
        Text.Builder out = new Text.Builder();
        int from = 0;
        int left = count < 0 ? Integer.MAX_VALUE : count;
        if (old.isEmpty()) { // between all characters
            while (left-- > 0) {
                run.budget.charge(1 + (other.string().length() >> 3));
                out.append(other);
                run.budget.requireLength(out.length());
                if (from == s.length()) {
                    return out.build();
                }
                int next = s.offsetByCodePoints(from, 1);
                out.append(text, from, next);
                from = next;
            }
        }
        for (; left > 0 && !old.isEmpty(); left--) {
            int at = Search.indexOf(run, s, old.string(), from);
            if (at < 0) {
                break;
            }
            run.budget.text((long) at - from + other.string().length());
            out.append(text, from, at).append(other);
            run.budget.requireLength(out.length());
            from = at + old.string().length();
        }
        run.budget.requireLength((long) out.length() + s.length() - from);
        return out.append(text, from, s.length()).build();
    }

    /** {@code separator.join(texts)}: texts only. */
    private static Text joinTexts(Run run, Text separator, Value texts) {
        Iterator<Value> items = Iteration.over(run, texts);
        Text.Builder out = new Text.Builder();
        boolean first = true;
        while (items.hasNext()) {
            if (!(items.next() instanceof Text text)) {
                throw Refusal.operation("str.join of an item that is no string", "strings; the filter 'join' takes any values");
            }
            run.budget.text((first ? 0L : separator.string().length()) + text.string().length());
            out.append(first ? Text.EMPTY : separator).append(suiting(run, separator, text));
            run.budget.requireLength(out.length());
            first = false;
        }
        return separator.like(out.build());
    }

    /** The part that a method's {@code start} and {@code end} leave: offsets, or null when start is beyond the end. */
    private static int @Nullable [] part(Text text, Given given) {
        int length = text.length();
        int start = bound(given.or(1, Value.NONE), 0, length);
        int end = bound(given.or(2, Value.NONE), length, length);
        return start > length || start > end ? null : new int[] {text.offset(start), text.offset(Math.min(end, length))};
    }

    private static int bound(Value value, int otherwise, int length) {
        if (value instanceof Value.None) {
            return otherwise;
        }
        int i = Python.index(value);
        return i < 0 ? Math.max(0, i + length) : i;
    }

    private static boolean affix(Run run, Text text, Given given, boolean start) {
        List<Value> affixes = given.need(0) instanceof Value.Tuple many ? many.items() : List.of(given.need(0));
        int[] part = part(text, given);
        for (Value value : affixes) {
            if (!(value instanceof Text affix)) {
                throw Refusal.operation(
                        (start ? "startswith" : "endswith") + " of '" + Python.type(value) + "'", "a string or a tuple of strings");
            }
            String a = affix.string();
            run.budget.charge(1 + (a.length() >> 6));
            if (part != null
                    && part[1] - part[0] >= a.length()
                    && text.string().startsWith(a, start ? part[0] : part[1] - a.length())) {
                return true;
            }
        }
        return false;
    }

    private static int find(Run run, Text text, Given given, boolean last) {
        String sub = given.text(0).string();
        int[] part = part(text, given);
        if (part == null) {
            return -1;
        }
        int at = last
                ? Search.lastIndexOf(run, text.string(), sub, part[1] - sub.length())
                : Search.indexOf(run, text.string(), sub, part[0]);
        boolean inside = at >= part[0] && at + sub.length() <= part[1];
        return inside ? text.string().codePointCount(0, at) : -1;
    }

    private static int found(int place) {
        if (place < 0) {
            throw Refusal.operation("substring not found", "a substring that is there; 'find' gives -1 where it is not");
        }
        return place;
    }

    private static Value count(Run run, Text text, Given given) {
        String sub = given.text(0).string();
        int[] part = part(text, given);
        if (part == null) {
            return Value.of(0);
        }
        if (sub.isEmpty()) {
            return Value.of(text.string().codePointCount(part[0], part[1]) + 1);
        }
        Text within = text.slice(part[0], part[1]);
        run.budget.text(within.string().length());
        return Value.of(pieces(run, within, sub, Integer.MAX_VALUE, false).size() - 1);
    }

    /** @param side -1: the text stands left, 1: right, 0: in the middle */
    private static Text pad(Run run, Text text, Given given, int side) {
        Text fill = given.get(1) == null ? Text.literal(" ") : suiting(run, text, given.text(1));
        if (fill.length() != 1) {
            throw Refusal.operation("the fill character must be exactly one character long", "one character");
        }
        return padded(run, text, fill, given.integer(0, 0), side);
    }

    static Text padded(Run run, Text text, Text fill, int width, int side) {
        int missing = width - text.length();
        if (missing <= 0) {
            return text;
        }
        run.budget.text((long) missing * fill.string().length() + text.string().length());
        // Python's middle: the odd one goes left when the width is odd.
        int left = side < 0 ? 0 : side > 0 ? missing : missing / 2 + (missing & width & 1);
        return text.like(new Text.Builder()
                .append(fill.derived(fill.string().repeat(left)))
                .append(text)
                .append(fill.derived(fill.string().repeat(missing - left)))
                .build());
    }

    private static Text zeroFill(Run run, Text text, int width) {
        int sign = !text.isEmpty() && "+-".indexOf(text.string().charAt(0)) >= 0 ? 1 : 0;
        Text digits = text.slice(sign, text.string().length());
        return text.like(text.slice(0, sign).plus(padded(run, digits, Text.literal("0"), width - sign, 1)));
    }

    private static Text expandTabs(Run run, Text text, int size) {
        Text.Builder out = new Text.Builder();
        int column = 0;
        String s = text.string();
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '\t') {
                int spaces = size <= 0 ? 0 : size - column % size;
                run.budget.text(spaces);
                run.budget.requireLength((long) out.length() + spaces);
                out.literal(" ".repeat(spaces));
                column += spaces;
            } else {
                out.append(text, i, i + 1);
                column = c == '\n' || c == '\r' ? 0 : Character.isLowSurrogate(c) ? column : column + 1;
            }
        }
        run.budget.text(s.length());
        return text.like(out.build());
    }
}
