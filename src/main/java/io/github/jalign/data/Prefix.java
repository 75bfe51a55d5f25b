package io.github.jalign.data;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.data.Example.Text;
import io.github.jalign.json.Json;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Prompts that stand only at the beginning of both completions. */
final class Prefix {
    private Prefix() {}

    /**
     * Splits two texts as TRL's {@code extract_prompt} does (1.16, data_utils.py): where their code points first
     * differ, one earlier when a space stands before. Its corners are part of it: when one text begins with the other,
     * the last shared character goes to the completions; when the first characters differ and chosen ends with a
     * space, the last character of each text is its completion.
     *
     * @throws BadRowException when a text is empty, where TRL fails too
     */
    static Text ofCharacters(String chosen, String rejected) throws BadRowException {
        if (chosen.isEmpty() || rejected.isEmpty()) {
            throw new BadRowException(
                    "texts without a prompt column must begin alike",
                    (chosen.isEmpty() ? "chosen" : "rejected") + " is empty",
                    "two texts with a common beginning, or a prompt column");
        }
        int[] c = chosen.codePoints().toArray();
        int[] r = rejected.codePoints().toArray();
        int last = Math.min(c.length, r.length) - 1;
        int split = 0;
        while (split < last && c[split] == r[split]) {
            split++;
        }
        if (c[split] != r[split] && c[split > 0 ? split - 1 : c.length - 1] == ' ') {
            split--;
        }
        int ofChosen = split < 0 ? c.length - 1 : split;
        int ofRejected = split < 0 ? r.length - 1 : split;
        return new Text(
                new String(c, 0, ofChosen),
                List.of(
                        new String(c, ofChosen, c.length - ofChosen),
                        new String(r, ofRejected, r.length - ofRejected)));
    }

    /**
     * Two whole conversations as a prompt, the messages that they share, and what follows it.
     *
     * @param columns names both in messages
     * @throws BadRowException when they share none
     */
    static Chat chat(
            String columns,
            List<Map<String, @Nullable Object>> chosen,
            List<Map<String, @Nullable Object>> rejected,
            Map<String, @Nullable Object> variables)
            throws BadRowException {
        int split = ofMessages(chosen, rejected);
        if (split == 0) {
            throw new BadRowException(
                    columns + " must begin with the same messages",
                    "they differ from the first one on",
                    "conversations that share their prompt, or a prompt column");
        }
        return new Chat(
                chosen.subList(0, split),
                List.of(chosen.subList(split, chosen.size()), rejected.subList(split, rejected.size())),
                variables);
    }

    /**
     * How many messages two conversations share at their beginnings, at least one left to each. A member that is null
     * counts as absent: a table fills them in.
     */
    static int ofMessages(
            List<Map<String, @Nullable Object>> chosen, List<Map<String, @Nullable Object>> rejected) {
        int last = Math.min(chosen.size(), rejected.size()) - 1;
        int split = 0;
        while (split < last && same(chosen.get(split), rejected.get(split))) {
            split++;
        }
        return split;
    }

    private static boolean same(@Nullable Object a, @Nullable Object b) {
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            Map<String, @Nullable Object> left = Json.asObject(x);
            Map<String, @Nullable Object> right = Json.asObject(y);
            return left.keySet().stream().allMatch(name -> same(left.get(name), right.get(name)))
                    && right.keySet().stream().allMatch(name -> left.containsKey(name) || right.get(name) == null);
        }
        return Objects.equals(a, b);
    }
}
