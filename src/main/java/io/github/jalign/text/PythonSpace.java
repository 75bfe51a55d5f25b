package io.github.jalign.text;

/** Stub. */
final class PythonSpace {
    private PythonSpace() {}

    static String strip(String text) {
        return text.strip();
    }

    static int endWithout(String text, int end) {
        return text.substring(0, end).stripTrailing().length();
    }
}
