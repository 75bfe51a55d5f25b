package io.github.jalign.text.jinja;

import java.util.Locale;

/** Letter case and classes of characters as Python's {@code str} has them. */
final class Letters {
    private Letters() {}

    static boolean isAlphanumeric(int c) {
        return Character.isLetter(c) || isNumeric(c);
    }

    static boolean isDigit(int c) {
        return Character.isDigit(c) || "¹²³".indexOf(c) >= 0 || (c >= 0x2070 && c <= 0x2089 && c != 0x2071);
    }

    static boolean isNumeric(int c) {
        int type = Character.getType(c);
        return isDigit(c) || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
    }

    private static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    static String capitalized(String s) {
        if (s.isEmpty()) {
            return s;
        }
        int end = s.offsetByCodePoints(0, 1);
        return titleCase(s.codePointAt(0)) + s.substring(end).toLowerCase(Locale.ROOT);
    }

    /** The title form; where there is none of one letter (ß), the upper form of the first and the lower of the rest. */
    private static String titleCase(int c) {
        int title = Character.toTitleCase(c);
        String upper = Character.toString(c).toUpperCase(Locale.ROOT);
        if (title != c || upper.codePointCount(0, upper.length()) == 1) {
            return Character.toString(title);
        }
        return upper.charAt(0) + upper.substring(1).toLowerCase(Locale.ROOT);
    }

    /** {@code str.title}: upper after anything without case. */
    static String titled(String s) {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int i = 0; i < s.length(); i += Character.charCount(s.codePointAt(i))) {
            int c = s.codePointAt(i);
            out.append(inWord ? Character.toString(c).toLowerCase(Locale.ROOT) : titleCase(c));
            inWord = isCased(c);
        }
        return out.toString();
    }

    static String swapped(String s) {
        StringBuilder out = new StringBuilder();
        s.codePoints().forEach(c -> {
            String one = Character.toString(c);
            out.append(
                    Character.isUpperCase(c) ? one.toLowerCase(Locale.ROOT)
                            : Character.isLowerCase(c) ? one.toUpperCase(Locale.ROOT) : one);
        });
        return out.toString();
    }

    static boolean isLower(String s) {
        return s.codePoints().anyMatch(Character::isLowerCase)
                && s.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
    }

    static boolean isUpper(String s) {
        return s.codePoints().anyMatch(Character::isUpperCase)
                && s.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
    }

    static boolean isTitled(String s) {
        boolean inWord = false;
        boolean some = false;
        for (int i = 0; i < s.length(); i += Character.charCount(s.codePointAt(i))) {
            int c = s.codePointAt(i);
            boolean upper = Character.isUpperCase(c) || Character.isTitleCase(c);
            if (upper ? inWord : Character.isLowerCase(c) && !inWord) {
                return false;
            }
            inWord = isCased(c);
            some |= inWord;
        }
        return some;
    }
}
