package io.github.jalign.cli;

import java.util.ArrayList;
import java.util.List;

/** Two texts side by side on a terminal, wrapped at spaces where there are any. */
final class Columns {
    private static final String GAP = "  ";
    private static final String TAB = "    ";

    private Columns() {}

    /**
     * @param indent spaces before each line
     * @param width cells of each column, at least 2
     */
    static List<String> of(String left, String right, int indent, int width) {
        List<String> lefts = wrapped(left, width);
        List<String> rights = wrapped(right, width);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < Math.max(lefts.size(), rights.size()); i++) {
            String l = i < lefts.size() ? lefts.get(i) : "";
            String r = i < rights.size() ? rights.get(i) : "";
            lines.add((" ".repeat(indent) + l + " ".repeat(width - cells(l)) + GAP + r).stripTrailing());
        }
        return lines;
    }

    /** The lines of a text, none wider than {@code width} cells; at least one. */
    static List<String> wrapped(String text, int width) {
        List<String> lines = new ArrayList<>();
        for (String line : text.replace("\t", TAB).split("\r?\n", -1)) {
            StringBuilder current = new StringBuilder();
            for (String word : line.split("(?<= )(?! )", -1)) { // words keep the spaces behind them
                if (!current.isEmpty() && cells(current) + cells(word.stripTrailing()) > width) {
                    lines.add(current.toString().stripTrailing());
                    current.setLength(0);
                }
                current.append(word);
                while (cells(current.toString().stripTrailing()) > width) {
                    int fits = fitting(current, width);
                    lines.add(current.substring(0, fits));
                    current.delete(0, fits);
                }
            }
            lines.add(current.toString().stripTrailing());
        }
        return lines.stream().map(Columns::shown).toList();
    }

    private static int fitting(CharSequence text, int width) {
        int cells = 0;
        int at = 0;
        while (at < text.length()) {
            int c = Character.codePointAt(text, at);
            cells += cells(c);
            if (cells > width) {
                break;
            }
            at += Character.charCount(c);
        }
        return at;
    }

    /** Control characters, which could command the terminal, show as the replacement character. */
    private static String shown(String line) {
        return line.codePoints()
                .map(c -> Character.isISOControl(c) ? 0xFFFD : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static int cells(CharSequence text) {
        return text.codePoints().map(Columns::cells).sum();
    }

    /** Cells of a character: 2 for what East Asian scripts and emoji take, 0 for marks on the character before. */
    private static int cells(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
            default ->
                switch (Character.UnicodeScript.of(c)) {
                    case HAN, HIRAGANA, KATAKANA, HANGUL, BOPOMOFO -> 2;
                    default ->
                        Character.isEmojiPresentation(c) || c >= 0x3000 && c <= 0x303E || c >= 0xFF01 && c <= 0xFF60
                                ? 2
                                : 1;
                };
        };
    }
}
