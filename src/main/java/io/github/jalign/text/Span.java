package io.github.jalign.text;

/**
 * Characters {@code [from, to)} of a text, counted in UTF-16 units as {@link String#charAt} counts them.
 *
 * @param from the first character
 * @param to one past the last character, not before {@code from}
 */
public record Span(int from, int to) {
    public Span {
        if (from < 0 || to < from) {
            throw new IllegalArgumentException("no span: [" + from + ", " + to + ")");
        }
    }

    public int length() {
        return to - from;
    }
}
