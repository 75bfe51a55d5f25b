package io.github.jalign.data;

import static io.github.jalign.data.HumanAssistant.message;

import io.github.jalign.data.Example.Chat;
import io.github.jalign.json.Json;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * OpenAssistant's message trees, one a row: a prompt with {@code replies}, which have replies in turn. Where an
 * assistant's replies to a message have a {@code rank} (0 is the best), those are the answers to the thread so far. A
 * message that was deleted is left out, with what follows it.
 */
record OasstTrees() implements PreferenceSchema {
    /** Deeper than any real thread; a path is copied at every step. */
    private static final int DEEPEST = 1000;

    @Override
    public String name() {
        return "oasst1 message trees";
    }

    @Override
    public List<String> columns() {
        return List.of("message_tree_id", "prompt");
    }

    @Override
    public boolean matches(Row row) {
        return row.has("message_tree_id") && row.get("prompt") instanceof Map;
    }

    /** A message, and the thread that ends with it. */
    private record Place(Map<String, @Nullable Object> node, List<Map<String, @Nullable Object>> thread) {}

    @Override
    public List<Example> ranked(Row row) throws BadRowException {
        List<Example> ranked = new ArrayList<>();
        Deque<Place> open = new ArrayDeque<>();
        open.push(new Place(row.object("prompt"), List.of()));
        while (!open.isEmpty()) {
            Place place = open.pop();
            if (Boolean.TRUE.equals(place.node().get("deleted"))) {
                continue;
            }
            if (place.thread().size() == DEEPEST) {
                throw new BadRowException("a thread must end", "more than " + DEEPEST + " messages", "a shorter one");
            }
            List<Map<String, @Nullable Object>> thread = new ArrayList<>(place.thread());
            thread.add(chatMessage(place.node()));
            List<Map<String, @Nullable Object>> replies = replies(place.node());
            Chat answers = answers(thread, replies);
            if (answers.completions().size() > 1) {
                ranked.add(answers);
            }
            replies.reversed().forEach(reply -> open.push(new Place(reply, thread)));
        }
        return ranked;
    }

    /** The ranked replies, the best first; of several with one rank the first. */
    private static Chat answers(
            List<Map<String, @Nullable Object>> thread, List<Map<String, @Nullable Object>> replies)
            throws BadRowException {
        Map<Double, List<Map<String, @Nullable Object>>> byRank = new TreeMap<>(Comparator.naturalOrder());
        for (Map<String, @Nullable Object> reply : replies) {
            boolean answer = "assistant".equals(reply.get("role")) && !Boolean.TRUE.equals(reply.get("deleted"));
            if (answer && reply.get("rank") instanceof Number rank) {
                byRank.putIfAbsent(rank.doubleValue(), List.of(chatMessage(reply)));
            }
        }
        return new Chat(thread, List.copyOf(byRank.values()), Map.of());
    }

    private static Map<String, @Nullable Object> chatMessage(Map<String, @Nullable Object> node)
            throws BadRowException {
        Row message = new Row(node);
        String role = message.text("role");
        return switch (role) {
            case "prompter" -> message("user", message.text("text"));
            case "assistant" -> message("assistant", message.text("text"));
            default -> throw new BadRowException("a message's role must be known", role, "prompter or assistant");
        };
    }

    private static List<Map<String, @Nullable Object>> replies(Map<String, @Nullable Object> node)
            throws BadRowException {
        return switch (node.get("replies")) {
            case null -> List.of();
            case List<?> list when list.isEmpty() -> List.of();
            case List<?> list -> new Row(node).objects("replies");
            case Object other ->
                throw new BadRowException("replies must be a list", Json.kind(other), "a list of messages");
        };
    }
}
