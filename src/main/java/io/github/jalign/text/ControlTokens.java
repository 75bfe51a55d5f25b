package io.github.jalign.text;

import io.github.jalign.text.TokenizerFile.AddedToken;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds control tokens in rendered conversations and says who wrote them, the template or the data.
 *
 * <p>The template wrote a control token when all of its characters are the template's (or a special token's variable),
 * or all but letters and digits in its middle: {@code '<|' + message.role + '|>'} is how some templates spell theirs.
 */
final class ControlTokens {
    /** A control token in a text: characters {@code [from, to)}. */
    record Occurrence(int from, int to, AddedToken token) {}

    /**
     * Every control token that the template wrote, leftmost and longest first, not overlapping.
     *
     * @param dataHasSome whether a control token's characters occur elsewhere
     */
    record Found(List<Occurrence> template, boolean dataHasSome) {}

    private final List<AddedToken> tokens;
    private final Map<Character, List<AddedToken>> byFirst = new HashMap<>();

    /**
     * @param listed the special tokens of the tokenizer's configuration (bos_token and so on): control tokens even where
     *     tokenizer.json does not mark them
     */
    ControlTokens(List<AddedToken> added, Set<String> listed) {
        Set<String> seen = new HashSet<>();
        List<AddedToken> control = new ArrayList<>();
        for (AddedToken token : added) {
            boolean isControl = token.special() || listed.contains(token.content());
            if (isControl && !token.content().isEmpty() && seen.add(token.content())) {
                control.add(token);
            }
        }
        control.sort(Comparator.comparingInt(token -> -token.content().length()));
        tokens = List.copyOf(control);
        for (AddedToken token : tokens) {
            byFirst.computeIfAbsent(token.content().charAt(0), c -> new ArrayList<>()).add(token);
        }
    }

    List<AddedToken> tokens() {
        return tokens;
    }

    Found find(Rendered rendered) {
        List<Occurrence> template = new ArrayList<>();
        boolean dataHasSome = false;
        String text = rendered.text();
        DataCursor data = new DataCursor(rendered);
        for (int i = 0; i < text.length(); i++) {
            List<AddedToken> candidates = byFirst.get(text.charAt(i));
            if (candidates == null) {
                continue;
            }
            Occurrence written = null;
            for (AddedToken token : candidates) {
                int to = i + token.content().length();
                if (text.startsWith(token.content(), i)) {
                    if (data.templateWrote(i, to)) {
                        written = new Occurrence(i, to, token);
                        break;
                    }
                    dataHasSome = true;
                }
            }
            if (written != null) {
                template.add(written);
                i = written.to() - 1;
            }
        }
        return new Found(List.copyOf(template), dataHasSome);
    }

    /** Walks the data spans of a text alongside ascending questions. */
    private static final class DataCursor {
        private final String text;
        private final List<Span> spans;
        private int next;

        DataCursor(Rendered rendered) {
            text = rendered.text();
            spans = rendered.data();
        }

        boolean templateWrote(int from, int to) {
            while (next < spans.size() && spans.get(next).to() <= from) {
                next++;
            }
            for (int s = next; s < spans.size() && spans.get(s).from() < to; s++) {
                Span span = spans.get(s);
                if (span.from() <= from || span.to() >= to) {
                    return false;
                }
                for (int i = span.from(); i < span.to(); i++) {
                    char c = text.charAt(i);
                    if (!Character.isLetterOrDigit(c) && c != '_' && c != '-') {
                        return false;
                    }
                }
            }
            return true;
        }
    }
}
