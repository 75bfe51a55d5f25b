package io.github.jalign.data;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The forms of rows to imitate, in the order in which they are tried; preference rows come after all of them. */
enum SftSchema {
    LABELLED_IDS("token ids", "input_ids"),
    COMPLETION_IDS("token ids", "prompt_ids", "completion_ids"),
    PROMPT_COMPLETION("TRL prompt-completion rows", "prompt", "completion"),
    MESSAGES("TRL conversations", "messages"),
    SHARE_GPT("ShareGPT conversations", "conversations"),
    CODE_FEEDBACK("CodeFeedback", "query", "answer"),
    TEXT("TRL text rows", "text");

    private final String title;

    @SuppressWarnings("ImmutableEnumChecker") // List.of is
    private final List<String> columns;

    SftSchema(String title, String... columns) {
        this.title = title;
        this.columns = List.of(columns);
    }

    /** The form of the row, or null when none fits. ShareGPT turns beside two answers are a preference row. */
    static @Nullable SftSchema of(Row row) {
        return Stream.of(values())
                .filter(schema -> schema.columns.stream().allMatch(row::has))
                .filter(schema -> schema != SHARE_GPT || !row.has("chosen"))
                .findFirst()
                .orElse(null);
    }

    String describe() {
        return title + " (" + String.join(", ", columns) + ")";
    }
}
