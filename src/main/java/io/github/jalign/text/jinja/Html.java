package io.github.jalign.text.jinja;

/** Text for HTML and back, as markupsafe has it. */
final class Html {
    private Html() {}

    /** markupsafe's striptags: comments and tags go, entities of HTML's own signs are read, space becomes one space. */
    static Text stripTags(Run run, Text text) {
        StringBuilder out = new StringBuilder();
        String s = text.string();
        run.budget.text(s.length());
        int from = 0;
        while (from < s.length()) {
            int open = s.indexOf('<', from);
            boolean comment = open >= 0 && s.startsWith("<!--", open);
            int close = open < 0 ? -1 : s.indexOf(comment ? "-->" : ">", open);
            if (close < 0) {
                break;
            }
            out.append(s, from, open);
            from = close + (comment ? 3 : 1);
        }
        out.append(s, from, s.length());
        String words = String.join(
                " ",
                StringMethods.words(Text.literal(out.toString())).stream().map(Value::toString).toList());
        return text.derived(words.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&#34;", "\"")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&"));
    }

    /** {@code & < > ' "} for HTML; Markup is that already. */
    static Text escape(Run run, Text text) {
        if (text.isMarkup()) {
            return text;
        }
        String s = text.string();
        run.budget.text(s.length());
        Text.Builder out = new Text.Builder();
        int plain = 0;
        for (int i = 0; i < s.length(); i++) {
            String escaped = switch (s.charAt(i)) {
                case '&' -> "&amp;";
                case '<' -> "&lt;";
                case '>' -> "&gt;";
                case '\'' -> "&#39;";
                case '"' -> "&#34;";
                default -> null;
            };
            if (escaped != null) {
                out.append(text, plain, i).data(escaped);
                plain = i + 1;
            }
        }
        return out.append(text, plain, s.length()).build().asMarkup();
    }

    /** {@code  name="value"} of a dict's entries that are neither None nor undefined. */
    static Value attributes(Run run, Value value, boolean leadingSpace) {
        if (!(value instanceof Dict dict)) {
            throw Refusal.operation("xmlattr of '" + Python.type(value) + "'", "a dict");
        }
        Text.Builder out = new Text.Builder();
        for (Dict.Entry entry : dict.entries()) {
            if (entry.value() instanceof Value.None || entry.value() instanceof Value.Undefined) {
                continue;
            }
            Text key = Python.text(entry.key());
            if (key.string().chars().anyMatch(c -> " \t\n\r\f\u000b/>=".indexOf(c) >= 0)) {
                throw Refusal.operation("the attribute name '" + key + "'", "a name without space, '/', '>' and '='");
            }
            boolean space = out.length() > 0 || leadingSpace;
            out.literal(space ? " " : "").append(escape(run, key)).literal("=\"");
            out.append(escape(run, Printing.str(run, entry.value()))).literal("\"");
            run.budget.text(16);
            run.budget.requireLength(out.length());
        }
        return out.build();
    }
}
