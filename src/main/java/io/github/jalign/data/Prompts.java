package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The prompts of a file. A text file has one a line. Rows of JSON have {@code prompt}, as text or messages, or
 * {@code messages}, of which an answer at the end is left out, or are preference rows in any form that
 * {@code jalign dpo} knows.
 */
public final class Prompts {
    private static final Pattern ROWS = Pattern.compile("(?s).*\\.jsonl?(\\.gz)?");
    private static final String ACCEPTED = "prompt, messages, or the columns of preference rows";

    private final PreferenceFormat preference;

    private Prompts(DatasetFormat format) {
        this.preference = new PreferenceFormat(format, ImplicitPrompt.TURNS);
    }

    /**
     * @param name a text file, or what {@code dataset_name} may be
     * @param split which rows, as {@code dataset_train_split} is written; of no meaning for a text file
     * @param raw whether dialogues written as text stay text
     * @return at least one
     * @throws JalignException of kind USAGE for a split that cannot be understood or is not there, of kind INPUT for bad
     *     rows or none, of kind IO when reading fails
     */
    public static List<Prompt> read(String name, String split, boolean raw) {
        List<Prompt> prompts = isText(name)
                ? lines(name)
                : new Prompts(raw ? DatasetFormat.AUTO : DatasetFormat.MESSAGES).rows(name, split);
        if (prompts.isEmpty()) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    name,
                    "there must be a prompt",
                    "none",
                    "lines of text, or rows of JSON with " + ACCEPTED,
                    "check the file and the split");
        }
        return prompts;
    }

    private static boolean isText(String name) {
        try {
            return Files.isRegularFile(Path.of(name)) && !ROWS.matcher(name).matches();
        } catch (InvalidPathException e) {
            return false; // a pattern of files, or a mistake that is explained where rows are looked for
        }
    }

    private static List<Prompt> lines(String name) {
        List<String> lines = TextFile.read(Path.of(name), "the prompts").lines().toList();
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                Map<String, @Nullable Object> columns = new LinkedHashMap<>();
                columns.put("prompt", lines.get(i));
                prompts.add(new Prompt.Text(new RowId(name, i + 1), columns, lines.get(i)));
            }
        }
        return prompts;
    }

    private List<Prompt> rows(String name, String split) {
        DatasetFiles files = DatasetFiles.find(List.of(name));
        List<Prompt> prompts = new ArrayList<>();
        for (SplitExpression.Slice slice : SplitExpression.parse("--split", split).slices()) {
            List<Path> paths = files.split(slice.split());
            int count = paths.stream().mapToInt(Selection::rows).sum();
            int number = 0;
            for (Path path : paths) {
                try (FileRows rows = new FileRows(path)) {
                    FoundRow row = rows.next();
                    for (; row != null && number < slice.end(count); row = rows.next(), number++) {
                        if (number >= slice.first(count)) {
                            prompts.addAll(prompts(row));
                        }
                    }
                }
            }
        }
        return prompts;
    }

    private List<Prompt> prompts(FoundRow found) {
        try {
            Row row = found.parse();
            if (row.has("prompt") && row.isText("prompt")) {
                return List.of(new Prompt.Text(found.id(), row.columns(), row.text("prompt")));
            }
            if (row.has("prompt")) {
                return List.of(chat(found.id(), row, row.messages("prompt")));
            }
            if (row.has("messages")) {
                return List.of(chat(found.id(), row, withoutAnswer(row.messages("messages"))));
            }
            PreferenceSchema schema = preference.schema(row);
            if (schema == null) {
                throw new BadRowException("a row must have a prompt", row.names(), ACCEPTED);
            }
            List<Prompt> prompts = new ArrayList<>();
            for (Example example : preference.ranked(schema, row)) {
                prompts.add(prompt(found.id(), row, example));
            }
            return prompts;
        } catch (BadRowException e) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    found.id().toString(),
                    e.rule(),
                    e.found(),
                    e.expected(),
                    "correct the row, or leave it out",
                    e);
        }
    }

    private static Prompt prompt(RowId id, Row row, Example example) throws BadRowException {
        return switch (example) {
            case Example.Text(String prompt, var answers) ->
                new Prompt.Text(id, row.columns(), Objects.requireNonNull(prompt));
            case Example.Chat(var messages, var answers, var variables) ->
                new Prompt.Chat(id, row.columns(), Objects.requireNonNull(messages), variables);
            case Example.Tokens tokens ->
                throw new BadRowException("a prompt is text or messages", "token ids", ACCEPTED);
        };
    }

    private static Prompt chat(RowId id, Row row, List<Map<String, @Nullable Object>> messages) throws BadRowException {
        return new Prompt.Chat(id, row.columns(), messages, row.templateVariables());
    }

    private static List<Map<String, @Nullable Object>> withoutAnswer(List<Map<String, @Nullable Object>> messages)
            throws BadRowException {
        int end = messages.size();
        while (end > 0 && "assistant".equals(messages.get(end - 1).get("role"))) {
            end--;
        }
        if (end == 0) {
            throw new BadRowException(
                    "messages must hold a question", "the assistant's messages alone", "a message of another role");
        }
        return messages.subList(0, end);
    }
}
