package io.github.jalign.text.jinja;

/**
 * A piece of a template.
 *
 * @param at its offset in the source
 * @param text template data as it will be printed, a name, an operator's sign, a string's value, or a number's digits
 */
record Token(Kind kind, int at, String text) {
    enum Kind {
        DATA,
        VARIABLE_BEGIN,
        VARIABLE_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean isName(String name) {
        return kind == Kind.NAME && text.equals(name);
    }

    boolean isOperator(String sign) {
        return kind == Kind.OPERATOR && text.equals(sign);
    }

    /** For messages. */
    String shown() {
        return switch (kind) {
            case DATA -> "text";
            case VARIABLE_BEGIN -> "{{";
            case VARIABLE_END -> "}}";
            case BLOCK_BEGIN -> "{%";
            case BLOCK_END -> "%}";
            case NAME, INTEGER, FLOAT, OPERATOR -> text;
            case STRING -> "a string";
            case END -> "the end of the template";
        };
    }
}
