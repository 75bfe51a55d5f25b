package io.github.jalign.text.jinja;

/** Substring search whose work stays proportional to the text, whatever the two strings are. */
final class Search {
    /** Up to this length of the part the naive search of the JDK is at most that many times the text's length. */
    private static final int SHORT = 32;

    private Search() {}

    /** {@link String#indexOf(String, int)}. */
    static int indexOf(Run run, String text, String part, int from) {
        int at = part.length() <= SHORT ? text.indexOf(part, from) : knuthMorrisPratt(text, part, from);
        int end = at < 0 ? text.length() : at + part.length();
        run.budget.charge(1 + (Math.max(0, end - from) + part.length() >> 3));
        return at;
    }

    /** {@link String#lastIndexOf(String, int)}. */
    static int lastIndexOf(Run run, String text, String part, int from) {
        if (part.length() <= SHORT) {
            int at = text.lastIndexOf(part, from);
            run.budget.charge(1 + (Math.max(0, from - at) >> 3));
            return at;
        }
        run.budget.charge(1 + (Math.max(0, from) + part.length() >> 3));
        int to = Math.min(text.length(), from + part.length());
        String reversed = reverse(text.substring(0, Math.max(0, to)));
        int at = knuthMorrisPratt(reversed, reverse(part), 0);
        return at < 0 ? -1 : reversed.length() - at - part.length();
    }

    /** Unit by unit: {@link StringBuilder#reverse} keeps surrogate pairs together. */
    private static String reverse(String s) {
        char[] units = new char[s.length()];
        for (int i = 0; i < units.length; i++) {
            units[i] = s.charAt(units.length - 1 - i);
        }
        return new String(units);
    }

    private static int knuthMorrisPratt(String text, String part, int from) {
        int[] border = new int[part.length()]; // of each prefix: the longest proper prefix that ends it too
        for (int i = 1, k = 0; i < part.length(); i++) {
            while (k > 0 && part.charAt(i) != part.charAt(k)) {
                k = border[k - 1];
            }
            k += part.charAt(i) == part.charAt(k) ? 1 : 0;
            border[i] = k;
        }
        for (int i = from, k = 0; i < text.length(); i++) {
            while (k > 0 && text.charAt(i) != part.charAt(k)) {
                k = border[k - 1];
            }
            k += text.charAt(i) == part.charAt(k) ? 1 : 0;
            if (k == part.length()) {
                return i - k + 1;
            }
        }
        return -1;
    }
}
