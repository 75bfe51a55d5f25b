package io.github.jalign.json;

import io.github.jalign.errors.JalignException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * Reads and writes JSON as plain values. An object becomes a {@link LinkedHashMap} in file order, an array an
 * {@link ArrayList}, an integer a {@link Long} (a {@link BigInteger} beyond 64 bits), any other number a
 * {@link Double}. Duplicate names are refused; {@code NaN} and {@code Infinity}, which Python writes, are read.
 */
public final class Json {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private Json() {}

    /**
     * Parses one JSON document.
     *
     * @param where names the source in errors: a file, or {@code file:line}
     * @throws JalignException of kind INPUT when the text is not exactly one JSON value
     */
    public static @Nullable Object parse(String where, String text) {
        try (JsonParser parser = FACTORY.createParser(tools.jackson.core.ObjectReadContext.empty(), text)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw error(where, "the text is empty", null);
            }
            Object value = value(parser, first);
            if (parser.nextToken() != null) {
                throw error(where, "text follows the first JSON value", null);
            }
            return value;
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            String message = e.getOriginalMessage() == null ? e.toString() : e.getOriginalMessage();
            int newline = message.indexOf('\n');
            String brief = newline < 0 ? message : message.substring(0, newline);
            throw error(
                    where,
                    at == null ? brief : brief + " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")",
                    e);
        }
    }

    /** Like {@link #parse}, for a document that must be an object. */
    public static Map<String, @Nullable Object> parseObject(String where, String text) {
        Object value = parse(where, text);
        if (value instanceof Map<?, ?> map) {
            return asObject(map);
        }
        throw error(where, "the document is " + kind(value) + ", not an object", null);
    }

    /** The map that {@link #parse} built; its keys are strings. */
    @SuppressWarnings("unchecked")
    public static Map<String, @Nullable Object> asObject(Map<?, ?> map) {
        return (Map<String, @Nullable Object>) map;
    }

    /** What a value is, in JSON's words: {@code an object}, {@code a string} and so on. */
    public static String kind(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case Map<?, ?> m -> "an object";
            case List<?> l -> "an array";
            case CharSequence s -> "a string";
            case Boolean b -> "a boolean";
            case Number n -> "a number";
            default -> value.getClass().getSimpleName();
        };
    }

    private static JalignException error(String where, String found, @Nullable Throwable cause) {
        return new JalignException(
                JalignException.Kind.INPUT,
                where,
                "the text must be valid JSON",
                found,
                "one JSON value with unique names",
                "correct the file, or make it again with the program that wrote it",
                cause);
    }

    private static @Nullable Object value(JsonParser parser, JsonToken token) {
        return switch (token) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    map.put(name, value(parser, parser.nextToken()));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
                    list.add(value(parser, t));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> {
                BigInteger big = parser.getBigIntegerValue();
                if (big.bitLength() < 64) {
                    yield big.longValue();
                }
                yield big;
            }
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new IllegalStateException("unexpected token " + token);
        };
    }

    /** One line, no spaces: for JSONL files and hashes. Doubles are written so that they read back to the same bits. */
    public static String write(@Nullable Object value) {
        StringWriter out = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
            write(generator, value);
        }
        return out.toString();
    }

    /** Indented by {@code indent} spaces a level as Python's {@code json.dumps(indent=…)} does. */
    public static String writePretty(@Nullable Object value, int indent) {
        StringBuilder out = new StringBuilder();
        pretty(out, value, indent, 0);
        return out.append('\n').toString();
    }

    private static void pretty(StringBuilder out, @Nullable Object value, int indent, int depth) {
        if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            String separator = "{\n";
            for (Map.Entry<?, ?> e : map.entrySet()) {
                out.append(separator).repeat(" ", indent * (depth + 1));
                out.append(write(e.getKey())).append(": ");
                pretty(out, e.getValue(), indent, depth + 1);
                separator = ",\n";
            }
            out.append('\n').repeat(" ", indent * depth).append('}');
        } else if (value instanceof List<?> list && !list.isEmpty()) {
            String separator = "[\n";
            for (Object item : list) {
                out.append(separator).repeat(" ", indent * (depth + 1));
                pretty(out, item, indent, depth + 1);
                separator = ",\n";
            }
            out.append('\n').repeat(" ", indent * depth).append(']');
        } else {
            out.append(write(value));
        }
    }

    private static void write(JsonGenerator out, @Nullable Object value) {
        switch (value) {
            case null -> out.writeNull();
            case Map<?, ?> map -> {
                out.writeStartObject();
                map.forEach((k, v) -> {
                    out.writeName(String.valueOf(k));
                    write(out, v);
                });
                out.writeEndObject();
            }
            case List<?> list -> {
                out.writeStartArray();
                list.forEach(v -> write(out, v));
                out.writeEndArray();
            }
            case int[] ints -> {
                out.writeStartArray();
                for (int i : ints) {
                    out.writeNumber(i);
                }
                out.writeEndArray();
            }
            case CharSequence s -> out.writeString(s.toString());
            case Boolean b -> out.writeBoolean(b);
            case Integer i -> out.writeNumber(i);
            case Long l -> out.writeNumber(l);
            case BigInteger b -> out.writeNumber(b);
            case Float f -> out.writeNumber(f);
            case Double d -> number(out, d);
            default -> throw new IllegalArgumentException("no JSON form for " + value.getClass());
        }
    }

    /** NaN and the infinities as Python's json writes them. */
    private static void number(JsonGenerator out, double d) {
        if (Double.isNaN(d)) {
            out.writeRawValue("NaN");
        } else if (Double.isInfinite(d)) {
            out.writeRawValue(d > 0 ? "Infinity" : "-Infinity");
        } else {
            out.writeNumber(d);
        }
    }
}
