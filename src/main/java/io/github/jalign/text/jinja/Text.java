package io.github.jalign.text.jinja;

import java.util.Arrays;

/**
 * A string that knows which of its characters came out of the values given to the template, and which stretches of it
 * were written between {@code {% generation %}} and {@code {% endgeneration %}}. Offsets are UTF-16 units; Python's
 * code-point indices go through {@link #length} and {@link #offset}.
 */
final class Text implements Value {
    private static final int[] NOWHERE = {};
    static final Text EMPTY = new Text("", NOWHERE, NOWHERE, false);

    private final String string;
    /** From, to, from, to, …: ascending, apart, not empty. */
    private final int[] data;
    /** From, to, from, to, … as they were written. */
    private final int[] generation;
    /** Markupsafe's Markup: holds HTML already, and escapes the strings it is joined with. */
    private final boolean markup;
    /** Code points; counted when first asked for. */
    private int length = -1;

    private Text(String string, int[] data, int[] generation, boolean markup) {
        this.string = string;
        this.data = data;
        this.generation = generation;
        this.markup = markup;
    }

    /** Characters of the template or of the engine. */
    static Text literal(String string) {
        return string.isEmpty() ? EMPTY : new Text(string, NOWHERE, NOWHERE, false);
    }

    /** Characters of a value. */
    static Text data(String string) {
        return string.isEmpty() ? EMPTY : new Text(string, new int[] {0, string.length()}, NOWHERE, false);
    }

    /** Characters computed from this text in a way that does not keep places, such as other letter case. */
    Text derived(String other) {
        return like(data.length == 0 ? literal(other) : data(other));
    }

    boolean isMarkup() {
        return markup;
    }

    /** The same characters as Markup. */
    Text asMarkup() {
        return markup ? this : new Text(string, data, generation, true);
    }

    /** The same characters as a plain string. */
    Text plain() {
        return markup ? new Text(string, data, generation, false) : this;
    }

    /** The other as Markup where this is Markup. */
    Text like(Text other) {
        return markup ? other.asMarkup() : other;
    }

    String string() {
        return string;
    }

    int[] dataRanges() {
        return data.clone();
    }

    int[] generationRanges() {
        return generation.clone();
    }

    boolean isEmpty() {
        return string.isEmpty();
    }

    /** Code points. */
    int length() {
        if (length < 0) {
            length = string.codePointCount(0, string.length());
        }
        return length;
    }

    /** The offset of a code point; at most {@link #offsetWork} of work. */
    int offset(int codePoints) {
        return length() == string.length() ? codePoints : string.offsetByCodePoints(0, codePoints);
    }

    /** In steps; none where every code point is one unit. */
    int offsetWork() {
        return length() == string.length() ? 0 : string.length() >> 3;
    }

    /** Characters {@code [from, to)}; none when the range is empty or reversed. */
    Text slice(int from, int to) {
        if (from >= to) {
            return like(EMPTY);
        }
        return from == 0 && to == string.length() ? this : like(new Builder().append(this, from, to).build());
    }

    /** The characters of both, as a plain string. */
    Text plus(Text other) {
        if (isEmpty()) {
            return other.plain();
        }
        return other.isEmpty() ? plain() : new Builder().append(this).append(other).build();
    }

    @Override
    public String toString() {
        return string;
    }

    /** Joins texts. */
    static final class Builder {
        private final StringBuilder string = new StringBuilder();
        private int[] data = NOWHERE;
        private int dataUsed;
        private int[] generation = NOWHERE;
        private int generationUsed;

        int length() {
            return string.length();
        }

        Builder append(Text text) {
            return append(text, 0, text.string.length());
        }

        Builder append(Text text, int from, int to) {
            int shift = string.length() - from;
            string.append(text.string, from, to);
            for (int i = 0; i < text.data.length; i += 2) {
                mark(Math.max(from, text.data[i]) + shift, Math.min(to, text.data[i + 1]) + shift);
            }
            for (int i = 0; i < text.generation.length; i += 2) {
                int start = Math.max(from, text.generation[i]);
                int end = Math.min(to, text.generation[i + 1]);
                if (start <= end) {
                    markGeneration(start + shift, end + shift);
                }
            }
            return this;
        }

        Builder literal(String characters) {
            string.append(characters);
            return this;
        }

        Builder data(String characters) {
            int from = string.length();
            string.append(characters);
            mark(from, string.length());
            return this;
        }

        private void mark(int from, int to) {
            if (from >= to) {
                return;
            }
            if (dataUsed > 0 && data[dataUsed - 1] == from) {
                data[dataUsed - 1] = to;
                return;
            }
            data = grown(data, dataUsed);
            data[dataUsed++] = from;
            data[dataUsed++] = to;
        }

        void markGeneration(int from, int to) {
            generation = grown(generation, generationUsed);
            generation[generationUsed++] = from;
            generation[generationUsed++] = to;
        }

        private static int[] grown(int[] ranges, int used) {
            return used < ranges.length ? ranges : Arrays.copyOf(ranges, Math.max(4, 2 * used));
        }

        Text build() {
            return new Text(string.toString(), trimmed(data, dataUsed), trimmed(generation, generationUsed), false);
        }

        private static int[] trimmed(int[] ranges, int used) {
            return used == 0 ? NOWHERE : Arrays.copyOf(ranges, used);
        }
    }
}
