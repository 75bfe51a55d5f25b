package io.github.jalign.text.jinja;

/** What a template may not do. Becomes a JalignException where the position in the template is known. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final String CORRECT = "correct the template, or the values given to it";

    final String rule;
    final String found;
    final String expected;
    final String action;

    Refusal(String rule, String found, String expected, String action) {
        super(rule + ": " + found, null, false, false);
        this.rule = rule;
        this.found = found;
        this.expected = expected;
        this.action = action;
    }

    /** Python's TypeError and ValueError. */
    static Refusal operation(String found, String expected) {
        return new Refusal("an operation must suit its values, as in Python", found, expected, CORRECT);
    }

    /** @param message Jinja2's words */
    static Refusal undefined(String message) {
        return new Refusal(
                "an undefined value can be printed, looped over and tested, no more",
                message,
                "a defined value, or a test with 'is defined' before its use",
                CORRECT);
    }

    static Refusal security(String found) {
        return new Refusal(
                "a template may only read and call what templates are given",
                found,
                "items of the values, and the methods of Python's str, list, tuple and dict that change nothing",
                "take the template from a source you trust, or correct it");
    }

    static Refusal limit(String rule, String found, String expected) {
        return new Refusal(rule, found, expected, "take the template from a source you trust, or correct it");
    }

    /** The template's own raise_exception. */
    static Refusal raised(String message) {
        return new Refusal(
                "the template refuses this conversation",
                message,
                "a conversation in the form that the template was written for",
                "correct the conversation");
    }

    static Refusal syntax(String found, String expected) {
        return new Refusal("the template must be valid Jinja", found, expected, "correct the template");
    }
}
