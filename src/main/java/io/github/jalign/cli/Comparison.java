package io.github.jalign.cli;

import io.github.jalign.data.Prompt;
import io.github.jalign.errors.JalignException;
import io.github.jalign.generate.Reply;
import io.github.jalign.generate.SamplingOptions;
import io.github.jalign.json.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Two models' answers to the same prompts.
 *
 * @param a the first model, as the user named it
 * @param b the second
 * @param options those of both; prompt i has the seed's i-th successor
 */
record Comparison(
        String a, String b, SamplingOptions options, List<Prompt> prompts, List<Reply> ofA, List<Reply> ofB) {
    private static final int INDENT = 2;

    /** What a comparison can be written as. */
    enum Form {
        MARKDOWN,
        JSON;

        /** @throws JalignException of kind USAGE for another ending */
        static Form of(Path file) {
            String name = file.toString();
            if (name.endsWith(".md")) {
                return MARKDOWN;
            }
            if (name.endsWith(".json")) {
                return JSON;
            }
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "--output",
                    "the file's ending says its form",
                    name,
                    "a name that ends in .md or .json",
                    "correct the ending");
        }
    }

    String text(Form form) {
        return switch (form) {
            case MARKDOWN -> markdown();
            case JSON -> Json.writePretty(json(), 2);
        };
    }

    /** @param width cells of a line */
    void print(PrintWriter out, int width) {
        int column = (width - INDENT - 2) / 2;
        out.println("A  " + a);
        out.println("B  " + b);
        out.println(sampling());
        for (int i = 0; i < prompts.size(); i++) {
            out.println();
            List<String> lines = Columns.wrapped((i + 1) + ". " + shown(prompts.get(i)), width);
            lines.forEach(out::println);
            Columns.of("A", "B", INDENT, column).forEach(out::println);
            Columns.of("-".repeat(column), "-".repeat(column), INDENT, column).forEach(out::println);
            Columns.of(ofA.get(i).text().strip(), ofB.get(i).text().strip(), INDENT, column).forEach(out::println);
            Columns.of(ending(ofA.get(i)), ending(ofB.get(i)), INDENT, column).forEach(out::println);
        }
        out.println();
        out.println(summary());
        out.flush();
    }

    /** A conversation's messages with their roles, unless it is a question alone. */
    private static String shown(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Text text -> text.text().strip();
            case Prompt.Chat chat when chat.messages().size() == 1 ->
                content(chat.messages().getFirst());
            case Prompt.Chat chat ->
                chat.messages().stream()
                        .map(message -> message.get("role") + ": " + content(message))
                        .collect(Collectors.joining("\n"));
        };
    }

    private static String content(Map<String, @Nullable Object> message) {
        return message.get("content") instanceof String text ? text.strip() : Json.write(message.get("content"));
    }

    private static String ending(Reply reply) {
        return "(%,d token%s, %s)".formatted(reply.tokens(), reply.tokens() == 1 ? "" : "s", reply.finish().spelling());
    }

    private String sampling() {
        String length = ", at most " + options.maxNewTokens() + " tokens";
        if (options.temperature() == 0) {
            return "the best token always" + penalty() + length;
        }
        return "temperature " + options.temperature()
                + (options.topK() == 0 ? "" : ", top_k " + options.topK())
                + (options.topP() == 1 ? "" : ", top_p " + options.topP())
                + (options.minP() == 0 ? "" : ", min_p " + options.minP())
                + penalty()
                + ", seed " + options.seed()
                + length;
    }

    private String penalty() {
        return options.repetitionPenalty() == 1 ? "" : ", repetition_penalty " + options.repetitionPenalty();
    }

    private String summary() {
        long same = IntStream.range(0, prompts.size())
                .filter(i -> ofA.get(i).text().equals(ofB.get(i).text()))
                .count();
        return String.format(
                Locale.ROOT,
                "%,d of %,d answers are the same; tokens an answer: A %.1f, B %.1f",
                same,
                prompts.size(),
                tokens(ofA),
                tokens(ofB));
    }

    private static double tokens(List<Reply> replies) {
        return replies.stream().mapToInt(Reply::tokens).average().orElseThrow();
    }

    private String markdown() {
        StringBuilder text = new StringBuilder();
        text.append("# Comparison\n\n- A: ").append(a).append("\n- B: ").append(b).append("\n- ").append(sampling());
        for (int i = 0; i < prompts.size(); i++) {
            text.append("\n\n## Prompt ").append(i + 1).append("\n\n").append(quoted(shown(prompts.get(i))));
            text.append("\n\n**A** ").append(ending(ofA.get(i))).append("\n\n").append(quoted(ofA.get(i).text().strip()));
            text.append("\n\n**B** ").append(ending(ofB.get(i))).append("\n\n").append(quoted(ofB.get(i).text().strip()));
        }
        return text.append("\n\n").append(summary()).append('\n').toString();
    }

    /** A quotation, so that marks in the text cannot end it. */
    private static String quoted(String text) {
        return text.lines().map(line -> ("> " + line).stripTrailing()).collect(Collectors.joining("\n"));
    }

    private Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> sampling = new LinkedHashMap<>();
        sampling.put("max_new_tokens", options.maxNewTokens());
        sampling.put("temperature", options.temperature());
        sampling.put("top_k", options.topK());
        sampling.put("top_p", options.topP());
        sampling.put("min_p", options.minP());
        sampling.put("repetition_penalty", options.repetitionPenalty());
        sampling.put("seed", options.seed());
        List<Object> rows = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            Map<String, @Nullable Object> row = new LinkedHashMap<>();
            switch (prompts.get(i)) {
                case Prompt.Text text -> row.put("prompt", text.text());
                case Prompt.Chat chat -> row.put("messages", chat.messages());
            }
            row.put("seed", options.seed() + i);
            row.put("a", json(ofA.get(i)));
            row.put("b", json(ofB.get(i)));
            rows.add(row);
        }
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("a", a);
        json.put("b", b);
        json.put("sampling", sampling);
        json.put("answers", rows);
        return json;
    }

    private static Map<String, Object> json(Reply reply) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("text", reply.text());
        json.put("finish_reason", reply.finish().spelling());
        json.put("completion_tokens", reply.tokens());
        return json;
    }
}
