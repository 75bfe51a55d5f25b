package io.github.jalign.data;

import io.github.jalign.json.Json;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Joins a file of single messages, as the Hub's oasst1 holds them, to the trees that {@link OasstTrees} reads. Messages
 * may stand in any order; a tree takes the place of its prompt.
 */
final class MessageTrees {
    private static final List<String> COLUMNS = List.of("message_id", "parent_id", "message_tree_id", "role", "text");
    private static final List<String> KEPT = List.of("message_id", "parent_id", "role", "text", "rank", "deleted");

    /** A line: its message, or why there is none. Equal to itself only, since replies are hung below its message. */
    private static final class Line {
        final RowId id;
        final Map<String, @Nullable Object> message = new LinkedHashMap<>();
        @Nullable BadRowException problem;

        Line(RowId id) {
            this.id = id;
        }

        @Nullable String parent() {
            return message.get("parent_id") instanceof String parent ? parent : null;
        }
    }

    private final List<Line> lines = new ArrayList<>();
    private final Map<String, Line> byMessage = new LinkedHashMap<>();

    /** Reads the file to its end. */
    MessageTrees(RawRow first, RowFile file) {
        for (RawRow row = first; row != null; row = file.next()) {
            lines.add(line(row));
        }
    }

    static boolean holdsMessage(RawRow row) {
        try {
            Row parsed = row.parse();
            return COLUMNS.stream().allMatch(parsed::has);
        } catch (BadRowException broken) {
            return false; // the reader of the rows reports it
        }
    }

    private Line line(RawRow row) {
        Line line = new Line(row.id());
        try {
            Row parsed = row.parse();
            String id = parsed.text("message_id");
            for (String column : KEPT) {
                line.message.put(column, parsed.get(column));
            }
            if (byMessage.putIfAbsent(id, line) != null) {
                throw new BadRowException("message_id must be unique in its file", id + " again", "one row a message");
            }
        } catch (BadRowException e) {
            line.problem = e;
        }
        return line;
    }

    /** Trees and lines that belong to none, in the order of the file. */
    List<FoundRow> rows() {
        Map<Line, List<Line>> replies = new HashMap<>();
        List<Line> prompts = new ArrayList<>();
        for (Line line : byMessage.values()) {
            String parent = line.parent();
            Line above = parent == null ? null : byMessage.get(parent);
            if (parent == null) {
                prompts.add(line);
            } else if (above != null) {
                replies.computeIfAbsent(above, l -> new ArrayList<>()).add(line);
            }
        }
        Set<Line> placed = new HashSet<>();
        for (Line prompt : prompts) {
            place(prompt, replies, placed);
        }
        List<FoundRow> rows = new ArrayList<>();
        for (Line line : lines) {
            if (line.problem != null) {
                rows.add(new JoinedRow(line.id, new Row(Map.of()), line.problem));
            } else if (line.parent() == null) {
                rows.add(new JoinedRow(line.id, tree(line), null));
            } else if (!placed.contains(line)) {
                rows.add(new JoinedRow(line.id, new Row(Map.of()), lost(line)));
            }
        }
        return rows;
    }

    /** Hangs replies below their messages, without recursion: threads may be long. */
    private static void place(Line prompt, Map<Line, List<Line>> replies, Set<Line> placed) {
        Deque<Line> open = new ArrayDeque<>(List.of(prompt));
        while (!open.isEmpty()) {
            Line line = open.pop();
            placed.add(line);
            List<Line> below = replies.getOrDefault(line, List.of());
            line.message.put("replies", below.stream().map(reply -> reply.message).toList());
            open.addAll(below);
        }
    }

    private static Row tree(Line prompt) {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("message_tree_id", prompt.message.get("message_id"));
        tree.put("prompt", prompt.message);
        return new Row(tree);
    }

    private static BadRowException lost(Line line) {
        return new BadRowException(
                "a reply must follow, message by message, from a prompt in the same file",
                "parent_id " + Json.write(line.parent()),
                "the whole tree in one file, in any order");
    }
}
