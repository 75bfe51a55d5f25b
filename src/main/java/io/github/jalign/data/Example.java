package io.github.jalign.data;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A row whatever its columns were: a prompt, or none when everything is trained, and what may follow it. */
sealed interface Example {
    /** Continuous text; each completion follows the prompt without anything between. */
    record Text(@Nullable String prompt, List<String> completions) implements Example {}

    /**
     * Messages for the chat template.
     *
     * @param variables what else the template sees: {@code tools} and the row's {@code chat_template_kwargs}
     */
    record Chat(
            @Nullable List<Map<String, @Nullable Object>> prompt,
            List<List<Map<String, @Nullable Object>>> completions,
            Map<String, @Nullable Object> variables)
            implements Example {}

    /** Token ids made elsewhere. */
    record Tokens(int[] prompt, List<Completion> completions) implements Example {}
}
