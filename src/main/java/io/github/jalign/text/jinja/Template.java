package io.github.jalign.text.jinja;

import io.github.jalign.errors.JalignException;
import java.math.BigInteger;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parsed template. Threads may share one. */
public final class Template {
    private final String name;
    private final String source;
    private final List<Stmt> body;

    private Template(String name, String source, List<Stmt> body) {
        this.name = name;
        this.source = source;
        this.body = body;
    }

    /**
     * What a template wrote.
     *
     * @param data the characters that came out of values: from, to, from, to, … ascending and apart
     * @param generation what stood in generation tags: from, to, … in the order written
     */
    public record Output(String text, List<Integer> data, List<Integer> generation) {}

    /** @throws JalignException of kind INPUT at {@code name:line:column} */
    public static Template parse(String name, String source) {
        String normalized = Lexer.normalized(source);
        try {
            if (source.length() > Limits.SOURCE) {
                throw new Positioned(
                        0,
                        Refusal.limit(
                                "a template may have " + Limits.SOURCE + " characters",
                                "a template of " + source.length() + " characters",
                                "at most " + Limits.SOURCE));
            }
            return new Template(name, normalized, Parser.parse(normalized));
        } catch (Positioned e) {
            throw error(name, normalized, e.at, e.refusal);
        }
    }

    /**
     * Renders with plain values: maps with strings as keys, lists, strings, numbers, booleans and null.
     *
     * @param trusted variables whose strings count as the template's own
     * @param variables all others; they go before trusted ones of the same name
     * @param now what {@code strftime_now} sees; null: a template that asks is refused
     * @throws JalignException of kind INPUT at {@code name:line:column}
     * @throws IllegalArgumentException for a value that is not plain
     */
    public Output render(
            Map<String, @Nullable Object> trusted,
            Map<String, @Nullable Object> variables,
            @Nullable LocalDateTime now) {
        Run run = new Run(now);
        try {
            Scope scope = new Scope(null);
            trusted.forEach((key, value) -> scope.set(key, plain(value, true, 0)));
            variables.forEach((key, value) -> scope.set(key, plain(value, false, 0)));
            Text text = new Interpreter(run).captured(body, scope);
            return new Output(text.string(), boxed(text.dataRanges()), boxed(text.generationRanges()));
        } catch (Refusal refusal) {
            throw error(name, source, run.position, refusal);
        }
    }

    private static List<Integer> boxed(int[] ranges) {
        List<Integer> boxed = new ArrayList<>(ranges.length);
        for (int offset : ranges) {
            boxed.add(offset);
        }
        return boxed;
    }

    private static Value plain(@Nullable Object value, boolean trusted, int depth) {
        if (depth > Limits.NESTING) {
            throw Refusal.limit(
                    "values may nest " + Limits.NESTING + " deep", "a value nests deeper", "flatter messages and tools");
        }
        return switch (value) {
            case null -> Value.NONE;
            case CharSequence text -> trusted ? Text.literal(text.toString()) : Text.data(text.toString());
            case Boolean bool -> Value.of(bool);
            case Integer number -> Value.of(number);
            case Long number -> Value.of(number);
            case BigInteger number -> Value.of(number);
            case Double number -> new Value.Real(number);
            case Float number -> new Value.Real(number);
            case Map<?, ?> map -> {
                Dict dict = new Dict();
                map.forEach((key, item) ->
                        dict.put(plain(key, trusted, depth + 1), plain(item, trusted, depth + 1)));
                yield dict;
            }
            case List<?> list -> {
                List<Value> items = new ArrayList<>(list.size());
                for (Object item : list) {
                    items.add(plain(item, trusted, depth + 1));
                }
                yield new Value.Listing(items);
            }
            default -> throw new IllegalArgumentException("not a plain value: " + value.getClass());
        };
    }

    private static JalignException error(String name, String source, int at, Refusal refusal) {
        int line = 1;
        int lineStart = 0;
        for (int i = source.indexOf('\n'); i >= 0 && i < at; i = source.indexOf('\n', i + 1)) {
            line++;
            lineStart = i + 1;
        }
        return new JalignException(
                JalignException.Kind.INPUT,
                name + ":" + line + ":" + (at - lineStart + 1),
                refusal.rule,
                refusal.found,
                refusal.expected,
                refusal.action,
                refusal);
    }
}
