package io.github.jalign.text.jinja;

/** Backslashes in a template's string, as Python's {@code unicode-escape} reads them. */
final class Escapes {
    private Escapes() {}

    /** @param at where the string stands in the source, for errors */
    static String read(String s, int at) {
        if (s.indexOf('\\') < 0) {
            return s;
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            c = s.charAt(++i); // the lexer lets no string end in a backslash
            switch (c) {
                case '\n' -> {}
                case '\\', '\'', '"' -> out.append(c);
                case 'a' -> out.append('\u0007');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'v' -> out.append('\u000b');
                case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                    int end = i;
                    while (end < s.length() && end < i + 3 && s.charAt(end) >= '0' && s.charAt(end) <= '7') {
                        end++;
                    }
                    out.appendCodePoint(Integer.parseInt(s.substring(i, end), 8));
                    i = end - 1;
                }
                case 'x' -> i = hex(s, i, 2, at, out);
                case 'u' -> i = hex(s, i, 4, at, out);
                case 'U' -> i = hex(s, i, 8, at, out);
                case 'N' -> i = named(s, i, at, out);
                default -> {
                    // Jinja2 escapes what is not ASCII before it unescapes, so this backslash escapes that backslash.
                    int point = s.codePointAt(i);
                    out.append('\\');
                    if (point < 0x80) {
                        out.append(c);
                    } else {
                        out.append(point < 0x100 ? "x%02x".formatted(point)
                                : point < 0x10000 ? "u%04x".formatted(point) : "U%08x".formatted(point));
                        i += Character.charCount(point) - 1;
                    }
                }
            }
        }
        return out.toString();
    }

    /** Returns the place of the last digit. */
    private static int hex(String s, int letter, int digits, int at, StringBuilder out) {
        int end = letter + 1 + digits;
        if (end <= s.length()) {
            String number = s.substring(letter + 1, end);
            if (number.chars().allMatch(d -> d < 0x80 && Character.digit(d, 16) >= 0)) {
                long point = Long.parseLong(number, 16);
                if (point <= Character.MAX_CODE_POINT) {
                    out.appendCodePoint((int) point);
                    return end - 1;
                }
            }
        }
        throw new Positioned(
                at + letter,
                Refusal.syntax("the escape \\" + s.substring(letter, Math.min(end, s.length())), digits + " hexadecimal digits of a code point"));
    }

    private static int named(String s, int letter, int at, StringBuilder out) {
        int close = s.startsWith("{", letter + 1) ? s.indexOf('}', letter) : -1;
        String name = close < 0 ? "" : s.substring(letter + 2, close);
        try {
            out.appendCodePoint(Character.codePointOf(name));
            return close;
        } catch (IllegalArgumentException unknown) {
            throw new Positioned(
                    at + letter, Refusal.syntax("the escape \\N{" + name + "}", "\\N{…} with a character's Unicode name"));
        }
    }
}
