package io.github.jalign.text.jinja;

/** What Python's {@code str.isspace}, {@code strip} and {@code splitlines} hold for space and line ends. */
public final class Space {
    private Space() {}

    /** Whether Python holds the character for space; all of them are single UTF-16 units. */
    public static boolean is(int c) {
        return switch (c) {
            case '\t', '\n', 0x0b, '\f', '\r', ' ', 0x1c, 0x1d, 0x1e, 0x1f, 0x85, 0xa0, 0x1680 -> true;
            case 0x2028, 0x2029, 0x202f, 0x205f, 0x3000 -> true;
            default -> c >= 0x2000 && c <= 0x200a;
        };
    }

    /** Whether {@code str.splitlines} ends a line there. */
    static boolean isLineEnd(int c) {
        return switch (c) {
            case '\n', '\r', 0x0b, '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029 -> true;
            default -> false;
        };
    }

    /** The first place from {@code from} on that is no space, at most {@code to}. */
    public static int skip(String text, int from, int to) {
        int i = from;
        while (i < to && is(text.charAt(i))) {
            i++;
        }
        return i;
    }

    /** The end of the text before {@code to} without the space at its end, at least {@code from}. */
    public static int trimEnd(String text, int from, int to) {
        int i = to;
        while (i > from && is(text.charAt(i - 1))) {
            i--;
        }
        return i;
    }
}
