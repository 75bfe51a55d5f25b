package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import io.github.jalign.json.Json;
import io.github.jalign.text.ChatFormat;
import io.github.jalign.text.ChatTemplate;
import io.github.jalign.text.Tokenizer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How conversations become a model's prompt. */
final class PromptFlags {
    @Option(names = "--system", paramLabel = "TEXT", description = "A system message before the conversation.")
    private @Nullable String system;

    @Option(names = "--chat_template", paramLabel = "TEMPLATE", description = "A Jinja template, or a file with one (default: the model's).")
    private @Nullable String template;

    @Option(names = "--chat_template_kwargs", paramLabel = "JSON", description = "Variables for the template, such as '{\"enable_thinking\": false}'.")
    private @Nullable String variables;

    @Option(names = "--enable_thinking", paramLabel = "BOOL", arity = "1", description = "Sets that variable of templates that know it.")
    private @Nullable Boolean enableThinking;

    @Option(names = "--date", paramLabel = "DATE", description = "The day that the template sees (default: today).")
    private @Nullable LocalDate date;

    @Nullable String system() {
        return system;
    }

    /** What the template sees beside the messages. */
    Map<String, @Nullable Object> variables() {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        if (variables != null) {
            all.putAll(parsed(variables));
        }
        if (enableThinking != null) {
            all.put("enable_thinking", enableThinking);
        }
        return all;
    }

    private static Map<String, @Nullable Object> parsed(String variables) {
        try {
            return Json.parseObject("--chat_template_kwargs", variables);
        } catch (JalignException e) {
            throw new JalignException(
                    JalignException.Kind.USAGE,
                    "--chat_template_kwargs",
                    "the template's variables must be a JSON object",
                    variables,
                    "names and values, such as {\"enable_thinking\": false}",
                    "correct --chat_template_kwargs, and mind the shell's quotes",
                    e);
        }
    }

    /** The template that was asked for or else the model's, or null where there is neither. */
    @Nullable ChatFormat format(Tokenizer tokenizer) {
        ChatTemplate chosen = template == null ? tokenizer.chatTemplate() : given(template);
        return chosen == null
                ? null
                : new ChatFormat(
                        chosen,
                        tokenizer.templateVariables(),
                        date != null ? date : LocalDate.now(ZoneId.systemDefault()));
    }

    /** A template that was given as text or as the file that holds it. */
    static ChatTemplate given(String templateOrFile) {
        try {
            Path file = Path.of(templateOrFile);
            return Files.isRegularFile(file)
                    ? ChatTemplate.parse(templateOrFile, TextFile.read(file, "the template"))
                    : ChatTemplate.parse("--chat_template", templateOrFile);
        } catch (InvalidPathException e) {
            return ChatTemplate.parse("--chat_template", templateOrFile);
        }
    }
}
