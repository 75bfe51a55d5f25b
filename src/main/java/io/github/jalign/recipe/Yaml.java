package io.github.jalign.recipe;

import io.github.jalign.errors.JalignException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** YAML 1.2 to {@link Value}s that know their line, and back. */
final class Yaml {
    private Yaml() {}

    /** A key of the document's mapping, its value, and the line where it stands, from 1. */
    record Line(int number, String key, Value value) {}

    /** How deep values may nest. */
    private static final int DEEPEST = 50;

    /** How often lists and mappings may be repeated by name: 2 to this power bounds what a few lines grow to. */
    private static final int MOST_ALIASES = 10;

    /**
     * The keys of a document that is one mapping, in order.
     *
     * @param label the file, for messages
     * @throws JalignException of kind USAGE when it is no such document, or holds a key twice
     */
    static List<Line> document(String label, String text) {
        @Nullable Node root = compose(label, text);
        if (root == null) {
            return List.of();
        }
        if (!(root instanceof MappingNode mapping)) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    label + ":" + line(root),
                    "a recipe is a list of keys with values",
                    value(label, root, 0).shown(),
                    "lines of the form key: value",
                    "write one key a line, with a colon and a space after it");
        }
        List<Line> lines = new ArrayList<>();
        fields(label, mapping, 0, lines);
        return lines;
    }

    /** One value as it may stand on the command line, for example {@code [a, b]}. */
    static Value inline(String where, String text) {
        @Nullable Node root = compose(where, text);
        return root == null ? new Value.Scalar("", true) : value(where, root, 0);
    }

    private static @Nullable Node compose(String label, String text) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(label)
                .setSchema(new CoreSchema())
                .setMaxAliasesForCollections(MOST_ALIASES)
                .build();
        try {
            refuseDepth(label, new Parse(settings).parseString(text));
            return new Compose(settings).composeString(text).orElse(null);
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(Mark::getLine).orElse(0) + 1;
            throw broken(label + ":" + line, e.getProblem() == null ? "a syntax error" : e.getProblem(), e);
        } catch (YamlEngineException e) {
            String message = e.getMessage() == null ? e.toString() : e.getMessage();
            throw broken(label, message.lines().findFirst().orElse("a syntax error"), e);
        }
    }

    /** Before composing, which recurses. */
    private static void refuseDepth(String label, Iterable<Event> events) {
        int depth = 0;
        for (Event event : events) {
            switch (event.getEventId()) {
                case MappingStart, SequenceStart -> depth++;
                case MappingEnd, SequenceEnd -> depth--;
                default -> {}
            }
            if (depth > DEEPEST) {
                throw tooDeep(label + ":" + (event.getStartMark().map(Mark::getLine).orElse(0) + 1));
            }
        }
    }

    private static JalignException tooDeep(String where) {
        return new JalignException(
                JalignException.Kind.USAGE,
                where,
                "values of a recipe nest only so deep",
                "more than " + DEEPEST + " levels, or an alias that holds itself",
                "at most " + DEEPEST + " levels",
                "write the value flatter");
    }

    private static JalignException broken(String where, String found, YamlEngineException cause) {
        return new JalignException(
                JalignException.Kind.USAGE,
                where,
                "a recipe must be valid YAML",
                found,
                "lines of the form key: value, indented with spaces",
                "correct the line; quote values that hold a colon, a brace or a #",
                cause);
    }

    private static int line(Node node) {
        return node.getStartMark().map(Mark::getLine).orElse(0) + 1;
    }

    private static Value value(String label, Node node, int depth) {
        if (depth > DEEPEST) {
            throw tooDeep(label + ":" + line(node));
        }
        return switch (node) {
            case ScalarNode s -> new Value.Scalar(s.getValue(), s.getScalarStyle() == ScalarStyle.PLAIN);
            case SequenceNode s -> new Value.Items(
                    s.getValue().stream().map(n -> value(label, n, depth + 1)).toList());
            case MappingNode m -> {
                Map<String, Value> map = new LinkedHashMap<>();
                for (Line line : fields(label, m, depth, new ArrayList<>())) {
                    map.put(line.key(), line.value());
                }
                yield new Value.Fields(map);
            }
            default -> throw new IllegalStateException("a node of kind " + node.getNodeType());
        };
    }

    private static List<Line> fields(String label, MappingNode mapping, int depth, List<Line> lines) {
        Map<String, Integer> seen = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            int number = line(tuple.getKeyNode());
            Value key = value(label, tuple.getKeyNode(), depth + 1);
            String name = Optional.ofNullable(key.text()).orElse(key.shown());
            @Nullable Integer first = seen.put(name, number);
            if (first != null) {
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        label + ":" + number,
                        "a key stands once",
                        name + " again, first on line " + first,
                        "one line for " + name,
                        "remove one of the two");
            }
            lines.add(new Line(number, name, value(label, tuple.getValueNode(), depth + 1)));
        }
        return lines;
    }

    /** What would end a scalar that stands inside a list or mapping on one line. */
    private static final Pattern FLOW = Pattern.compile("[\\n,\\[\\]{}]");

    /** Text as one YAML scalar on one line, quoted when it must be, also inside brackets. */
    static String quoted(String text) {
        DumpSettings settings = DumpSettings.builder()
                .setSchema(new CoreSchema())
                .setSplitLines(false)
                .setDefaultScalarStyle(FLOW.matcher(text).find() ? ScalarStyle.DOUBLE_QUOTED : ScalarStyle.PLAIN)
                .build();
        return new Dump(settings).dumpToString(text).strip();
    }
}
