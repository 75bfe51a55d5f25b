package io.github.jalign.text;

import java.util.ArrayList;
import java.util.List;

/**
 * What a chat template wrote, and where each character came from.
 *
 * @param text the whole conversation
 * @param generation what stood between {@code {% generation %}} and {@code {% endgeneration %}}, in the order written
 * @param data the characters that came out of values (message content, roles, tools) and not out of the template or
 *     the tokenizer's special tokens; ascending, not touching one another
 */
public record Rendered(String text, List<Span> generation, List<Span> data) {
    public Rendered {
        generation = List.copyOf(generation);
        data = List.copyOf(data);
    }

    /** A text of which every character is data. */
    public static Rendered ofData(String text) {
        return new Rendered(text, List.of(), text.isEmpty() ? List.of() : List.of(new Span(0, text.length())));
    }

    /** The first {@code length} characters; spans are cut, those beyond are dropped. */
    public Rendered prefix(int length) {
        return new Rendered(text.substring(0, length), cut(generation, length), cut(data, length));
    }

    private static List<Span> cut(List<Span> spans, int length) {
        List<Span> kept = new ArrayList<>();
        for (Span span : spans) {
            if (span.from() < length) {
                kept.add(new Span(span.from(), Math.min(span.to(), length)));
            }
        }
        return kept;
    }
}
