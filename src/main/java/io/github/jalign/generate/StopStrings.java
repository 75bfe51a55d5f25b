package io.github.jalign.generate;

import java.util.List;

/**
 * Ends a text where one of several strings is complete. Text that comes in parts is given out as soon as it cannot be
 * the beginning of one of them; the strings themselves are never given out. However the text is cut into parts, the
 * result is the same: the string that is complete first ends it, of two that end together the longer. For one text.
 */
final class StopStrings {
    private final List<String> strings;
    /** What may be the beginning of one of them. */
    private final StringBuilder held = new StringBuilder();

    private boolean met;

    /** @param strings none of them empty */
    StopStrings(List<String> strings) {
        if (strings.contains("")) {
            throw new IllegalArgumentException("an empty stop string ends every text before it begins");
        }
        this.strings = List.copyOf(strings);
    }

    /** What may be given out now that this part has come. */
    String next(String part) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < part.length() && !met; i++) {
            held.append(part.charAt(i));
            int complete = longestEnding();
            if (complete > 0) {
                met = true;
                out.append(held, 0, held.length() - complete);
                held.setLength(0);
            } else {
                int free = free();
                out.append(held, 0, free);
                held.delete(0, free);
            }
        }
        return out.toString();
    }

    /** Whether a stop string has come. */
    boolean met() {
        return met;
    }

    /** The rest, when no more text will come. */
    String finish() {
        String rest = held.toString();
        held.setLength(0);
        return rest;
    }

    private int longestEnding() {
        int longest = 0;
        for (String s : strings) {
            if (s.length() > longest && ends(s)) {
                longest = s.length();
            }
        }
        return longest;
    }

    private boolean ends(String s) {
        return s.length() <= held.length() && s.contentEquals(held.subSequence(held.length() - s.length(), held.length()));
    }

    /** Characters at the front of what is held that begin none of the strings. */
    private int free() {
        int free = 0;
        while (free < held.length() && !begins(held.substring(free))) {
            free++;
        }
        return free;
    }

    private boolean begins(String text) {
        return strings.stream().anyMatch(s -> s.startsWith(text));
    }
}
