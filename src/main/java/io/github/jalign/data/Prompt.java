package io.github.jalign.data;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a model is asked: a row's prompt, without the answers that the row may hold. */
public sealed interface Prompt {
    /** Where it came from. */
    RowId row();

    /** The row as it stands in the file. */
    Map<String, @Nullable Object> columns();

    /** Text, which may be a user's message or the beginning of a text. */
    record Text(RowId row, Map<String, @Nullable Object> columns, String text) implements Prompt {}

    /**
     * A conversation.
     *
     * @param messages at least one; where the last is the assistant's, the answer goes on with it
     * @param variables what else the template sees: {@code tools} and the row's {@code chat_template_kwargs}
     */
    record Chat(
            RowId row,
            Map<String, @Nullable Object> columns,
            List<Map<String, @Nullable Object>> messages,
            Map<String, @Nullable Object> variables)
            implements Prompt {}
}
