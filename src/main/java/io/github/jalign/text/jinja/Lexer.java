package io.github.jalign.text.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Source to tokens, as Jinja2's lexer.py with {@code trim_blocks} and {@code lstrip_blocks}: the newline after a block or
 * comment goes, and so does the space before one that begins a line; {@code -} takes all space there, {@code +} keeps it.
 */
final class Lexer {
    /** Two signs before one. */
    private static final List<String> OPERATORS = List.of(
            "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
            "=", ".", ":", "|", ",", ";");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    /** Whether what was read last ended a line: only then can a block begin the next. */
    private boolean lineStarting = true;

    private Lexer(String source) {
        this.source = source;
    }

    /** The source as the lexer reads it: {@code \n} for every line end, and not at the very end. Offsets count in this. */
    static String normalized(String source) {
        String unix = source.replace("\r\n", "\n").replace('\r', '\n');
        return unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
    }

    /**
     * @param source already normalised
     * @throws Positioned for what is no template
     */
    static List<Token> read(String source) {
        Lexer lexer = new Lexer(source);
        lexer.read();
        lexer.add(Token.Kind.END, source.length(), "");
        return lexer.tokens;
    }

    private static Positioned error(int at, String found, String expected) {
        return new Positioned(at, Refusal.syntax(found, expected));
    }

    private void add(Token.Kind kind, int from, String text) {
        tokens.add(new Token(kind, from, text));
    }

