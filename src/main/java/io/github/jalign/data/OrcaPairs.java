package io.github.jalign.data;

import static io.github.jalign.data.HumanAssistant.message;

import io.github.jalign.data.Example.Chat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A system message beside a question and two answers. The columns say who speaks, so they become messages; an empty
 * {@code system} is none.
 */
record OrcaPairs(String name, String question) implements PreferenceSchema {
    @Override
    public List<String> columns() {
        return List.of("system", question, "chosen", "rejected");
    }

    @Override
    public boolean matches(Row row) {
        return PreferenceSchema.super.matches(row) && !row.has("prompt");
    }

    @Override
    public List<Example> ranked(Row row) throws BadRowException {
        List<Map<String, @Nullable Object>> prompt = new ArrayList<>();
        String system = row.get("system") == null ? "" : row.text("system");
        if (!system.isEmpty()) {
            prompt.add(message("system", system));
        }
        prompt.add(message("user", row.text(question)));
        return List.of(new Chat(
                prompt,
                List.of(
                        List.of(message("assistant", row.text("chosen"))),
                        List.of(message("assistant", row.text("rejected")))),
                row.templateVariables()));
    }
}
