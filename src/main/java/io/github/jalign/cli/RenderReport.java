package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import io.github.jalign.json.Json;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Rendered;
import io.github.jalign.text.Span;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A conversation from a JSON file, rendered by a chat template: {@code messages}, and beside them {@code tools},
 * {@code add_generation_prompt} and whatever else the template sees. {@code date} is the day that it sees.
 */
final class RenderReport {
    private final Path file;
    private final ChatTemplate template;
    private final @Nullable Tokenizer tokenizer;
    private final LocalDate date;
    private final boolean addGenerationPrompt;
    private final Rendered rendered;

    /**
     * @param tokenizer gives the special tokens that the file does not name; null without a model
     * @param day goes before the file's own date; null for none
     * @throws JalignException of kind INPUT when the file is no conversation or the template refuses it
     */
    RenderReport(Path file, ChatTemplate template, @Nullable Tokenizer tokenizer, @Nullable LocalDate day) {
        this.file = file;
        this.template = template;
        this.tokenizer = tokenizer;
        Map<String, @Nullable Object> variables = new LinkedHashMap<>(Json.parseObject(file.toString(), TextFile.read(file, "the file")));
        List<Map<String, @Nullable Object>> messages = messages(variables.remove("messages"));
        Object own = variables.remove("date");
        this.date = day != null ? day : own != null ? date(own) : LocalDate.now(ZoneId.systemDefault());
        this.addGenerationPrompt = flag(variables.remove("add_generation_prompt"));
        this.rendered = new ChatFormat(template, tokenizer == null ? Map.of() : tokenizer.templateVariables(), date)
                .render(messages, addGenerationPrompt, variables);
    }

    private List<Map<String, @Nullable Object>> messages(@Nullable Object value) {
        List<Map<String, @Nullable Object>> messages = new ArrayList<>();
        if (value instanceof List<?> list) {
            for (Object message : list) {
                if (message instanceof Map<?, ?> map) {
                    messages.add(Json.asObject(map));
                }
            }
            if (!list.isEmpty() && messages.size() == list.size()) {
                return messages;
            }
        }
        throw bad("messages", value == null ? "no messages" : Json.kind(value), "a list of {\"role\": …, \"content\": …}");
    }

    private LocalDate date(Object value) {
        try {
            return LocalDate.parse(String.valueOf(value));
        } catch (DateTimeException e) {
            throw bad("date", String.valueOf(value), "a day as year-month-day, for example 2026-01-31");
        }
    }

    private boolean flag(@Nullable Object value) {
        return switch (value) {
            case null -> false;
            case Boolean flag -> flag;
            default -> throw bad("add_generation_prompt", Json.write(value), "true or false");
        };
    }

    private JalignException bad(String name, String found, String expected) {
        return new JalignException(
                JalignException.Kind.INPUT,
                file.toString(),
                "the file holds a conversation and the variables of its template",
                name + ": " + found,
                expected,
                "correct " + name + " in the file");
    }

    /** The template's text, to the last character. */
    String raw() {
        return rendered.text();
    }

    /** The text with where it came from, and marks at what a {@code generation} block would train. */
    Report report() {
        Report report = new Report();
        report.put("template", template.name());
        report.put("messages", file.toString());
        report.put("date", date + (template.source().contains("strftime_now") ? "" : ", which the template does not see"));
        String text = rendered.text();
        report.put(
                "text",
                Report.number(text.codePointCount(0, text.length())) + " characters"
                        + (tokenizer == null
                                ? ""
                                : ", " + Report.number(tokenizer.encode(rendered).length) + " tokens")
                        + (addGenerationPrompt ? ", with add_generation_prompt" : ""));
        report.blank();
        int at = 0;
        for (Span span : rendered.generation()) {
            part(report, text.substring(at, span.from()), '|');
            part(report, text.substring(span.from(), span.to()), '>');
            at = span.to();
        }
        part(report, text.substring(at), '|');
        if (!rendered.generation().isEmpty()) {
            report.blank();
            report.add("note", "lines with > stand in a generation block, which assistant_only_loss would train");
        }
        return report;
    }

    private static void part(Report report, String text, char mark) {
        if (!text.isEmpty()) {
            String shown = text.endsWith("\n") ? text.substring(0, text.length() - 1) + "\\n" : text;
            shown.lines().forEach(line -> report.addAll(List.of((mark + " " + line).stripTrailing())));
        }
    }
}
