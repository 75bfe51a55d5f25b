package io.github.jalign.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lines of a label and what it is about, as the banner of a run has them, at most 80 columns where the words allow. */
final class Report {
    private static final int LABEL = 13;
    private static final int WIDTH = 80;

    private final List<String> lines = new ArrayList<>();

    /** Text behind a label; words that do not fit go on below it. */
    void add(String label, String text) {
        String name = label;
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (!line.isEmpty() && LABEL + line.length() + 1 + word.length() > WIDTH) {
                put(name, line.toString());
                name = "";
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        put(name, line.toString());
    }

    /** A line behind a label as it is. */
    void put(String label, String text) {
        lines.add((label + " ".repeat(Math.max(1, LABEL - label.length())) + text).stripTrailing());
    }

    /** Lines behind a label, as they are. */
    void addEach(String label, List<String> texts) {
        String name = label;
        for (String text : texts) {
            put(name, text);
            name = "";
        }
    }

    void blank() {
        lines.add("");
    }

    void addAll(List<String> more) {
        lines.addAll(more);
    }

    List<String> lines() {
        return lines;
    }

    static String number(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    /** A number of things. */
    static String count(long n, String thing) {
        return number(n) + " " + thing + (n == 1 ? "" : "s");
    }

    /** The shortest digits that read back to the same number, as a recipe writes it: 5e-7, 0.1, 1. */
    static String number(double x) {
        return Double.toString(x).replace(".0E", "e").replace('E', 'e').replaceFirst("\\.0$", "");
    }
}