    private void read() {
        while (at < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                add(Token.Kind.DATA, at, source.substring(at));
                return;
            }
            char kind = source.charAt(tag + 1);
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : 0;
            boolean signed = sign == '-' || sign == '+';
            data(tag, signed ? sign : 0, kind == '{');
            at = tag + (signed ? 3 : 2);
            switch (kind) {
                case '#' -> comment(tag);
                case '{' -> {
                    add(Token.Kind.VARIABLE_BEGIN, tag, "{{");
                    code(Token.Kind.VARIABLE_END);
                }
                default -> {
                    int raw = afterWord("raw");
                    if (raw >= 0 && closesRaw(raw)) {
                        raw(tag);
                    } else {
                        add(Token.Kind.BLOCK_BEGIN, tag, "{%");
                        code(Token.Kind.BLOCK_END);
                    }
                }
            }
        }
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            char c = source.charAt(i + 1);
            if (c == '{' || c == '%' || c == '#') {
                return i;
            }
        }
        return -1;
    }

    /** Template text up to a tag, less what the tag's sign or the rule for blocks takes away. */
    private void data(int tag, char sign, boolean variable) {
        int end = tag;
        if (sign == '-') {
            end = Space.trimEnd(source, at, tag);
        } else if (sign != '+' && !variable) {
            int line = source.lastIndexOf('\n', tag - 1) + 1;
            boolean begins = line > at || lineStarting;
            int from = Math.max(line, at);
            if (begins && from < tag && Space.trimEnd(source, from, tag) == from) {
                end = from;
            }
        }
        if (end > at) {
            add(Token.Kind.DATA, at, source.substring(at, end));
        }
    }

    /** The place after that word and the space around it, or -1. */
    private int afterWord(String word) {
        int from = Space.skip(source, at, source.length());
        return source.startsWith(word, from) ? Space.skip(source, from + word.length(), source.length()) : -1;
    }

    private boolean closesRaw(int end) {
        return source.startsWith("%}", end) || source.startsWith("-%}", end);
    }

    private void raw(int tag) {
        int begin = afterWord("raw");
        boolean strip = source.charAt(begin) == '-';
        at = begin + (strip ? 3 : 2);
        at = strip ? Space.skip(source, at, source.length()) : at;
        lineStarting = source.charAt(at - 1) == '\n';
        for (int end = source.indexOf("{%", at); end >= 0; end = source.indexOf("{%", end + 1)) {
            int from = at;
            char sign = end + 2 < source.length() ? source.charAt(end + 2) : 0;
            boolean signed = sign == '-' || sign == '+';
            at = end + (signed ? 3 : 2);
            int close = afterWord("endraw");
            at = from;
            if (close >= 0 && blockEnd(close) > 0) {
                data(end, signed ? sign : 0, false);
                at = blockEnd(close);
                lineStarting = source.charAt(at - 1) == '\n';
                return;
            }
        }
        if (at < source.length()) { // as Jinja2, which misses no end where nothing follows
            throw error(tag, "a raw block without its end", "{% endraw %}");
        }
    }

    private void comment(int tag) {
        int end = source.indexOf("#}", at);
        if (end < 0 && at == source.length()) {
            return; // as Jinja2, which misses no end where nothing follows
        }
        if (end < 0) {
            throw error(tag, "a comment without its end", "#}");
        }
        char sign = end > at ? source.charAt(end - 1) : 0;
        at = end + 2;
        if (sign == '-') {
            at = Space.skip(source, at, source.length());
        } else if (sign != '+' && source.startsWith("\n", at)) {
            at++;
        }
        lineStarting = source.charAt(at - 1) == '\n';
    }

    /** The place after the end of a block that stands here, with the space that goes with it; else 0. */
    private int blockEnd(int from) {
        if (source.startsWith("+%}", from)) {
            return from + 3;
        }
        if (source.startsWith("-%}", from)) {
            return Space.skip(source, from + 3, source.length());
        }
        if (source.startsWith("%}", from)) {
            return source.startsWith("\n", from + 2) ? from + 3 : from + 2;
        }
        return 0;
    }

    private int variableEnd(int from) {
        if (source.startsWith("-}}", from)) {
            return Space.skip(source, from + 3, source.length());
        }
        return source.startsWith("}}", from) ? from + 2 : 0;
    }

    /** What stands between {@code {{ }}} or {@code {% %}}, and the end itself. */
    private void code(Token.Kind endKind) {
        Deque<Character> open = new ArrayDeque<>();
        while (true) {
            at = Space.skip(source, at, source.length());
            if (at == source.length()) {
                return; // the parser misses the end
            }
            if (open.isEmpty()) {
                int end = endKind == Token.Kind.BLOCK_END ? blockEnd(at) : variableEnd(at);
                if (end > 0) {
                    add(endKind, at, "");
                    lineStarting = source.charAt(end - 1) == '\n';
                    at = end;
                    return;
                }
            }
            char c = source.charAt(at);
            if (c >= '0' && c <= '9') {
                number();
            } else if (isNamePart(source.codePointAt(at))) {
                name();
            } else if (c == '\'' || c == '"') {
                string(c);
            } else {
                operator(open);
            }
        }
    }

    private void operator(Deque<Character> open) {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                switch (operator) {
                    case "(" -> open.push(')');
                    case "[" -> open.push(']');
                    case "{" -> open.push('}');
                    case ")", "]", "}" -> {
                        Character expected = open.poll();
                        if (expected == null || expected != operator.charAt(0)) {
                            throw error(at, "'" + operator + "'", expected == null ? "no closing bracket" : "'" + expected + "'");
                        }
                    }
                    default -> {}
                }
                add(Token.Kind.OPERATOR, at, operator);
                at += operator.length();
                return;
            }
        }
        throw error(at, "the character '" + Character.toString(source.codePointAt(at)) + "'", "a name, a value or an operator");
    }

    private static boolean isNamePart(int c) {
        return Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c);
    }

    /** {@code str.isidentifier}. */
    static boolean isIdentifier(String name) {
        if (name.isEmpty()) {
            return false;
        }
        int first = name.codePointAt(0);
        return (first == '_' || Character.isUnicodeIdentifierStart(first))
                && name.codePoints().allMatch(Lexer::isNamePart);
    }

    private void name() {
        int from = at;
        while (at < source.length() && isNamePart(source.codePointAt(at))) {
            at += Character.charCount(source.codePointAt(at));
        }
        String name = source.substring(from, at);
        if (!isIdentifier(name)) {
            throw error(from, "the name '" + name + "'", "a letter or '_', then letters, digits and '_'");
        }
        add(Token.Kind.NAME, from, name);
    }

    private void number() {
        int from = at;
        int end = digits(from, 10);
        boolean afterDot = from > 0 && source.charAt(from - 1) == '.';
        int fraction = !afterDot && end < source.length() && source.charAt(end) == '.' ? digits(end + 1, 10) : end;
        int mantissa = fraction > end + 1 ? fraction : end;
        int exponent = afterDot ? mantissa : exponent(mantissa);
        if (exponent > end) {
            at = exponent;
            add(Token.Kind.FLOAT, from, source.substring(from, at).replace("_", ""));
            return;
        }
        int radixEnd = radixNumber(from);
        at = radixEnd > 0 ? radixEnd : source.charAt(from) == '0' ? zeros(from) : end;
        add(Token.Kind.INTEGER, from, source.substring(from, at).replace("_", ""));
    }

    /** The end of digits with single underscores between; {@code from} when there are none. */
    private int digits(int from, int radix) {
        int i = from;
        while (i < source.length()
                && (isDigit(source.charAt(i), radix)
                        || (source.charAt(i) == '_' && i > from && i + 1 < source.length() && isDigit(source.charAt(i + 1), radix)))) {
            i++;
        }
        return i;
    }

    private static boolean isDigit(char c, int radix) {
        return c < 0x80 && Character.digit(c, radix) >= 0;
    }

    /** The end of an exponent that begins here, else the same place. */
    private int exponent(int from) {
        if (from < source.length() && (source.charAt(from) == 'e' || source.charAt(from) == 'E')) {
            int sign = from + 1 < source.length() && "+-".indexOf(source.charAt(from + 1)) >= 0 ? 1 : 0;
            int end = digits(from + 1 + sign, 10);
            return end > from + 1 + sign ? end : from;
        }
        return from;
    }

    private int radixNumber(int from) {
        if (source.charAt(from) != '0' || from + 1 >= source.length()) {
            return 0;
        }
        int radix = switch (source.charAt(from + 1)) {
            case 'b', 'B' -> 2;
            case 'o', 'O' -> 8;
            case 'x', 'X' -> 16;
            default -> 0;
        };
        if (radix == 0) {
            return 0;
        }
        int start = source.startsWith("_", from + 2) ? from + 3 : from + 2;
        int end = digits(start, radix);
        return end > start ? end : 0;
    }

    private int zeros(int from) {
        int i = from;
        while (i < source.length() && (source.charAt(i) == '0' || (source.charAt(i) == '_' && source.startsWith("0", i + 1)))) {
            i++;
        }
        return i;
    }

    private void string(char quote) {
        int from = at;
        int end = from + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw error(from, "a string without its end", "the closing " + quote);
        }
        add(Token.Kind.STRING, from, Escapes.read(source.substring(from + 1, end), from + 1));
        at = end + 1;
    }
}
